"""The whole card of a model: what was known when it was made, and what was found out since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any, Final

from markdown_it import MarkdownIt

from visloop import evaluate, registry, serve
from visloop.app.handlers.judging.evaluating import whole_report_on
from visloop.app.handlers.judging.gating import verdict_on

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_MOST_CLASSES: Final = 30
_MOST_SLICES: Final = 8
_TIME: Final = 16
_STYLE: Final = (
    "h2 { margin-top: 28px; } table { margin: 4px 0 14px; } code { overflow-wrap: anywhere; }"
)
_DOUBT: Final = 0.05


def card_of(
    ports: Ports, scope: Scope, version: registry.ModelVersion, lineage: Mapping[str, Any]
) -> str:
    """Markdown, from facts alone (`lineage_of`): sections that nobody has evidence for say so.

    Source: Mitchell et al. 2019 (Model Cards for Model Reporting).
    """
    made = registry.card(ports.registry, version).rstrip("\n")
    parts = [
        made,
        _judged(whole_report_on(ports, scope, version)),
        _gated(verdict_on(ports, scope, version)),
        _decided(lineage["approvals"]),
        _in_use(ports, scope, version, lineage),
        _origin(lineage["origin"]),
        _digests(version, lineage),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def card_page(markdown: str, title: str) -> str:
    """The card as one HTML file that loads nothing; what stands in it as HTML is shown as text."""
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(markdown)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{evaluate.POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title)}</title>\n<style>{evaluate.STYLE}{_STYLE}</style></head>\n"
        f"<body><main>\n{body}</main></body></html>\n"
    )


def _judged(report: Mapping[str, Any] | None) -> str:
    if report is None:
        return _section("Judged", ["Nobody has judged it yet."])
    lines = [f"On `{report['on']}`, {report['n']:,} pictures."]
    if report["trained_on"]:
        lines.append(f"It learnt from {report['trained_on']} of them: these figures flatter it.")
    figures = [
        (key, _figure(value), _between(report["intervals"].get(key)))
        for key, value in sorted(report["metrics"].items())
    ]
    lines.append(_table(("metric", "value", "95 % interval"), figures))
    lines += [_beside(report["beside"]), _classes(report["per_class"]), _slices(report)]
    return _section("Judged", lines)


def _beside(rows: Sequence[Mapping[str, Any]]) -> str:
    told = [
        (
            each["against"],
            each["metric"],
            _figure(each["ours"]),
            _figure(each["theirs"]),
            each["verdict"],
            _between(each["interval"]),
        )
        for each in rows
    ]
    return _table(("held against", "metric", "it", "that", "", "gain, 95 % interval"), told)


def _classes(rows: Sequence[Mapping[str, Any]]) -> str:
    shown = ("precision", "recall", "f1", "ap50", "ap", "iou")
    keys = [key for key in shown if any(each.get(key) is not None for each in rows)]
    told = [
        (each["name"], each["support"], *(_figure(each.get(key)) for key in keys))
        for each in rows[:_MOST_CLASSES]
    ]
    return _table(("class", "true", *keys), told)


def _slices(report: Mapping[str, Any]) -> str:
    worst = [
        each for each in report["slices"] if each["loss"] > each["rest"] and each["q"] <= _DOUBT
    ]
    looked = f"{report['looked_at']} slices were looked at."
    if not report["looked_at"]:
        return "No slices were looked at: there is nothing known to slice these pictures by."
    if not worst:
        return f"{looked} None fares worse than the rest by more than chance explains."
    told = [
        (each["name"], each["n"], *(_figure(each[key]) for key in ("loss", "rest", "q")))
        for each in worst[:_MOST_SLICES]
    ]
    head = ("slice", "pictures", "mean loss", "of the rest", "q")
    return f"{looked} Worse than the rest (Benjamini and Hochberg):\n\n{_table(head, told)}"


def _gated(verdict: Mapping[str, Any] | None) -> str:
    if verdict is None:
        return _section("Gate", ["No gate has judged it."])
    against = f" against `{verdict['against']}`" if verdict["against"] else ""
    checks = [
        (
            each["name"],
            "pass" if each["passed"] else "**fail**",
            each["wanted"],
            _figure(each["value"]),
            each["detail"],
        )
        for each in verdict["checks"]
    ]
    return _section(
        "Gate",
        [
            f"**{verdict['verdict']}** on `{verdict['on']}`{against}, policy `{verdict['policy']}`.",
            _table(("check", "", "wanted", "found", ""), checks),
            *([_incidents(verdict["incidents"])] if verdict["incidents"] else []),
        ],
    )


def _incidents(held: Sequence[Mapping[str, Any]]) -> str:
    """Failures in production that it was tested by."""
    rows = [
        (
            f"`{each['incident']}`",
            "pass" if each["passed"] else "**fail**",
            each["expected"],
            each["answered"],
            "it learnt from this very picture" if each["learnt"] else "",
        )
        for each in held
    ]
    table = _table(("incident", "", "expected", "answered", ""), rows)
    return f"Failures in production that are permanent tests:\n\n{table}"


def _decided(approvals: Sequence[Mapping[str, Any]]) -> str:
    rows = [(a["decision"], a["actor"], a["time"][:_TIME], a["reason"]) for a in approvals]
    if not rows:
        return _section("Decisions", ["Nobody has approved or rejected it."])
    return _section("Decisions", [_table(("decision", "by", "when (UTC)", "why"), rows)])


def _in_use(
    ports: Ports, scope: Scope, version: registry.ModelVersion, lineage: Mapping[str, Any]
) -> str:
    served = [
        f"serves as `{each.name}` since {each.changed.isoformat()[:_TIME]}"
        for each in serve.deployments(ports.serve, scope)
        if each.model == version.ref and each.state == "live"
    ]
    named = [f"alias `{each}`" for each in lineage["model"]["aliases"]]
    put_away = ["archived"] if version.archived is not None else []
    return _section("In use", [f"- {each}" for each in (*named, *served, *put_away)], "\n")


def _origin(origin: Mapping[str, Any]) -> str:
    if not origin:
        return ""
    was, data = origin["model"], origin["data"]
    if "derived" in origin:
        return _section("Origin", _derived(origin["derived"]))
    lines = [
        f"It came from another workspace, where it was `{was['ref']}` ({was['created'][:10]})."
    ]
    if data:
        lines.append(f"It learnt there from `{data['ref']}` (root `{data.get('root', '')[:16]}`).")
    return _section("Origin", lines)


def _derived(variant: Mapping[str, Any]) -> list[str]:
    """Of what it is another form, and what that costs."""
    report = variant["report"]
    calibrated = f", calibrated on `{variant['calibrated_on']}`" if variant["calibrated_on"] else ""
    told = (
        f"It is `{variant['source']}` as {variant['target']}{calibrated}: "
        f"{report['metric']} {report['before']:.4f} → {report['after']:.4f} on {report['n']} pictures of "
        f"`{report['on']}` (gain {report['gain']:+.4f}, at least {report['low']:+.4f}), "
        f"{variant['bytes_before'] / 1e6:.1f} → {variant['bytes_after'] / 1e6:.1f} MB."
    )
    return [told]


def _digests(version: registry.ModelVersion, lineage: Mapping[str, Any]) -> str:
    rows = {
        "answers (network and contract)": version.digest,
        "package": version.package,
        "network": version.onnx,
        "registered": f"{version.created.isoformat()[:_TIME]} by {version.actor}",
        "code": lineage["run"].get("commit"),
    }
    told = [(key, f"`{value}`") for key, value in rows.items() if value]
    return _section("To check it by", [_table(("what", "BLAKE3, time or commit"), told)])


def _section(title: str, lines: Iterable[str], between: str = "\n\n") -> str:
    body = between.join(line for line in lines if line)
    return f"## {title}\n\n{body}" if body else ""


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    told = ["| " + " | ".join(_cell(each) for each in row) + " |" for row in rows]
    if not told:
        return ""
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *told])


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _figure(value: Any) -> str:
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _between(interval: Sequence[float] | None) -> str:
    return "" if not interval else f"{interval[0]:.4g} to {interval[1]:.4g}"
