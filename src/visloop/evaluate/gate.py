"""Gates as code: a policy over answers gives a verdict. Pure, so that a verdict can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from visloop.errors import UsageError, did_you_mean
from visloop.evaluate import metrics as m
from visloop.evaluate.assess.records import Assessment
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
    Assessed,
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
    inputs: Mapping[str, str]
    assessments: Mapping[str, Assessment]

    def part(self, name: str | None) -> AnyAnswers:
        return self.candidate.take(self.slices[name]) if name else self.candidate


def judge(
    policy: GatePolicy,
    candidate: AnyAnswers,
    champion: AnyAnswers | None,
    *,
    slices: Mapping[str, Mask] | None = None,
    inputs: Mapping[str, str] | None = None,
    assessments: Mapping[str, Assessment] | None = None,
) -> Verdict:
    """Hold a candidate's answers against the policy.

    Args:
        policy: the checks.
        candidate: its answers.
        champion: the answers of the model in production to the same pictures, if there is one.
        slices: name → bool (N,) over the candidate's pictures, for each of `policy.slices`
            that is not `class=…`.
        inputs: references and digests, kept in the verdict.
        assessments: those of `policy.assessed`, by the same keys.

    Raises:
        UsageError: a metric, slice or figure of the policy is unknown.
    """
    masks = dict(slices or {})
    for name in policy.slices:
        if name not in masks:
            masks[name] = class_slice(name, candidate)
    case = _Case(policy, candidate, champion, masks, inputs or {}, assessments or {})
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
        case Assessed():
            return _assessed(check, case)
        case MinSamples():
            n = case.part(check.slice).n
            return _line(check, case, passed=n >= check.n, value=n, n=n)
        case BetterThanBaseline():
            return _against_baseline(check, case)
        case BetterThanChampion():
            return _against_champion(check, case)


def _line(check: PolicyCheck, case: _Case, *, passed: bool, **values: Any) -> Check:
    """A line of the verdict; its evidence is the report unless something else was looked at."""
    evidence = case.inputs.get("candidate_report", "")
    told: dict[str, Any] = {"name": check.name, "evidence": evidence, **values}
    return Check(passed=passed, wanted=check.wanted, **told)


def _threshold(check: Threshold, case: _Case) -> Check:
    answers = case.part(check.slice)
    if not answers.n:
        return _line(check, case, passed=False, detail="no pictures to judge by")
    scores = score(answers, resamples=case.policy.resamples, seed=case.policy.seed)
    value, interval = value_of(scores, check.metric)
    low, high = interval or (None, None)
    passed = _within(check, value, low, high)
    return _line(check, case, passed=passed, value=value, n=answers.n, interval=interval)


def _assessed(check: Assessed, case: _Case) -> Check:
    made = case.assessments[check.key]
    if check.figure not in made.figures:
        raise UsageError(
            f"the assessment {check.kind!r} has no figure {check.figure!r}",
            fix=did_you_mean(
                check.figure, made.figures, otherwise=f"it has: {', '.join(made.figures)}"
            ),
        )
    found = made.figures[check.figure]
    bare = found.low is None and found.high is None
    passed = _within(check, found.value, found.low, found.high)
    notes = made.outcome.notes
    return _line(
        check,
        case,
        passed=passed,
        value=found.value,
        n=found.n,
        interval=None if bare else (found.low, found.high),
        detail=made.outcome.caveat or (notes[0] if notes and not passed else ""),
        evidence=made.id,
    )


def _within(
    check: Threshold | Assessed, value: float, low: float | None, high: float | None
) -> bool:
    """Whether a figure holds; with `shown`, whether the nearer end of its interval does."""
    least = low if check.shown and low is not None else value
    most = high if check.shown and high is not None else value
    return (check.at_least is None or least >= check.at_least) and (
        check.at_most is None or most <= check.at_most
    )


def _against_baseline(check: BetterThanBaseline, case: _Case) -> Check:
    answers = case.candidate
    if not isinstance(answers, Answers):
        raise UsageError(
            f"models of the task {answers.task!r} have no commonest class to beat",
            fix="take the check better_than_baseline out of the policy",
        )
    if not answers.n:
        return _line(check, case, passed=False, detail="no pictures to judge by")
    best, _ = m.majority(answers.truth, len(answers.classes))
    won, draws = accuracy_gain(
        answers.predicted == answers.truth, answers.truth == best, case.policy
    )
    low, high = one_sided(draws, check.confidence)
    return _line(
        check,
        case,
        passed=low > check.margin,
        value=won,
        n=answers.n,
        detail=f"the baseline always answers {answers.classes[best]!r}",
        interval=(low, high),
    )


def _against_champion(check: BetterThanChampion, case: _Case) -> Check:
    metric = check.metric or HEADLINES[task_of(case.candidate)]
    named = {"name": f"{metric} against champion"}
    if case.champion is None:
        detail = "first model: no champion to beat"
        return _line(check, case, passed=True, detail=detail, **named)
    first, second = pair(case.candidate, case.champion)
    if not first.n:
        detail = "candidate and champion have no picture in common"
        return _line(check, case, passed=False, detail=detail, **named)
    won, draws = gain(metric, first, second, case.policy)
    low, high = one_sided(draws, check.confidence)
    passed = {
        "better": low > check.margin,
        "not_worse": high >= -check.margin,
        "non_inferior": low >= -check.margin,
    }[check.mode]
    found = [figure(metric, a) for a in (first, second)]
    return _line(
        check,
        case,
        passed=passed,
        value=won,
        n=first.n,
        detail=f"candidate {found[0]:.4f}, champion {found[1]:.4f}, same {first.n} pictures; "
        + _reach(check, draws),
        interval=(low, high),
        **named,
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
