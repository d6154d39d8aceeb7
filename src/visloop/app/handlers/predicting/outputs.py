"""What `predict` leaves behind: JSON lines, CSV, Parquet, COCO's results; a folder of drawn pictures.

Everything is written from the journal, a row at a time, and takes its place in one step.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias

import msgspec

from visloop import config, data
from visloop.app.handlers.predicting.films import annotations_of
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.app.handlers.predicting.journal import Journal
    from visloop.vision import Contract

Row: TypeAlias = Mapping[str, Any]

ANSWERS: Final = "answers.jsonl"
COLUMNS: Final = {
    "file": str,
    "time_s": float,
    "label": str,
    "score": float,
    "x1": float,
    "y1": float,
    "x2": float,
    "y2": float,
    "value": float,
    "unit": str,
    "mask": str,
    "error": str,
}
"""Of tables: a line for each thing found, and for each picture without one."""


def is_folder(out: Path) -> bool:
    """Whether drawn pictures are wanted."""
    return out.is_dir() or not out.suffix


def check_out(out: Path, contract: Contract) -> None:
    """Refuse, before anything is answered, what `out` could not hold.

    Raises:
        UsageError: COCO's results and a model of numbers or vectors, a table and vectors.
        MissingExtra: Parquet, and pyarrow is not installed.
    """
    task, kind = contract.decode.task, out.suffix.lower()
    others = f"JSON lines: --out {out.with_suffix('.jsonl')}"
    if kind == ".json" and task == "regress":
        raise UsageError(
            "COCO's results hold no numbers, and this model answers with nothing else",
            fix=f"{others}   or drawn: --out FOLDER",
        )
    if kind in {".json", ".csv", ".parquet"} and task == "embed":
        raise UsageError(f"a {kind} file holds no vectors, this model's answers", fix=others)
    if kind == ".parquet":
        config.load_plugin("answers", "parquet", extra="parquet")


def write_out(out: Path, kept: Journal, contract: Contract) -> None:
    """The finished file, by its ending; the folder's own list of answers."""
    match ".jsonl" if is_folder(out) else out.suffix.lower():
        case ".json":
            with _replacing(out) as file:
                _coco(file, kept.rows(), contract)
        case ".csv":
            with _replacing(out) as file:
                _csv(file, kept.rows())
        case ".parquet":
            write: Callable[[BinaryIO, Mapping[str, type], Iterable[Row]], None]
            write = config.load_plugin("answers", "parquet", extra="parquet")
            with _replacing(out) as file:
                write(file, COLUMNS, _things(kept.rows()))
        case _:
            with _replacing(out / ANSWERS if is_folder(out) else out) as file:
                file.writelines(kept.lines())


class Sheets:
    """Where the drawn pictures lie: names by the file's own, counted where two are alike."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._taken = folder, Counter[str]()

    def place(self, row: Row) -> Path:
        """Of the next row's picture; every row asks, so that names do not depend on a resumption."""
        moment = f"-{row['time_s']:010.3f}" if "time_s" in row else ""
        stem = re.sub(r"[^\w.\-]+", "_", Path(row["file"]).stem) + moment
        again = self._taken[stem]
        self._taken[stem] += 1
        return self._folder / f"{stem}{f'-{again + 1}' if again else ''}.jpg"

    def write(self, place: Path, sheet: bytes) -> None:
        """The drawn picture, whole or not at all."""
        with _replacing(place) as file:
            file.write(sheet)


def _coco(file: BinaryIO, rows: Iterable[Row], contract: Contract) -> None:
    """COCO's results; `file_name` and `category` stand beside the ids, which count from 1."""
    before = b"["
    for number, row in enumerate(rows, 1):
        said = annotations_of(row)
        sure = row.get("label") is None or row["confidence"] >= contract.decode.score_threshold
        for told in data.coco_results(said if sure else (), contract.classes, number):
            file.write(before + msgspec.json.encode(told | {"file_name": row["file"]}))
            before = b","
    file.write(b"[]" if before == b"[" else b"]")


def _things(rows: Iterable[Row]) -> Iterator[Row]:
    """Lines of a table: see `COLUMNS`."""
    for row in rows:
        base: dict[str, Any] = {"file": row["file"], "time_s": row.get("time_s")}
        found = row.get("annotations")
        if "error" in row:
            yield base | {"error": f"{row['error']['code']}: {row['error']['what']}"}
        elif found is None:
            yield base | {"label": row["label"], "score": row["confidence"]}
        elif not found:
            yield base
        for thing in found or ():
            yield base | _thing(thing)


def _thing(thing: Row) -> dict[str, Any]:
    told = {key: thing[key] for key in ("label", "score", "value", "unit") if key in thing}
    if "xyxy" in thing:
        told |= dict(zip(("x1", "y1", "x2", "y2"), thing["xyxy"], strict=True))
    if "counts" in thing:
        height, width = thing["size_hw"]
        told["mask"] = f"{height}x{width} {' '.join(map(str, thing['counts']))}"
    return told


def _csv(file: BinaryIO, rows: Iterable[Row]) -> None:
    class Text:
        def write(self, text: str) -> int:
            return file.write(text.encode())

    table = csv.DictWriter(Text(), fieldnames=list(COLUMNS), restval="", lineterminator="\n")
    table.writeheader()
    table.writerows(_things(rows))


@contextmanager
def _replacing(path: Path) -> Generator[BinaryIO]:
    """A file that takes `path`'s place when it is whole."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        yield file
    temporary.replace(path)
