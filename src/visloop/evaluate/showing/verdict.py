"""A verdict's page: every check with what was found, then the evidence behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from visloop.evaluate.assess.records import Assessment
from visloop.evaluate.incidents.records import Held
from visloop.evaluate.policy import GatePolicy
from visloop.evaluate.records import Check, Verdict
from visloop.evaluate.showing.assessed import assessed, figure, paged, spread
from visloop.evaluate.showing.pictures import Album
from visloop.evaluate.showing.tables import section, table


def verdict_page(
    verdict: Verdict,
    policy: GatePolicy,
    assessments: Sequence[Assessment],
    picture: Callable[[str], bytes],
) -> str:
    """The whole file.

    Args:
        verdict: what the gate said.
        policy: by which policy.
        assessments: those among the verdict's inputs.
        picture: the upright JPEG of an image by its digest, of any size; empty: it cannot be shown.
    """
    album = Album(picture)
    named = {each.id: each.kind for each in assessments}
    parts = (
        _head(verdict),
        section("Checks", "", _checks(verdict.checks, named)),
        _incidents(verdict.incidents, album),
        *(f'<div id="{escape(each.id)}">{assessed(each, album)}</div>' for each in assessments),
        _how(verdict, policy),
    )
    return paged(f"{verdict.verdict}: {verdict.inputs['candidate']}", "\n".join(parts))


def _head(verdict: Verdict) -> str:
    inputs = verdict.inputs
    champion = inputs.get("champion")
    against = f" against {champion}" if champion else ""
    failed = sum(not each.passed for each in verdict.checks)
    said = f"{failed} of {len(verdict.checks)} checks failed" if failed else "every check passed"
    return (
        f"<h1>{escape(inputs['candidate'])}</h1>"
        f'<p class="muted">judged on {escape(inputs["data"])}{escape(against)}</p>'
        f'<p class="headline {"good" if verdict.passed else "bad"}">{verdict.verdict} '
        f"<small>{said}</small></p>"
    )


def _checks(checks: Sequence[Check], named: dict[str, str]) -> str:
    body = (
        (
            '<span class="good">pass</span>' if each.passed else '<span class="bad">FAIL</span>',
            escape(each.name.replace("_", " ")),
            escape(each.wanted),
            "" if each.value is None else figure(each.value),
            spread(*each.interval) if each.interval else "",
            f"{each.n:,}" if each.n else "",
            _evidence(each, named),
            escape(each.detail),
        )
        for each in checks
    )
    head = ("", "check", "wanted", "n:found", "n:95 %", "n:n", "evidence", "")
    return f'<div class="scroll">{table(head, body)}</div>'


def _incidents(held: Sequence[Held], album: Album) -> str:
    """Each failure that is a permanent test, with its picture; nothing where there is none."""
    if not held:
        return ""
    rows = (
        (
            album.small(each.image, each.incident),
            '<span class="good">pass</span>' if each.passed else '<span class="bad">FAIL</span>',
            escape(each.expected),
            escape(each.answered),
            "it learnt from this very picture" if each.learnt else "",
            escape(each.incident),
        )
        for each in sorted(held, key=lambda each: each.passed)
    )
    head = ("", "", "expected", "answered", "", "incident")
    said = "Failures that became permanent tests: whatever the policy says, each must be answered rightly."
    return section("Incidents", said, f'<div class="scroll">{table(head, rows)}</div>')


def _evidence(check: Check, named: dict[str, str]) -> str:
    if check.evidence in named:
        return f'<a href="#{escape(check.evidence)}">{escape(named[check.evidence])}</a>'
    return escape(check.evidence)


def _how(verdict: Verdict, policy: GatePolicy) -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in policy.lines)
    rows = ((escape(key), escape(value)) for key, value in verdict.inputs.items())
    return section(
        "By which policy, on what",
        f"Policy {verdict.policy_digest[:12]}; the same inputs give the same verdict.",
        f"<ul>{lines}</ul>{table(('input', ''), rows)}",
    )
