"""Monitors, verdicts, alerts, capture: watches what is served, and sends the telling pictures back."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.observe.alerts import acknowledge as acknowledge
    from visloop.observe.alerts import close_alert as close_alert
    from visloop.observe.alerts import list_alerts as list_alerts
    from visloop.observe.alerts import open_alert as open_alert
    from visloop.observe.kept import OBSERVE_ROOTS as OBSERVE_ROOTS
    from visloop.observe.notices import heed as heed
    from visloop.observe.overview import list_windows as list_windows
    from visloop.observe.overview import monitor as monitor
    from visloop.observe.overview import summary as summary
    from visloop.observe.policy import CapturePolicy as CapturePolicy
    from visloop.observe.policy import MonitorPolicy as MonitorPolicy
    from visloop.observe.policy import ObservePolicy as ObservePolicy
    from visloop.observe.policy import ObservePorts as ObservePorts
    from visloop.observe.policy import ProbingPolicy as ProbingPolicy
    from visloop.observe.policy import WebhookPolicy as WebhookPolicy
    from visloop.observe.probing import heed_keys as heed_keys
    from visloop.observe.querying import alerts_relation as alerts_relation
    from visloop.observe.records import Alert as Alert
    from visloop.observe.records import AlertNotFound as AlertNotFound
    from visloop.observe.records import Monitor as Monitor
    from visloop.observe.records import Summary as Summary
    from visloop.observe.records import TickResult as TickResult
    from visloop.observe.records import Window as Window
    from visloop.observe.reference import build_profile as build_profile
    from visloop.observe.reference import rebase as rebase
    from visloop.observe.reference import set_reference as set_reference
    from visloop.observe.watching import tick as tick
    from visloop.observe.webhook import Delivered as Delivered
    from visloop.observe.webhook import deliver as deliver

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "kept": ("OBSERVE_ROOTS",),
        "querying": ("alerts_relation",),
        "alerts": ("acknowledge", "close_alert", "list_alerts", "open_alert"),
        "watching": ("tick",),
        "policy": (
            "CapturePolicy",
            "MonitorPolicy",
            "ObservePolicy",
            "ObservePorts",
            "ProbingPolicy",
            "WebhookPolicy",
        ),
        "records": ("Alert", "AlertNotFound", "Monitor", "Summary", "TickResult", "Window"),
        "reference": ("build_profile", "rebase", "set_reference"),
        "notices": ("heed",),
        "probing": ("heed_keys",),
        "overview": ("list_windows", "monitor", "summary"),
        "webhook": ("Delivered", "deliver"),
    },
)
