"""What the tests of formats share: small pictures, samples, an import as `add` does it."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from visloop.data.formats import ExportReport
from visloop.data.formats.coco.writing import export_coco
from visloop.data.ingest.probe import probe
from visloop.data.ingest.records import Probe
from visloop.data.ingest.scan import Scan, scan
from visloop.data.ingest.settle import settle
from visloop.data.records import AddOptions, ClassDictionary, ClassEntry, Refusal, Sample
from visloop.ids import digest_of, sample_id
from visloop.vision import (
    Annotation,
)

SIZE = (64, 48)
CLASSES = ClassDictionary(
    entries=(
        ClassEntry(id=3, name="cat", parent="animal", aliases=("kitty",), color="#ff0000"),
        ClassEntry(id=9, name="dog", definition="barks"),
        ClassEntry(id=90, name="never seen"),
    ),
    next_id=91,
)
BLOBS: dict[str, bytes] = {}


def jpeg(colour: int = 90, size: tuple[int, int] = SIZE, **how: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (colour, colour, colour)).save(out, "JPEG", **how)
    return out.getvalue()


def sample(path: str, data: bytes, *annotations: Annotation, **more: Any) -> Sample:
    found = probe(data, path)
    assert isinstance(found, Probe), found
    digest = digest_of(data)
    BLOBS[digest] = data
    return Sample(
        id=sample_id("d", path, digest),
        path=path,
        image=digest,
        bytes=len(data),
        width=found.width,
        height=found.height,
        media=found.media,
        mode=found.mode,
        orientation=found.orientation,
        annotations=annotations,
        **more,
    )


def taken(seen: Scan) -> tuple[list[Sample], list[Refusal], list[str]]:
    """What an import makes of a scan: samples, refusals, notes."""
    samples: list[Sample] = []
    refusals: list[Refusal] = []
    notes: list[str] = []
    for item in seen:
        if isinstance(item, Refusal):
            refusals.append(item)
            continue
        data = Path(item.file).read_bytes()
        found = probe(data, item.path)
        if isinstance(found, Refusal):
            refusals.append(found)
            continue
        done = settle(item, found)
        refusals += done.refusals
        notes += done.notes
        more = {"split": item.split, "metadata": item.metadata}
        samples.append(sample(item.path, data, *(done.annotations or ()), **more))
    return samples, refusals, [*notes, *seen.notes()]


def export(samples: Sequence[Sample], folder: Path, **how: Any) -> ExportReport:
    return export_coco(samples, CLASSES, BLOBS.__getitem__, folder, **how)


def read(folder: Path) -> list[Sample]:
    samples, refusals, _ = taken(scan([folder], AddOptions()))
    assert not refusals
    return samples


def coco(folder: Path, document: dict[str, Any], pictures: dict[str, bytes]) -> Path:
    """A small COCO folder; the document's parts that are not given are sensible."""
    for name, data in pictures.items():
        file = folder / "images" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    whole = {"categories": [{"id": 3, "name": "cat", "supercategory": "animal"}]} | document
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    (folder / "annotations" / "instances_train.json").write_text(json.dumps(whole))
    return folder


def entry(number: int, name: str, size: tuple[int, int] = SIZE, **more: Any) -> dict[str, Any]:
    return {"id": number, "file_name": name, "width": size[0], "height": size[1], **more}


def thing(number: int, image: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "image_id": image, "category_id": 3, "iscrowd": 0, **more}
