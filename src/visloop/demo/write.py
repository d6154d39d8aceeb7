"""The line's pictures on disk, with their truth beside them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from visloop.demo.drift import Drift
from visloop.demo.line import Frame, Line, encode
from visloop.errors import UsageError
from visloop.ids import FORMAT, digest_of
from visloop.progress import Progress, Silent

Layout = Literal["classes", "flat", "coco"]
TRUTH_FILE: Final = "truth.csv"
COCO_FILE: Final = "annotations.json"


@dataclass(frozen=True)
class TruthRow:
    """One part in one picture: a line of `truth.csv`."""

    file: str
    image: str
    label: str
    defect: str
    kind: str
    finish: str
    x1: float
    y1: float
    x2: float
    y2: float
    time: str


@dataclass(frozen=True)
class Manifest:
    """What was written.

    Attributes:
        folder: where.
        count: pictures.
        labels: label → parts of it.
        rows: the truth, one row a part, in the order of the pictures.
        truth: the file `truth.csv`.
        coco: the file `annotations.json`, in layout `coco`.
    """

    folder: Path
    count: int
    labels: dict[str, int]
    rows: tuple[TruthRow, ...]
    truth: Path
    coco: Path | None = None


def write_images(
    line: Line,
    out_dir: Path,
    count: int,
    *,
    start: int = 0,
    layout: Layout = "classes",
    drifts: Iterable[Drift] = (),
    progress: Progress | None = None,
) -> Manifest:
    """Write pictures `start` … `start + count - 1` as JPEG files, and their truth.

    Written twice, the files are the same.

    Args:
        line: whose pictures.
        out_dir: made where it is missing.
        count: how many.
        start: the first one's number.
        layout: `classes` (a folder for each label), `flat` (no folders, for production traffic), or
            `coco` (a folder `images` and boxes and masks in `annotations.json`).
        drifts: what has changed on the line.
        progress: who is told.

    Raises:
        UsageError: layout `classes` for pictures that hold several parts.
    """
    if layout == "classes" and line.mode != "one":
        raise UsageError(
            f"a line of mode {line.mode!r} has no single class for a picture",
            fix="use layout 'coco', or a line of mode 'one'",
        )
    drifts = tuple(drifts)
    rows: list[TruthRow] = []
    coco = _Coco(line)
    todo = range(start, start + count)
    for index in (progress or Silent()).track(todo, doing="draw", unit="image", total=count):
        frame = line.frame(index, drifts)
        raw = encode(frame)
        file = f"{_folder(frame, layout)}line{line.seed}-{index:06d}.jpg"
        target = out_dir / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
        rows.extend(_rows(frame, file, digest_of(raw)))
        if layout == "coco":
            coco.add(frame, file)
    truth = out_dir / TRUTH_FILE
    write_rows(truth, rows)
    labels = dict(sorted(Counter(row.label for row in rows).items()))
    found = coco.write(out_dir / COCO_FILE) if layout == "coco" else None
    return Manifest(out_dir, count, labels, tuple(rows), truth, found)


def _folder(frame: Frame, layout: Layout) -> str:
    match layout:
        case "classes":
            return f"{frame.label}/"
        case "coco":
            return "images/"
        case "flat":
            return ""


def _rows(frame: Frame, file: str, image: str) -> Iterator[TruthRow]:
    for part in frame.parts:
        x1, y1, x2, y2 = part.xyxy or (0.0, 0.0, 0.0, 0.0)
        yield TruthRow(
            file=file,
            image=image,
            label=part.label,
            defect=part.defect,
            kind=part.kind,
            finish=part.finish,
            x1=x1,
            y1=y1,
            x2=x2,
            y2=y2,
            time=frame.time.isoformat(timespec="milliseconds"),
        )


def write_rows(path: Path, rows: Iterable[TruthRow]) -> None:
    """Write `truth.csv`: a head line, then a line a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(TruthRow.__dataclass_fields__)
        writer.writerows([getattr(row, name) for name in row.__dataclass_fields__] for row in rows)


class _Coco:
    """Collects COCO's lists: images, annotations with run-length masks, categories."""

    def __init__(self, line: Line) -> None:
        self._numbers = {label: k for k, label in enumerate(line.labels, start=1)}
        self._images: list[dict[str, Any]] = []
        self._annotations: list[dict[str, Any]] = []

    def add(self, frame: Frame, file: str) -> None:
        """Add a picture and its parts."""
        height, width = frame.image.shape[:2]
        number = len(self._images) + 1
        name = file.removeprefix("images/")
        self._images.append({"id": number, "file_name": name, "width": width, "height": height})
        for part in frame.parts:
            if (xyxy := part.xyxy) is None:
                continue
            x1, y1, x2, y2 = xyxy
            mask = part.mask()
            category = self._numbers.setdefault(part.label, len(self._numbers) + 1)
            self._annotations.append(
                {
                    "id": len(self._annotations) + 1,
                    "image_id": number,
                    "category_id": category,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": sum(mask.counts[1::2]),
                    "iscrowd": 0,
                    "segmentation": {"size": list(mask.size_hw), "counts": list(mask.counts)},
                    "attributes": part.attributes,
                }
            )

    def write(self, path: Path) -> Path:
        """Write the one JSON file."""
        categories = [{"id": k, "name": label} for label, k in self._numbers.items()]
        whole = {
            "info": {"description": "Visloop virtual factory line", "format": FORMAT},
            "images": self._images,
            "annotations": self._annotations,
            "categories": categories,
        }
        path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=1))
        return path
