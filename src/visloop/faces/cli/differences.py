"""What differs between two versions, for people: counts, then sample by sample what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

from visloop.faces.cli.metadata import exact

_OBJECTS: Final = 12
_FEW: Final = 6
_COLOURS: Final = {
    "added": "green",
    "removed": "red",
    "moved": "cyan",
    "relabelled": "yellow",
    "attributes": "magenta",
}


def told(plain: Mapping[str, Any]) -> None:
    """`diff`: counts of samples and objects, classes, fields, then details."""
    for side in ("samples", "objects"):
        counts = [f"{kind.replace('_', ' ')} {n:,}" for kind, n in plain[side].items() if n]
        click.echo(f"{side:<8} {'  '.join(counts) or 'the same'}")
    if plain["by_class"]:
        parts = (f"{name} {n:,}" for name, n in plain["by_class"].items())
        click.echo(f"by class {'  '.join(parts)}")
    for line in _classes(plain["classes"]):
        click.echo(line)
    for each in plain["fields"]:
        was_now = " → ".join(part for part in (each["was"], each["now"]) if part)
        click.echo(f"field {each['name']} {each['kind']}{f': {was_now}' if was_now else ''}")
    for row in plain["details"]:
        _sample(row)
    if plain["truncated"]:
        shown = len(plain["details"])
        click.echo(f"… {plain['total'] - shown:,} more changed samples: --limit, --offset, --most")
    if plain["sheet"]:
        click.echo(f"drawn: {plain['sheet']}")


def _classes(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line a change; many that only came, or went, in one line."""
    for kind in ("added", "removed"):
        names = [each["name"] for each in changes if each["kind"] == kind]
        if len(names) > _FEW:
            shown = ", ".join(names[:_FEW])
            yield f"classes {kind} {len(names):,}: {shown} … {len(names) - _FEW:,} more"
        else:
            yield from (f"class {name} {kind}" for name in names)
    for each in changes:
        if each["kind"] not in ("added", "removed"):
            yield f"class {_class_change(each)}"


def _class_change(each: Mapping[str, Any]) -> str:
    name, was = each["name"], each["was_name"]
    said = {
        "renamed": f"{was} → {name}",
        "merged": f"{was} merged into {name}",
        "split": f"{name} split from {was}",
    }
    return said.get(each["kind"], f"{name} {each['kind']}")


def _sample(row: Mapping[str, Any]) -> None:
    kinds = [kind for kind in row["kinds"] if kind != "changed"]
    how = f"  {', '.join(_coloured(kind) for kind in kinds)}" if kinds else ""
    was = f"  was {row['was_path']}" if row["was_path"] else ""
    click.echo(click.style(row["path"], bold=True) + how + was)
    for line in _beside(row):
        click.echo(f"  {line}")
    for each in row["objects"][:_OBJECTS]:
        click.echo(f"  {_object(each)}")
    more = len(row["objects"]) - _OBJECTS
    if more > 0:
        click.echo(f"  … {more} more objects (--json shows them)")


def _beside(row: Mapping[str, Any]) -> Iterator[str]:
    for name in row["fields"]:
        if name not in ("annotations", "metadata"):
            yield f"{name:<11} {'other bytes' if name == 'image' else 'changed'}"
    for each in row["metadata"]:
        yield f"{'metadata':<11} {_value(each)}"


def _object(each: Mapping[str, Any]) -> str:
    label = each["label"] or "no label"
    match each["kind"]:
        case "relabelled" | "renamed_by_class":
            said = f"{each['was_label'] or 'no label'} → {label}"
        case "moved":
            said = f"{label}  IoU {each['iou']:.2f}"
        case "attributes":
            said = f"{label}  {'  '.join(map(_value, each['values']))}"
        case _:
            said = label
    kind = each["kind"].replace("_", " ")
    return f"{_coloured(kind)}{' ' * max(1, 12 - len(kind))}{said}  {_faint(each['object'][:10])}"


def _value(each: Mapping[str, Any]) -> str:
    name = each["field"].removeprefix("attributes.")
    return f"{name}: {exact(each['was'])} → {exact(each['now'])}"


def _coloured(kind: str) -> str:
    return click.style(kind, fg=_COLOURS.get(kind))


def _faint(text: str) -> str:
    return click.style(text, dim=True)
