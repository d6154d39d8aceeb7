"""Writing a sheet: an HTML page or a PNG, by the ending of the file's name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

from visloop.data.comparing.records import Diff, SampleChange
from visloop.data.comparing.sheets import image, page
from visloop.data.records import Sample
from visloop.errors import UsageError

ENDINGS: Final = (".html", ".png")
MOST_IN_IMAGE: Final = 60
Picture: TypeAlias = Callable[[Sample], bytes]


def sheet_ending(file: Path) -> str:
    """How a sheet of that name is written.

    Raises:
        UsageError: the name says neither HTML nor PNG.
    """
    ending = file.suffix.lower()
    if ending in ENDINGS:
        return ending
    raise UsageError(
        f"a sheet is no {ending or 'file without an ending'!r}", fix="changes.html or changes.png"
    )


def sheet(found: Diff, picture: Picture, file: Path) -> int:
    """Draw the details of a comparison, which must hold both sides; how many samples were drawn.

    Args:
        found: the comparison, `sides` asked for.
        picture: the upright picture of a sample as JPEG, of any size; empty: it cannot be shown.
        file: where to; its folder is made, a file of that name is overwritten.

    Raises:
        UsageError: the name says neither HTML nor PNG.
    """
    html = sheet_ending(file) == ".html"
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = found.details if html else found.details[:MOST_IN_IMAGE]
    more = found.total - len(rows)
    if html:
        with file.open("w", encoding="utf-8") as out:
            out.writelines(_lines(found, rows, picture, more))
    else:
        drawn = [(each, _pictures(each, picture)) for each in rows]
        names = (found.a, found.b)
        title = f"{found.a} → {found.b}"
        file.write_bytes(image.drawn(title, counts(found), names, drawn, more))
    return len(rows)


def _lines(
    found: Diff, rows: tuple[SampleChange, ...], picture: Picture, more: int
) -> Iterator[str]:
    yield page.head(found.a, found.b, counts(found))
    for number, each in enumerate(rows):
        yield page.pair(number, each, (found.a, found.b), _pictures(each, picture))
    yield page.foot(more)


def _pictures(change: SampleChange, picture: Picture) -> tuple[bytes, bytes]:
    was = picture(change.was) if change.was else b""
    same = change.was and change.now and change.was.image == change.now.image
    return was, was if same else picture(change.now) if change.now else b""


def counts(found: Diff) -> str:
    """`3 samples changed; 4 objects relabelled, 1 moved`."""
    parts = [
        ", ".join(f"{n:,} {kind.replace('_', ' ')}" for kind, n in vars(side).items() if n)
        for side in (found.samples, found.objects)
    ]
    named = [
        f"{what} {part}" for what, part in zip(("samples", "objects"), parts, strict=True) if part
    ]
    return "; ".join(named) or "the same"
