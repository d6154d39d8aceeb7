"""Answers to questions for people: a row for each thing found, and what made a sample fit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

_FEW: Final = 3
_BARS: Final = " ▁▂▃▄▅▆▇█"
_SHOWN: Final = {
    "runs": ("id", "status", "recipe", "data", "model", "metrics", "started"),
    "models": ("ref", "stage", "aliases", "state", "recipe", "data", "metrics", "created"),
    "predictions": ("id", "deployment", "model", "label", "score", "truth", "review", "time"),
    "deployments": ("name", "state", "model", "previous", "answers", "last"),
    "reports": ("id", "ref", "data", "n", "accuracy", "created"),
    "alerts": ("id", "deployment", "model", "state", "severity", "what", "opened"),
    "tasks": ("id", "dataset", "path", "state", "proposed", "label", "reasons"),
}
"""Of what is neither sample nor object: the columns of the table, where not every one."""


def rows(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The page that was answered, as a table."""
    match plain["of"]:
        case "samples":
            return [_sample(row) for row in plain["rows"]]
        case "objects":
            return [_object(row) for row in plain["rows"]]
        case other:
            shown = _SHOWN.get(other) or tuple(plain["rows"][0] if plain["rows"] else ())
            return [{key: _brief(row.get(key)) for key in shown} for row in plain["rows"]]


def _brief(value: Any) -> Any:
    """A table of figures by its first few."""
    if not isinstance(value, dict):
        return value
    told = list(value.items())  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return dict(told[:_FEW]) | ({"…": ""} if len(told) > _FEW else {})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def _sample(row: Mapping[str, Any]) -> dict[str, Any]:
    annotations = row.get("annotations", [])
    return {
        "path": row["path"],
        "split": row.get("split", ""),
        "size": f"{row['width']} × {row['height']}",
        "labels": _tally(each.get("label", "") for each in annotations),
        "matching": _tally(annotations[at].get("label", "") for at in row["matching"]),
    }


def _object(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "path": row["path"],
        "split": row["split"] or "",
        "label": row.get("label", ""),
        "kind": row["type"],
        "box, px": ", ".join(f"{each:g}" for each in row.get("xyxy", ())),
        "id": row["id"][:12],
    }


def _tally(labels: Iterator[str]) -> str:
    counted = Counter(labels)
    return ", ".join(f"{n} {label}" if n > 1 else label for label, n in counted.most_common())


def summary(plain: Mapping[str, Any]) -> str:
    """How many were found, and how many of them are shown."""
    one = plain["of"].removesuffix("s")
    shown = len(plain["rows"])
    first = "" if shown == plain["count"] else f", {shown} shown (--offset, --limit)"
    ref = f" of {plain['ref']}" if plain["ref"] else ""
    return f"{plain['count']} {one}{'' if plain['count'] == 1 else 's'}{ref}{first}"


def facet_lines(plain: Mapping[str, Any]) -> Iterator[str]:
    """Each facet: a line a value."""
    for facet in plain["facets"]:
        yield f"{facet['field']}:"
        for each in facet["values"]:
            upto = f" … {each['to']}" if "to" in each else ""
            value = each["value"] if each["value"] != "" else "(top)"
            yield f"  {each['count']:>8}  {value}{upto}"
        if facet["more"]:
            yield f"            … {facet['more']} more values"
        if facet["without"]:
            yield f"  {facet['without']:>8}  –"


def histogram_lines(plain: Mapping[str, Any]) -> Iterator[str]:
    """Each histogram in a line: its bars between their ends, then what lies outside of it."""
    for each in plain["histograms"]:
        unit = f", {each['unit']}" if each["unit"] else ""
        edges, highest = each["edges"], max(*each["counts"], 1)
        bars = "".join(_BARS[math.ceil(n / highest * (len(_BARS) - 1))] for n in each["counts"])
        aside = ", ".join(
            f"{each[key]} {word}"
            for key, word in (
                ("below", f"below {edges[0]}"),
                ("above", f"above {edges[-1]}"),
                ("without", "without"),
            )
            if each[key]
        )
        yield f"{each['field']}{unit}: {edges[0]} {bars} {edges[-1]}" + (
            f"  ({aside})" if aside else ""
        )


def nearest(plain: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What search found, as a table."""
    return [
        {
            "score": f"{row['score']:.3f}",
            "path": row["path"],
            "split": row.get("split") or "",
            "labels": _tally(each.get("label", "") for each in row.get("annotations", [])),
        }
        for row in plain["rows"]
    ]


def nearest_lines(plain: Mapping[str, Any]) -> Iterator[str]:
    """How many were compared, what words were taken for, what could not be read."""
    many = "sample" if plain["searched"] == 1 else "samples"
    yield f"{plain['count']} nearest of {plain['searched']} {many} of {plain['ref']}"
    told = [f"{each['name']} {each['share']:.2f} ({each['from']})" for each in plain["understood"]]
    if told:
        yield f"taken for: {', '.join(told)}"
    if plain["indexed"]:
        yield f"{plain['indexed']:,} pictures in the index"
    left = plain["unreadable"]
    if left:
        pictures = "picture" if len(left) == 1 else "pictures"
        yield f"{len(left)} {pictures} could not be compared: {left[0]['reason']}"


def map_lines(plain: Mapping[str, Any]) -> Iterator[str]:
    """What the map shows, and how far it can be believed."""
    many = "sample" if plain["count"] == 1 else "samples"
    yield f"{plain['count']:,} {many} of {plain['ref']}, by {plain['by']}, in {plain['seconds']:.1f} s"
    if plain["kept"] is not None:
        yield (
            f"of the {plain['neighbours']} nearest on the map {100 * plain['kept']:.0f} % are among the"
            f" nearest by looks; trustworthiness {plain['trustworthiness']:.3f}"
            f" ({plain['judged']:,} pictures judged)"
        )
    if plain["unreadable"]:
        yield f"{len(plain['unreadable'])} could not be placed: {plain['unreadable'][0]['reason']}"
    if plain["html"]:
        yield f"written: {plain['html']}"
