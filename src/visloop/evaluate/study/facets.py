"""Slices that suggest themselves: values and bands of whatever is known of the pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from visloop import vision
from visloop.errors import VisloopError

if TYPE_CHECKING:
    from visloop.data import Sample
    from visloop.store import Blobs

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]

FEWEST: Final = 10
_MOST_VALUES: Final = 12
_MOST_TEXT: Final = 60
_FIFTHS: Final = (0.2, 0.8)
_ROUNDS: Final = 20
_PARTS_OF_DAY: Final = (
    "night (0 - 6 h)",
    "morning (6 - 12 h)",
    "afternoon (12 - 18 h)",
    "evening (18 - 24 h)",
)
_LOOKS: Final = ("brightness", "contrast", "sharpness", "noise", "warmth")
_OURS: Final = frozenset({"task", "prediction", "model", "moment", "source", "author"})
_REDUCED: Final = ((1024, cv2.IMREAD_REDUCED_COLOR_8), (512, cv2.IMREAD_REDUCED_COLOR_4))


class Facet(NamedTuple):
    """`of` is what is looked at, `name` its value or band; `query` finds the same samples."""

    of: str
    name: str
    query: str
    mask: Mask


def facets(
    samples: Sequence[Sample], looks: Floats, objects: Floats | None, vectors: Floats | None
) -> list[Facet]:
    """Slices of N pictures: cameras, hours, sizes, own fields, looks, crowdedness, look-alikes.

    Args:
        samples: the pictures, (N,).
        looks: the eight image statistics, (N, 8), NaN where a picture could not be read.
        objects: how many objects each picture holds, (N,), where that is known.
        vectors: embeddings, (N, D), where the model gives one.
    """
    found = [
        *_metadata(samples),
        *_hours(samples),
        *_bands("width", np.array([float(s.width) for s in samples]), "width"),
        *(
            band
            for name in _LOOKS
            for band in _bands(name, looks[:, vision.STATISTIC_NAMES.index(name)], "")
        ),
    ]
    if objects is not None:
        empty = objects == 0
        found.append(Facet("objects", "no objects", "annotations.objects = 0", empty))
        found += _bands("objects", np.where(empty, np.nan, objects), "annotations.objects")
    if vectors is not None and len(vectors) >= 4 * FEWEST:
        found += _alike(vectors)
    known: dict[bytes, Facet] = {}
    for each in found:
        if FEWEST <= each.mask.sum() <= len(samples) - FEWEST:
            known.setdefault(each.mask.tobytes(), each)  # the same pictures are asked about once
    return list(known.values())


def looks_of(samples: Sequence[Sample], blobs: Blobs, threads: int) -> Floats:
    """Image statistics of each picture, of large JPEGs from a smaller decode: (N, 8)."""

    def look(sample: Sample) -> NDArray[np.floating[Any]]:
        try:
            raw = np.frombuffer(blobs.get(sample.image), np.uint8)
        except VisloopError:
            raw = np.zeros(0, np.uint8)
        side = max(sample.width, sample.height)
        mode = next((how for px, how in _REDUCED if side >= px), cv2.IMREAD_COLOR)
        bgr = cv2.imdecode(raw, mode) if len(raw) else None
        if bgr is None:
            return np.full(len(vision.STATISTIC_NAMES), np.nan)
        return vision.image_statistics(np.ascontiguousarray(bgr[:, :, ::-1], np.uint8))

    with ThreadPoolExecutor(max_workers=threads) as pool:
        rows = list(pool.map(look, samples))
    return np.array(rows, np.float64).reshape(len(samples), len(vision.STATISTIC_NAMES))


def _metadata(samples: Sequence[Sample]) -> Iterator[Facet]:
    keys = {key for sample in samples for key in sample.metadata} - _OURS
    for key in sorted(keys, key=lambda each: ("." in each, each)):  # a data set's own fields first
        values = [sample.metadata.get(key) for sample in samples]
        known = [value for value in values if value is not None]
        if any(isinstance(value, dict | list) for value in known):
            continue
        if len(set(known)) <= _MOST_VALUES:
            for value in dict.fromkeys(known):
                mask = np.array([each == value for each in values])
                yield Facet(key, f"{key} = {_short(value)}", f"{key} = {_quoted(value)}", mask)
        elif all(isinstance(value, int | float) for value in known):
            numbers = [np.nan if value is None else float(value) for value in values]
            yield from _bands(key, np.array(numbers), key)


def _hours(samples: Sequence[Sample]) -> Iterator[Facet]:
    """Parts of the day by the hour that the picture's own time tells."""
    hours = [_hour(sample.metadata) for sample in samples]
    for part, name in enumerate(_PARTS_OF_DAY):
        mask = np.array([hour is not None and hour // 6 == part for hour in hours])
        yield Facet("time of day", name, "", mask)


def _hour(metadata: Mapping[str, Any]) -> int | None:
    for key in ("captured", "exif.taken"):
        try:
            return datetime.fromisoformat(str(metadata[key])).hour
        except (KeyError, ValueError):
            continue
    return None


def _bands(of: str, values: Floats, field: str) -> Iterator[Facet]:
    """The lowest and the highest fifth, by value: equal ones stay together."""
    known = values[~np.isnan(values)]
    if len(np.unique(known)) <= 1:
        return
    low, high = np.quantile(known, _FIFTHS)
    for sign, bound, mask in (("≤", low, values <= low), ("≥", high, values >= high)):
        if mask.sum() < len(known) / 2:
            text = f"{of} {sign} {bound:.4g}"
            yield Facet(of, text, text.replace("≤", "<=").replace("≥", ">=") if field else "", mask)


def _alike(vectors: Floats) -> Iterator[Facet]:
    """Clusters of embeddings in their sixteen widest directions: k-means from far apart points."""
    middle = vectors - vectors.mean(axis=0)
    _, axes = np.linalg.eigh(middle.T @ middle)
    flat = middle @ axes[:, -16:]
    centres = flat[[int((flat**2).sum(axis=1).argmin())]]
    for _ in range(int(np.clip(len(vectors) // 50, 2, 10)) - 1):
        centres = np.vstack([centres, flat[_apart(flat, centres).min(axis=1).argmax()]])
    for _ in range(_ROUNDS):
        of = _apart(flat, centres).argmin(axis=1)
        members = [flat[of == number] for number in range(len(centres))]
        centres = np.array(
            [m.mean(axis=0) if len(m) else c for m, c in zip(members, centres, strict=True)]
        )
    of = _apart(flat, centres).argmin(axis=1)
    for number in range(len(centres)):
        yield Facet("look-alikes", f"look-alikes {number + 1}", "", of == number)


def _apart(points: Floats, centres: Floats) -> Floats:
    """Squared distances, (N, K)."""
    return (points**2).sum(axis=1)[:, None] - 2 * points @ centres.T + (centres**2).sum(axis=1)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= _MOST_TEXT else text[: _MOST_TEXT - 1] + "…"


def _quoted(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
