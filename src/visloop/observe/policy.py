"""What a monitor is told, and what it is given to work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from visloop.label import LabelPorts
    from visloop.registry import RegistryPorts
    from visloop.serve import ServePorts
    from visloop.store import Blobs, Ledger, Spool

WINDOW: Final = 50
ALPHA: Final = 0.01


@dataclass(frozen=True)
class ObservePorts:
    """What the observe room needs from outside; `threads` is for scoring pictures at a rebase."""

    ledger: Ledger
    blobs: Blobs
    spool: Spool
    serve: ServePorts
    registry: RegistryPorts
    label: LabelPorts
    threads: int = 1


@dataclass(frozen=True)
class MonitorPolicy:
    """The window test: `window` pictures each, `alpha` the share of calm windows that may alarm."""

    window: int = WINDOW
    alpha: float = ALPHA


@dataclass(frozen=True)
class ProbingPolicy:
    """When an API key's questions of a day are an alarm, once `after` of them were looked at.

    Shares of them: `borders` both hardly differ and lie between two classes, `unsure` lie between two
    classes, `near` hardly differ. Above 1: never.
    """

    after: int = 200
    borders: float = 0.3
    unsure: float = 0.6
    near: float = 0.9


@dataclass(frozen=True)
class CapturePolicy:
    """Which served pictures go back to a person, onto the queue of `dataset` (none: nothing does).

    `below_confidence`: the model's best class has less. `above_outlier`: the picture lies farther
    from the reference than that share of it. `random_share`: of all, whatever they look like.
    Pictures of alarmed windows go back too. At most `daily_limit` a day (UTC) and deployment.
    """

    dataset: str = ""
    below_confidence: float = 0.4
    above_outlier: float = 0.995
    random_share: float = 0.0
    daily_limit: int = 500


@dataclass(frozen=True)
class ObservePolicy:
    """Everything that a tick is told."""

    monitor: MonitorPolicy = field(default_factory=MonitorPolicy)
    capture: CapturePolicy = field(default_factory=CapturePolicy)


@dataclass(frozen=True)
class WebhookPolicy:
    """Where facts of these `kinds` are posted; `secret_env` names the variable that signs them."""

    url: str
    kinds: tuple[str, ...] = ("alert.opened",)
    secret_env: str = ""
