"""A film with the answers drawn in: every frame of the source, each with the answer that holds then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from visloop import config, data, vision
from visloop.errors import UsageError
from visloop.vision import Annotation, ClassLabel

if TYPE_CHECKING:
    from visloop.app.handlers.predicting.sources import Source
    from visloop.app.ports import Ports
    from visloop.infer import Colours

Row: TypeAlias = Mapping[str, Any]

_ENDINGS: Final = (".mp4", ".mkv", ".mov")


def check_film(video: Path, sources: Sequence[Source]) -> Path:
    """The film that is drawn into.

    Raises:
        UsageError: not exactly one film is answered, or `video` is no film's name.
        MissingExtra: the library for films is not installed.
    """
    if video.suffix.lower() not in _ENDINGS:
        raise UsageError(
            f"{video.name} is no film that is written", fix=f"use {', '.join(_ENDINGS)}"
        )
    config.load_plugin("video", "writer", extra="video")
    (source, *more) = sources
    if more or source.film is None:
        raise UsageError("--video wants one film as the only source", fix="a command for each film")
    return source.film


def write_film(
    ports: Ports, film: Path, video: Path, rows: Iterator[Row], colours: Colours
) -> None:
    """Write `video`: the frames of `film` at their times, and what was said last drawn in.

    A frame that is damaged is left out. Sides that are odd lose a line of pixels.
    """
    writer = config.load_plugin("video", "writer", extra="video")
    temporary = video.with_name(f"{video.stem}.tmp{video.suffix}")
    with film.open("rb") as stream, closing(data.open_video(stream)) as reader:
        base, times = reader.info.time_base, reader.marks().times
        first, out = float(times[0] * base), None
        answers = _Holding(rows)
        for pts in ports.progress.track(times, doing="draw", unit="frame", total=len(times)):
            with suppress(data.BrokenFile):
                rgb = reader.still(pts).rgb
                at_s = float(pts * base)
                sheet = vision.drawn(
                    rgb, answers.at(round(at_s, 3)), lambda label: colours.get(label, (0, 0, 0))
                )
                high, wide = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
                if out is None:
                    out = writer(temporary, (wide, high), reader.info.fps or 25.0)
                out.add(sheet[:high, :wide], at_s - first)
        if out is None:
            raise UsageError(f"not one frame of {film} can be decoded", fix="copy the film again")
        out.close()
    temporary.replace(video)


class _Holding:
    """What was said last at a time; times are asked in order."""

    def __init__(self, rows: Iterator[Row]) -> None:
        self._rows = rows
        self._next = next(rows, None)
        self._said: tuple[Annotation, ...] = ()

    def at(self, time_s: float) -> tuple[Annotation, ...]:
        while self._next is not None and self._next.get("time_s", 0.0) <= time_s:
            self._said = annotations_of(self._next)
            self._next = next(self._rows, None)
        return self._said


def annotations_of(row: Row) -> tuple[Annotation, ...]:
    """What a row says, as annotations."""
    if row.get("label") is not None:
        return (ClassLabel(label=row["label"], score=row["confidence"]),)
    return msgspec.convert(row.get("annotations", ()), tuple[Annotation, ...])
