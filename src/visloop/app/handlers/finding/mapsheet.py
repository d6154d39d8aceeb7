"""A map for people who have no server: one HTML file, and rows of a table."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop import data
from visloop.app.media import thumbnail
from visloop.errors import VisloopError

if TYPE_CHECKING:
    from visloop.app.ports import Ports

_SIDE_PX, _EDGE_PX, _DOT_PX, _THUMB_PX, _CELLS = 1600, 60, 4, 64, 15
_PAPER, _GREY = (255, 255, 255), (150, 155, 160)
PALETTE: Final = (
    *("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#17becf"),
    *("#bcbd22", "#393b79", "#637939", "#8c6d31", "#843c39", "#7b4173", "#3182bd", "#e6550d"),
    *("#31a354", "#756bb1", "#636363", "#6baed6", "#fd8d3c", "#74c476", "#9e9ac8", "#c7c7c7"),
)
"""Colours of values that have none of their own; beyond the last one all are grey."""
_STYLE: Final = """
body { font: 14px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; color: #1c2024;
  padding: 0 1rem } img { max-width: 100% } ul { columns: 4; list-style: none; padding: 0 }
.muted { color: #5b636d } i { display: inline-block; width: .8em; height: .8em; border-radius: 50% }
"""


def map_rows(found: data.PictureMap, colours: data.Colours) -> Iterator[dict[str, Any]]:
    """Path, place and value of each sample that is on the map."""
    schema = found.source.schema
    paths: Any = found.source.column(schema.rows.named("sample.path")[0])
    for at in np.flatnonzero(~np.isnan(found.points[:, 0])).tolist():
        x, y = (round(float(each), 5) for each in found.points[at])
        if colours.names:
            value: Any = colours.names[colours.codes[at]]
        else:
            value = float(colours.values[at]) if len(colours.values) else float("nan")
            value = None if np.isnan(value) else value
        yield {"path": paths.words[paths.codes[at]], "x": x, "y": y, "color": value}


def write_map(ports: Ports, found: data.PictureMap, colours: data.Colours, file: Path) -> None:
    """Draw the map, and some of its pictures, into an HTML file that needs nothing else."""
    paints = _paints(found, colours)
    sheet = _pictures(ports, found, _points(found, colours, paints))
    png = cv2.imencode(".png", sheet[:, :, ::-1])[1].tobytes()
    judged = found.faithful
    believed = (
        ""
        if judged.kept is None or judged.trustworthiness is None
        else f" Of the {judged.neighbours} nearest on the map {100 * judged.kept:.0f} % are among the "
        f"nearest by looks; trustworthiness {judged.trustworthiness:.3f} ({judged.judged:,} pictures)."
    )
    legend = "".join(
        f'<li><i style="background:{paint}"></i> {escape(name)} {n:,}</li>'
        for name, n, paint in zip(colours.names, colours.counts, paints, strict=False)
    )
    title = f"Map of {found.ref}"
    file.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style><h1>{escape(title)}</h1>"
        f'<p class="muted">By {found.by}, seed {found.seed}; coloured by {escape(colours.field)}.'
        f"{believed}</p><ul>{legend}</ul>"
        f'<img alt="{escape(title)}" src="data:image/png;base64,{b64encode(png).decode()}"></html>',
        "utf-8",
    )


def _paints(found: data.PictureMap, colours: data.Colours) -> list[str]:
    """A colour a name; classes have their own."""
    own = {each.name: data.color_of(each) for each in found.source.snapshot.classes.entries}
    return [own.get(name) or PALETTE[at % len(PALETTE)] for at, name in enumerate(colours.names)]


def _places(found: data.PictureMap) -> NDArray[np.int64]:
    """(samples on the map, 2): pixels, y down."""
    shown = found.points[~np.isnan(found.points[:, 0])]
    half = (_SIDE_PX - 2 * _EDGE_PX) / 2
    return np.rint(_EDGE_PX + half * (1 + shown * np.array([1, -1], np.float32))).astype(np.int64)


def _points(found: data.PictureMap, colours: data.Colours, paints: list[str]) -> NDArray[np.uint8]:
    sheet = np.full((_SIDE_PX, _SIDE_PX, 3), _PAPER, np.uint8)
    shown = ~np.isnan(found.points[:, 0])
    ink = np.full((int(shown.sum()), 3), _GREY, np.uint8)
    if colours.names:
        table = np.array([[int(p[at : at + 2], 16) for at in (1, 3, 5)] for p in paints], np.uint8)
        ink = table[colours.codes[shown]]
    elif len(colours.values):
        values = colours.values[shown]
        known = ~np.isnan(values)
        low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
        scaled = np.rint(255 * (values[known] - low) / max(float(high - low), 1e-9)).astype(
            np.uint8
        )
        ramp = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)
        ink[known] = np.asarray(ramp)[:, 0, ::-1][scaled]
    places = _places(found)
    for dy in range(_DOT_PX):
        for dx in range(_DOT_PX):
            sheet[places[:, 1] + dy, places[:, 0] + dx] = ink
    return sheet


def _pictures(ports: Ports, found: data.PictureMap, sheet: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """In each cell of a grid that holds points, the picture nearest to its middle."""
    places = _places(found)
    if not len(places):
        return sheet
    images: Any = found.source.column(found.source.schema.rows.named("sample.image")[0])
    at = np.flatnonzero(~np.isnan(found.points[:, 0]))
    step = _SIDE_PX / _CELLS
    cells = (places // step).astype(np.int64)
    apart = np.abs(places - (cells + 0.5) * step).sum(axis=1)
    order = np.lexsort((apart, cells[:, 1], cells[:, 0]))
    _, first = np.unique(cells[order] @ np.array([_CELLS, 1]), return_index=True)
    for chosen in order[first].tolist():
        with suppress(VisloopError):
            raw = thumbnail(ports, images.words[images.codes[at[chosen]]], _THUMB_PX)
            small = np.asarray(cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR))
            height, width = small.shape[:2]
            x, y = places[chosen] - np.array([width, height]) // 2
            x, y = max(0, min(int(x), _SIDE_PX - width)), max(0, min(int(y), _SIDE_PX - height))
            sheet[y : y + height, x : x + width] = small[:, :, ::-1]
    return sheet
