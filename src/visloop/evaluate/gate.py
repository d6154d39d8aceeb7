"""Gates as code: a policy over answers gives a verdict. Pure, so that a verdict can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from visloop.errors import UsageError
from visloop.evaluate import metrics as m
from visloop.evaluate.kinds.boxes import BoxAnswers
from visloop.evaluate.kinds.every import HEADLINES, AnyAnswers, score, task_of
from visloop.evaluate.kinds.masks import MaskAnswers
from visloop.evaluate.kinds.numbers import NumberAnswers
from visloop.evaluate.paired import (
    Mask,
    accuracy_gain,
    figure,
    gain,
    one_sided,
    pair,
    power,
    shown_by,
)
from visloop.evaluate.policy import (
    BetterThanBaseline,
    BetterThanChampion,
    GatePolicy,
    MinSamples,
    PolicyCheck,
    Threshold,
)
from visloop.evaluate.records import Answers, Check, Verdict
from visloop.evaluate.scores import value_of


@dataclass(frozen=True)
class _Case:
    """What every check may look at."""

    policy: GatePolicy
    candidate: AnyAnswers
    champion: AnyAnswers | None
    slices: Mapping[str, Mask]

    def part(self, name: str | None) -> AnyAnswers:
        return self.candidate.take(self.slices[name]) if name else self.candidate


def judge(
    policy: GatePolicy,
    candidate: AnyAnswers,
    champion: AnyAnswers | None,
    *,
    slices: Mapping[str, Mask] | None = None,
    inputs: Mapping[str, str] | None = None,
) -> Verdict:
    """Hold a candidate's answers against the policy.

    Args:
        policy: the checks.
        candidate: its answers.
        champion: the answers of the model in production to the same pictures, if there is one.
        slices: name → bool (N,) over the candidate's pictures, for each of `policy.slices`
            that is not `class=…`.
        inputs: references and digests, kept in the verdict.

    Raises:
        UsageError: a metric or slice of the policy is unknown.
    """
    masks = dict(slices or {})
    for name in policy.slices:
        if name not in masks:
            masks[name] = class_slice(name, candidate)
    case = _Case(policy, candidate, champion, masks)
    checks = tuple(_check(check, case) for check in policy.checks)
    return Verdict(
        verdict="pass" if all(c.passed for c in checks) else "fail",
        checks=checks,
        policy_digest=policy.digest,
        inputs=dict(inputs or {}),
    )


def class_slice(name: str, answers: AnyAnswers) -> Mask:
    """The mask of `class=hat`, (N,): pictures that are of the class, or show one of it.

    Raises:
        UsageError: it is not of that shape, or there is no such class.
    """
    kind, _, value = name.partition("=")
    if kind != "class" or value not in answers.classes:
        raise UsageError(
            f"there is no slice {name!r}",
            fix=f"write class=NAME (one of {', '.join(answers.classes)}) or metadata.KEY=VALUE",
        )
    place = answers.classes.index(value)
    match answers:
        case Answers():
            return answers.truth == place
        case BoxAnswers():
            shown = answers.true_picture[(answers.true_class == place) & ~answers.crowd]
            return np.isin(np.arange(answers.n), shown)
        case MaskAnswers():
            return answers.true[:, place] > 0
        case NumberAnswers():
            return np.ones(answers.n, np.bool_)


def _check(check: PolicyCheck, case: _Case) -> Check:
    match check:
        case Threshold():
            return _threshold(check, case)
        case MinSamples():
            n = case.part(check.slice).n
            wanted = f"≥ {check.n}"
            name = _named("samples", check.slice)
            return Check(name=name, passed=n >= check.n, wanted=wanted, value=n, n=n)
        case BetterThanBaseline():
            return _against_baseline(check, case)
        case BetterThanChampion():
            return _against_champion(check, case)


def _named(what: str, part: str | None) -> str:
    return f"{what}, slice {part}" if part else what


def _threshold(check: Threshold, case: _Case) -> Check:
    answers = case.part(check.slice)
    name = _named(check.metric, check.slice)
    bounds = [f"≥ {check.at_least:g}"] if check.at_least is not None else []
    bounds += [f"≤ {check.at_most:g}"] if check.at_most is not None else []
    wanted = " and ".join(bounds)
    if not answers.n:
        return Check(name=name, passed=False, wanted=wanted, detail="no pictures to judge by")
    scores = score(answers, resamples=case.policy.resamples, seed=case.policy.seed)
    value, interval = value_of(scores, check.metric)
    low = -np.inf if check.at_least is None else check.at_least
    high = np.inf if check.at_most is None else check.at_most
    return Check(
        name=name,
        passed=bool(low <= value <= high),
        wanted=wanted,
        value=value,
        n=answers.n,
        interval=interval,
    )


def _against_baseline(check: BetterThanBaseline, case: _Case) -> Check:
    answers = case.candidate
    if not isinstance(answers, Answers):
        raise UsageError(
            f"models of the task {answers.task!r} have no commonest class to beat",
            fix="take the check better_than_baseline out of the policy",
        )
    name = "accuracy over baseline"
    wanted = f"> {check.margin:+g}, shown at {check.confidence:g}"
    if not answers.n:
        return Check(name=name, passed=False, wanted=wanted, detail="no pictures to judge by")
    best, _ = m.majority(answers.truth, len(answers.classes))
    won, draws = accuracy_gain(
        answers.predicted == answers.truth, answers.truth == best, case.policy
    )
    low, high = one_sided(draws, check.confidence)
    return Check(
        name=name,
        passed=low > check.margin,
        wanted=wanted,
        value=won,
        n=answers.n,
        detail=f"the baseline always answers {answers.classes[best]!r}",
        interval=(low, high),
    )


def _against_champion(check: BetterThanChampion, case: _Case) -> Check:
    metric = check.metric or HEADLINES[task_of(case.candidate)]
    name = f"{metric} against champion"
    wanted = _wish(check)
    if case.champion is None:
        return Check(
            name=name, passed=True, wanted=wanted, detail="first model: no champion to beat"
        )
    first, second = pair(case.candidate, case.champion)
    if not first.n:
        detail = "candidate and champion have no picture in common"
        return Check(name=name, passed=False, wanted=wanted, detail=detail)
    won, draws = gain(metric, first, second, case.policy)
    low, high = one_sided(draws, check.confidence)
    passed = {
        "better": low > check.margin,
        "not_worse": high >= -check.margin,
        "non_inferior": low >= -check.margin,
    }[check.mode]
    found = [figure(metric, a) for a in (first, second)]
    return Check(
        name=name,
        passed=passed,
        wanted=wanted,
        value=won,
        n=first.n,
        detail=f"candidate {found[0]:.4f}, champion {found[1]:.4f}, same {first.n} pictures; "
        + _reach(check, draws),
        interval=(low, high),
    )


def _reach(check: BetterThanChampion, draws: m.Floats) -> str:
    """What so many pictures can show at all."""
    if check.mode == "better":
        seen = shown_by(draws, check.margin, check.confidence)
        return f"a true gain of {seen:.3g} would be shown 4 times in 5"
    if check.mode == "not_worse":
        seen = shown_by(draws, check.margin, check.confidence)
        return f"a true drop of {seen:.3g} would be noticed 4 times in 5"
    passing = power(check.margin, 0.0, draws, check.confidence)
    return f"an equally good model passes {100 * passing:.0f} times in 100"


def _wish(check: BetterThanChampion) -> str:
    at = f"at {check.confidence:g}"
    return {
        "better": f"gain > {check.margin:g} shown {at}",
        "not_worse": f"no drop > {check.margin:g} shown {at}",
        "non_inferior": f"drop > {check.margin:g} ruled out {at}",
    }[check.mode]
