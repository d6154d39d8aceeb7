"""Answers for people: tables, marks and short lines, drawn with Rich when there is a table to draw."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from visloop.faces.cli import answered, differences, metadata, queried, runs, versions
from visloop.faces.cli.answers import (
    changes,
    explanations,
    findings,
    incidents,
    judging,
    rollouts,
    searches,
    tracks,
    upkeep,
)

if TYPE_CHECKING:
    from rich.table import Table

_WIDE = 48
_WHOLE = 2000
"""Of a text that has a line of its own."""
_MANY = 20
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_PIPED_WIDTH = 200
_HIDDEN: Final = frozenset({"format", "project", "payload", "metadata"})


def answer(name: str, value: object) -> None:
    """Print the answer of the verb `name`."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(value))
    own = _OWN.get(name)
    if own:
        own(plain)
    elif set(plain) >= {"count", "rows"}:
        _rows(plain["rows"], _COLUMNS.get(name, ()))
    else:
        _fields(plain)


def _rows(rows: Sequence[Mapping[str, Any]], wanted: Sequence[str] = ()) -> None:
    if not rows:
        click.echo("nothing yet")
        return
    columns = wanted or [key for key in rows[0] if _is_worth_a_column(key, rows)]
    table = _table(columns)
    for row in rows:
        table.add_row(*(_cell(row.get(column)) for column in columns))
    _print(table)


def _is_worth_a_column(key: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    values = [row.get(key) for row in rows]
    empty = all(value in (None, "", [], {}) for value in values)
    return key not in _HIDDEN and not empty and not any(map(_is_deep, values))


def _is_deep(value: object) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict)
    )


def _fields(plain: Mapping[str, Any]) -> None:
    width = max((len(key) for key in plain), default=0)
    for key, value in plain.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            click.echo(f"{key}:")
            _rows(value)  # pyright: ignore[reportUnknownArgumentType]
        elif value == []:
            continue
        elif isinstance(value, list) and _is_long(value):  # pyright: ignore[reportUnknownArgumentType]
            click.echo(f"{key}:")
            _lines(value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            click.echo(f"{key:<{width}}  {_cell(value, _WHOLE)}")


def _is_long(values: Sequence[object]) -> bool:
    return len(values) > 1 or any(len(str(each)) > _WIDE for each in values)


def _lines(values: Sequence[object]) -> None:
    for value in values[:_MANY]:
        click.echo(f"  {value}")
    if len(values) > _MANY:
        click.echo(f"  … {len(values) - _MANY} more (--json shows all)")


def _cell(value: Any, wide: int = _WIDE) -> str:
    if value is None or isinstance(value, bool | float):
        return _scalar(value)
    if isinstance(value, dict):
        return "  ".join(f"{key} {_cell(each)}" for key, each in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return ", ".join(_cell(each) for each in value)  # pyright: ignore[reportUnknownVariableType]
    text = str(value)
    if _TIME.match(text):
        return text[:19].replace("T", " ")
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):  # noqa: PLR2004 - a digest
        return text[:12]
    return text if len(text) <= wide else text[: wide - 1] + "…"


def _scalar(value: float | bool | None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}"


def _table(columns: Sequence[str]) -> Table:
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - Rich is loaded when a table is drawn
    from rich.table import Table as RichTable  # noqa: PLC0415

    table = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column.replace("_", " "))
    return table


def _print(table: Table) -> None:
    from rich.console import Console  # noqa: PLC0415

    width = None if sys.stdout.isatty() else _PIPED_WIDTH
    Console(width=width).print(table)


def _added(plain: Mapping[str, Any]) -> None:
    counts = ("added", "updated", "unchanged", "quarantined")
    click.echo(", ".join(f"{plain[key]} {key}" for key in counts))
    classes = ", ".join(plain["classes_added"])
    if classes and not any(f": {classes}" in note for note in plain["notes"]):
        click.echo(f"classes: {classes}")
    _lines(plain["notes"])
    left_out = plain["left_out"]
    if left_out:
        click.echo(f"{left_out} {'object was' if left_out == 1 else 'objects were'} left out")
    if plain["quarantined"] or left_out:
        after = ", once they were added without --dry-run" if plain["dry_run"] else ""
        click.echo(f"what mends them: visloop quarantine list{after}")


def _counted(said: str) -> Callable[[Mapping[str, Any]], None]:
    """An answer that is a count, in words."""

    def told(plain: Mapping[str, Any]) -> None:
        click.echo(said.format(n=plain["count"]))

    return told


def _refactored(plain: Mapping[str, Any]) -> None:
    click.echo(f"{plain['change']}: {plain['said']}")
    if len(plain["moves"]) > 1:
        _rows(plain["moves"], ("was", "now", "objects"))
    if plain["version"]:
        click.echo(f"{plain['dataset']}@{plain['version']}")


def _gated(plain: Mapping[str, Any]) -> None:
    _rows(judging.check_rows(plain))
    incidents.asked(plain["incidents"])
    for line in judging.verdict_lines(plain):
        click.echo(line)


def _assessed(plain: Mapping[str, Any]) -> None:
    on = f" on {plain['on']}" if plain["on"] else ""
    click.echo(click.style(f"{plain['kind']} of {plain['model']}{on}", bold=True))
    _rows(judging.figure_rows(plain))
    if plain["rows"]:
        click.echo("")
        _rows(judging.table_rows(plain))
    for note in plain["notes"]:
        click.echo(note)
    click.echo(judging.bound_said(plain))
    if plain["html"]:
        click.echo(f"written: {plain['html']}")


def _evaluated(plain: Mapping[str, Any]) -> None:
    click.echo(f"{plain['model']} on {plain['on']}, n={plain['n']}")
    for key, value in plain["metrics"].items():
        click.echo(f"  {key:<20} {_cell(value):>8}{_spread(plain['intervals'].get(key))}")
    for title, rows in answered.report_sections(plain):
        click.echo(click.style(title, bold=True))
        if rows:
            _rows(rows)
    if plain["html"]:
        click.echo(f"written: {plain['html']}")


def _spread(interval: Sequence[float] | None) -> str:
    return f"  [{interval[0]:.3f}, {interval[1]:.3f}]" if interval else ""


def _loop(plain: Mapping[str, Any]) -> None:
    state = "running" if plain["on"] else "stopped"
    click.echo(f"loop of {plain['deployment']}: {state}, {plain['state']}")
    if plain["waiting_for"]:
        click.echo(f"waits for: {plain['waiting_for']}")
    click.echo(
        f"labels: {plain['accepted']} of {plain['needed']}; {plain['waiting']} pictures in the queue"
    )
    keys = ("cycle", "state", "version", "model", "verdict", "time_to_heal_s", "ended")
    if plain["history"]:
        _rows([{key: row.get(key) for key in keys} for row in plain["history"]])


def _monitor(plain: Mapping[str, Any]) -> None:
    click.echo(f"{plain['name']}: {plain['state']}. {plain['verdict']}")
    _rows(plain["windows"], ("first_image", "last_image", "model", "p", "alarm", "mean_confidence"))
    captured = ", ".join(f"{n} {why}" for why, n in plain["captured"].items())
    click.echo(f"captured: {captured or 'nothing'}")
    for alert in plain["alerts"]:
        click.echo(f"{alert['state']} alert {alert['id']}: {alert['what']}")


def _traced(plain: Mapping[str, Any]) -> None:
    for hop, found in plain.items():
        if not found:
            continue
        click.echo(click.style(hop, bold=True))
        for key, value in found.items():
            click.echo(f"  {key:<14} {_cell(value)}")


def _trained(plain: Mapping[str, Any]) -> None:
    """The run and its model; and what was taken over from the model that it began with."""
    start = plain["started_from"]
    _fields({key: value for key, value in plain.items() if value and value is not start})
    if start:
        answered.started(start)


def _shown_card(plain: Mapping[str, Any]) -> None:
    click.echo(
        f"{plain['model']}: its card is in {plain['html']}" if plain["html"] else plain["card"]
    )


def _shown_model(plain: Mapping[str, Any]) -> None:
    click.echo(plain["card"])


def _streamed(plain: Mapping[str, Any]) -> None:
    click.echo(f"{plain['sent']} pictures, accuracy {plain['accuracy']:.3f}")
    if plain["failed"]:
        click.echo(f"{plain['failed']} were not answered")


def _status(plain: Mapping[str, Any]) -> None:
    if not plain["rows"]:
        click.echo("no data set yet: visloop add FOLDER --to NAME")
    for row in plain["rows"]:
        version = row["version"] or "no version yet"
        click.echo(
            click.style(row["dataset"], bold=True) + f"  {version}, {row['samples']} samples"
        )
        staged = ", ".join(
            f"{n} {what}" if n is not True else what for what, n in row["staged"].items() if n
        )
        click.echo(f"  to commit: {staged or 'nothing'}")
        if row["quarantined"]:
            click.echo(f"  quarantined: {row['quarantined']} (visloop quarantine list)")
        for folder in row["folders"]:
            changed = [f"{len(v) if isinstance(v, list) else v} {k}" for k, v in folder.items()
                       if k in ("new", "modified", "deleted") and v]  # fmt: skip
            if folder["remote"]:
                changed = ["not looked at (visloop add it again to see)"]
            place = f" ({folder['in_place']} left in place)" if folder["in_place"] else ""
            click.echo(f"  {folder['root']}: {', '.join(changed) or 'unchanged'}{place}")


def _quarantined(plain: Mapping[str, Any]) -> None:
    if not plain["rows"]:
        click.echo("nothing was refused")
    for row in plain["rows"]:
        click.echo(click.style(f"{row['dataset']}:{row['path']}", bold=True) + f"  {row['reason']}")
        click.echo(click.style("  fix: ", fg="green") + f"{row['fix']}   (id {row['id']})")
    names = sorted({row["dataset"] for row in plain["rows"]})
    if len(names) == 1:
        click.echo(
            f"mended: visloop quarantine retry {names[0]}"
            f"   not wanted: visloop quarantine remove {names[0]} --id ID -m WHY"
        )


def _label_list(plain: Mapping[str, Any]) -> None:
    rows = [
        {
            "task": row["id"],
            "path": row["path"],
            "proposed": _proposed(row),
            "because": ", ".join(row["reasons"]),
            "state": row["state"],
        }
        for row in plain["rows"]
    ]
    _rows(rows)


def _tracked(plain: Mapping[str, Any]) -> None:
    tracks.head(plain)
    if plain["tracks"]:
        _rows(tracks.rows(plain))


def _meta_fields(plain: Mapping[str, Any]) -> None:
    _rows(metadata.field_rows(plain))


def _queried(plain: Mapping[str, Any]) -> None:
    rows = queried.rows(plain)
    if rows:
        _rows(rows, [k for k in rows[0] if any(row[k] not in (None, "") for row in rows)])
    click.echo(queried.summary(plain))
    for line in (*queried.facet_lines(plain), *queried.histogram_lines(plain)):
        click.echo(line)


def _found(plain: Mapping[str, Any]) -> None:
    rows = queried.nearest(plain)
    if rows:
        _rows(rows, [key for key in rows[0] if any(row[key] for row in rows)])
    for line in queried.nearest_lines(plain):
        click.echo(line)


def _imported(plain: Mapping[str, Any]) -> None:
    click.echo(f"{plain['accepted']} accepted, {plain['unchanged']} said nothing new")
    if plain["unknown"]:
        click.echo(f"{len(plain['unknown'])} rows are about pictures that are not in the queue")


def _proposed(row: Mapping[str, Any]) -> str:
    best = max(row["proposed"], key=lambda each: each.get("score") or 0.0, default=None)
    return f"{best['label']} {best.get('score') or 0:.2f}" if best else "–"


_COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "blame": ("object", "label", "field", "value", "version", "time", "actor", "author", "message"),
    "facts": ("seq", "time", "actor", "kind", "subject"),
    "user.list": ("user", "role", "project"),
    "models": ("ref", "stage", "aliases", "state", "recipe", "data", "run", "created"),
    "runs.artifacts": ("path", "size", "digest", "time"),
    "runs.save": ("path", "size", "digest"),
    "runs.fetch": ("path", "size"),
    "runs.experiments": ("name", "runs", "created", "newest"),
    "batches": ("model", "state", "done", "total", "failed", "out", "video", "begun"),
    "predictions": ("id", "label", "confidence", "model", "latency_ms", "time"),
    "incident.list": ("id", "model", "expected", "answered", "version", "state", "opened", "why"),
    "alerts.list": ("id", "deployment", "state", "what", "windows", "opened"),
    "view.list": ("name", "of", "text", "at", "changed"),
    "view.remove": ("name", "of", "text", "at", "changed"),
    "view.save": ("name", "of", "text", "at", "changed"),
    "samples": ("path", "split", "width", "height", "media", "source"),
}


def _listed_runs(plain: Mapping[str, Any]) -> None:
    rows = runs.list_rows(plain)
    _rows(
        rows,
        [key for key in rows[0] if any(row[key] is not None and row[key] != "" for row in rows)]
        if rows
        else (),
    )
    if plain["total"] > plain["count"]:
        click.echo(f"{plain['count']} of {plain['total']} runs (--limit, --where)")


def _compared_runs(plain: Mapping[str, Any]) -> None:
    _rows(runs.compared_rows(plain))
    click.echo(f"{len(plain['same'])} values are the same")
    if plain["html"]:
        click.echo(f"written: {plain['html']}")


def _storage(plain: Mapping[str, Any]) -> None:
    for line in upkeep.storage_lines(plain):
        click.echo(line)
    if plain["parts"] is not None:
        _rows(upkeep.part_rows(plain))


def _deployments(plain: Mapping[str, Any]) -> None:
    rows = [rollouts.deployment_row(row) for row in plain["rows"]]
    kept = [key for key in rows[0] if any(row[key] for row in rows)] if rows else ()
    _rows(rows, kept)


def _mapped(plain: Mapping[str, Any]) -> None:
    for line in queried.map_lines(plain):
        click.echo(line)
    _rows([{"color": name, "samples": n} for name, n in plain["colors"].items()])


_OWN: Final[Mapping[str, Callable[[Mapping[str, Any]], None]]] = {
    "add": _added,
    "audit": upkeep.audited,
    "bulk": changes.made,
    "bulk.undo": changes.undone,
    "datasets.purge": upkeep.dataset_purged,
    "datasets.remove": upkeep.dataset_removed,
    "datasets.restore": upkeep.dataset_restored,
    "datasets.trash": upkeep.trashed,
    "gc": upkeep.collected,
    "storage": _storage,
    "verify": upkeep.verified,
    "classes.merge": _refactored,
    "classes.rename": _refactored,
    "classes.split": _refactored,
    "merge": versions.merged,
    "merge.abort": versions.given_up,
    "merge.finish": versions.merged,
    "merge.resolve": versions.merged,
    "merge.show": versions.shown_conflict,
    "merge.status": versions.merged,
    "revert": versions.merged,
    "status": _status,
    "diff": differences.told,
    "query": _queried,
    "search": _found,
    "findings": findings.told,
    "map": _mapped,
    "meta.show": metadata.shown,
    "meta.fields": _meta_fields,
    "meta.set": metadata.changed,
    "meta.import": metadata.imported,
    "meta.field.add": metadata.changed,
    "meta.field.rename": metadata.changed,
    "meta.field.remove": metadata.changed,
    "camera.apply": metadata.changed,
    "camera.align": metadata.aligned,
    "quarantine.list": _quarantined,
    "label.list": _label_list,
    "label.next": _label_list,
    "label.import": _imported,
    "label.track": _tracked,
    "quarantine.retry": _added,
    "quarantine.remove": _counted("{n} let go; their files stay where they lie"),
    "unstage": _counted("{n} staged changes taken back"),
    "tune": searches.ended,
    "tune.resume": searches.ended,
    "tune.show": searches.shown,
    "runs.compare": _compared_runs,
    "runs.curves": runs.curves,
    "runs.list": _listed_runs,
    "runs.show": runs.shown,
    "assess": _assessed,
    "gate": _gated,
    "explain": explanations.explained,
    "incident.add": incidents.added,
    "incident.close": incidents.shown,
    "incident.reopen": incidents.shown,
    "incident.show": incidents.shown,
    "policy.approve": judging.policy_approved,
    "policy.diff": judging.policy_changes,
    "policy.show": judging.policy_shown,
    "evaluate": _evaluated,
    "loop.start": _loop,
    "loop.stop": _loop,
    "loop.status": _loop,
    "deploy": rollouts.deployed,
    "deployments": _deployments,
    "rollback": rollouts.deployed,
    "rollout.promote": rollouts.ended,
    "rollout.show": rollouts.shown,
    "rollout.stop": rollouts.ended,
    "monitor": _monitor,
    "trace": _traced,
    "model.show": _shown_model,
    "model.card": _shown_card,
    "model.export": answered.exported,
    "model.import": answered.imported,
    "model.key": answered.signing_key,
    "model.verify": answered.verified,
    "predict": answered.predicted,
    "reproduce": answered.reproduced,
    "runs.clone": answered.cloned,
    "train": _trained,
    "demo.stream": _streamed,
}
