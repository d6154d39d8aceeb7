"""From `visloop.yaml` to the rooms' own policies, and the verbs that need several rooms at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from visloop import evaluate, loop, observe
from visloop.app.handlers.serving.rollouts import canary_policy
from visloop.config import AssessCheck, ThresholdCheck
from visloop.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from visloop.app.ports import Ports


def goals(ports: Ports, model: str) -> list[evaluate.Goal]:
    """What the charter promises of a model, by its name."""
    return [
        evaluate.Goal(each.metric, each.at_least, each.at_most, each.why)
        for each in ports.config.charter.success
        if each.model in {"", model}
    ]


def gate_policy(ports: Ports, model: str) -> evaluate.GatePolicy:
    """The section `gate`, and what the charter promises of the model.

    Raises:
        ConfigError: it names a kind of assessment or a setting that is not there.
    """
    section = ports.config.gate
    checks: list[evaluate.PolicyCheck] = [evaluate.MinSamples(n=section.min_samples)]
    checks += [_check(each) for each in section.checks if each.model in {"", model}]
    checks += [
        evaluate.Threshold(metric=each.metric, at_least=each.at_least, at_most=each.at_most)
        for each in goals(ports, model)
    ]
    if section.better_than_champion != "off":
        checks.append(
            evaluate.BetterThanChampion(
                mode=section.better_than_champion,
                margin=section.margin,
                confidence=section.confidence,
            )
        )
    return evaluate.GatePolicy(checks=tuple(checks))


def _check(each: ThresholdCheck | AssessCheck) -> evaluate.PolicyCheck:
    if not isinstance(each, AssessCheck):
        return evaluate.Threshold(
            metric=each.metric,
            at_least=each.at_least,
            at_most=each.at_most,
            slice=each.slice,
            shown=each.shown,
        )
    try:
        return evaluate.asked_of(
            each.assess,
            figure=each.figure,
            at_least=each.at_least,
            at_most=each.at_most,
            shown=each.shown,
            settings=each.set,
        )
    except UsageError as error:
        raise ConfigError(f"visloop.yaml: gate.checks: {error.what}", fix=error.fix) from error


def loop_policy(ports: Ports) -> loop.LoopPolicy:
    """The section `loop`.

    Raises:
        ConfigError: it does not say which deployment, data set and model belong together.
    """
    section = ports.config.loop
    for field in ("deployment", "dataset", "model"):
        if not getattr(section, field):
            raise ConfigError(
                f"visloop.yaml does not say loop.{field}",
                fix="loop: {deployment: desk, dataset: cards, model: reader}",
            )
    return loop.LoopPolicy(
        deployment=section.deployment,
        dataset=section.dataset,
        model=section.model,
        recipe=section.recipe,
        gate=gate_policy(ports, section.model),
        labels=section.labels,
        approval=ports.config.gate.approval,
        cooldown_s=section.cooldown_s,
        switch=section.switch,
        canary=canary_policy(ports),
        shadow_share=ports.config.shadow.share,
    )


def watch_policy(ports: Ports, deployment: str) -> observe.ObservePolicy:
    """The sections `monitor` and `capture`; pictures go to the loop's data set, from its deployment."""
    monitor, capture, section = ports.config.monitor, ports.config.capture, ports.config.loop
    return observe.ObservePolicy(
        monitor=observe.MonitorPolicy(window=monitor.window, alpha=monitor.alpha),
        capture=observe.CapturePolicy(
            dataset=section.dataset if section.deployment == deployment else "",
            below_confidence=capture.below_confidence,
            above_outlier=capture.above_outlier,
            random_share=capture.random_share,
            daily_limit=capture.daily_limit,
        ),
    )


def probing_policy(ports: Ports) -> observe.ProbingPolicy:
    """The section `monitor.probing`."""
    section = ports.config.monitor.probing
    return observe.ProbingPolicy(
        after=section.after, borders=section.borders, unsure=section.unsure, near=section.near
    )


def webhooks(ports: Ports) -> tuple[observe.WebhookPolicy, ...]:
    """The section `webhooks`."""
    return tuple(
        observe.WebhookPolicy(url=each.url, kinds=each.kinds, secret_env=each.secret_env)
        for each in ports.config.webhooks
    )
