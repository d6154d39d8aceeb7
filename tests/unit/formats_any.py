"""What the tests of any format share: made-up data sets, out and in again, garbled label files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from tests.unit.formats_parts import BLOBS, CLASSES, SIZE, jpeg, sample
from visloop.data.formats import FORMATS, ExportReport, LabelsUnreadable, rle
from visloop.data.ingest.probe import probe
from visloop.data.ingest.scan import Scan, scan
from visloop.data.ingest.settle import settle
from visloop.data.records import AddOptions, ClassDictionary, ClassEntry, Refusal, Sample
from visloop.vision import (
    Annotation,
    Box,
    ClassLabel,
    Mask,
    NumberValue,
    OrientedBox,
    Points,
    Polygon,
    Track,
)

WIDTH, HEIGHT = SIZE
NAMES = ("cat", "dog", "Größe 🦊", 'q"uo<t>e & co')
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=8)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(-1e6, 1e6),
    WORDS,
    st.none(),
    st.lists(st.integers(0, 9), max_size=2),
)
ATTRIBUTES = st.dictionaries(
    st.one_of(
        WORDS, st.sampled_from(["track_id", "score", "is_crowd", "group", "z_order", "occluded"])
    ),
    VALUES,
    max_size=3,
)


TRACKED = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {
            "track": st.sampled_from(["7", "007", "t-ä"]),
            "key_frame": st.booleans(),
            "ends": st.booleans(),
        }
    ),
)


def _corners(draw: Any) -> tuple[float, float, float, float]:
    steps = st.floats(0, 1, allow_subnormal=False)
    exact = draw(st.booleans())
    across, down = draw(st.tuples(steps, steps)), draw(st.tuples(steps, steps))
    x1, x2 = sorted(value * (WIDTH - 2) for value in across)
    y1, y2 = sorted(value * (HEIGHT - 2) for value in down)
    x2, y2 = x2 + 1, y2 + 1
    box = (x1, y1, x2, y2)
    return box if exact else tuple(float(round(each)) for each in (x1, y1, x2 + 1, y2 + 1))  # type: ignore[return-value]


@st.composite
def annotation(draw: Any, at: int) -> Annotation:  # noqa: PLR0911 - one a kind
    """Any annotation, with an id of its own."""
    common: dict[str, Any] = {
        "id": f"o{at}",
        "label": draw(st.sampled_from(NAMES)),
        "attributes": draw(ATTRIBUTES),
        "ignore": draw(st.booleans()),
        "crowd": draw(st.booleans()),
        "author": draw(st.sampled_from(["", "user:eva", "model:net@v3"])),
        "score": draw(st.one_of(st.none(), st.floats(0, 1))),
        "review": draw(st.sampled_from(["accepted", "proposed", "draft", "rejected"])),
    }
    box = _corners(draw)
    x1, y1, x2, y2 = box
    match draw(st.integers(0, 7)):
        case 0:
            return ClassLabel(**common)
        case 1:
            return NumberValue(**common, value=draw(st.floats(-1e9, 1e9)), unit=draw(WORDS))
        case 2:
            return Box(**common, xyxy=box)
        case 3:
            around = ((x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
            turn = draw(st.floats(-360, 360))
            return OrientedBox(**common, cxcywh=around, angle_deg=turn, **draw(TRACKED))
        case 4:
            ring = (x1, y1, x2, y1, x2, y2, x1, y2)
            inner = (x1, y1, x2, y1, (x1 + x2) / 2, y2)
            return Polygon(
                **common, rings=draw(st.sampled_from([(ring,), (ring, inner)])), **draw(TRACKED)
            )
        case 5:
            bits = draw(st.lists(st.tuples(st.integers(0, 47), st.integers(0, 63)), min_size=1))
            bitmap = rle.to_bitmap((WIDTH * HEIGHT,), (HEIGHT, WIDTH)).copy()
            for y, x in bits:
                bitmap[y, x] = True
            runs = rle.from_bitmap(bitmap)
            return Mask(**common, size_hw=(HEIGHT, WIDTH), counts=runs, **draw(TRACKED))
        case 6:
            seen = draw(st.lists(st.integers(0, 2), min_size=2, max_size=2))
            names, edges = draw(
                st.sampled_from([((), ()), (("a", "b"), ((0, 1),)), (("z", "y"), ())])
            )
            points = ((x1, y1, seen[0]), (x2, y2, seen[1]))
            return Points(**common, points=points, names=names, edges=edges, **draw(TRACKED))
        case _:
            return Track(**common, xyxy=box, **(draw(TRACKED) or {"track": "7"}))


@st.composite
def data_set(draw: Any) -> list[Sample]:
    """Some pictures, with anything on them."""
    paths = draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3, unique=True))
    samples: list[Sample] = []
    for number, path in enumerate(paths):
        count = draw(st.integers(0, 4))
        found = tuple(draw(annotation(at)) for at in range(count))
        more: dict[str, Any] = {
            "split": draw(st.sampled_from([None, "train", "val", "test", "gold/ü", "default"])),
            "metadata": draw(st.dictionaries(WORDS, VALUES, max_size=2)),
            "labelled": bool(found) or draw(st.booleans()),
        }
        samples.append(sample(path, jpeg(number), *found, **more))
    return samples


PATHS = ("a.jpg", "b/a.jpg", "b/Ünï 🦊 & 'q\".jpg", "A.jpg", "con.jpg", "b/x#1 %41.jpg")
DICTIONARY = ClassDictionary(
    entries=(*CLASSES.entries, ClassEntry(id=95, name=NAMES[3]), ClassEntry(id=96, name=NAMES[2])),
    next_id=97,
)


def taken_in(seen: Scan) -> tuple[list[Sample], list[Refusal], list[str]]:
    """What an import makes of a scan, also whether anybody looked at the pictures."""
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
        labelled = done.annotations is not None
        more: dict[str, Any] = {"split": item.split, "metadata": item.metadata}
        samples.append(
            sample(item.path, data, *(done.annotations or ()), labelled=labelled, **more)
        )
    return samples, refusals, [*notes, *seen.notes()]


def load(
    path: Path, name: str = "auto"
) -> tuple[dict[str, Sample], dict[str, list[Refusal]], list[str]]:
    """By path: samples, refusals; and the notes."""
    samples, refusals, notes = taken_in(scan([path], AddOptions(format=name)))
    by_path = {each.path: each for each in samples}
    assert len(by_path) == len(samples)
    refused: dict[str, list[Refusal]] = {}
    for each in refusals:
        refused.setdefault(each.path, []).append(each)
    return by_path, refused, notes


def write(name: str, samples: Iterable[Sample], folder: Path, **how: Any) -> ExportReport:
    """An export."""
    exported = FORMATS[name].write
    assert exported is not None
    return exported(samples, DICTIONARY, BLOBS.__getitem__, folder, **how)


def comes_back_equal(name: str, samples: Sequence[Sample]) -> ExportReport:
    """Out and in again: pictures, paths, splits, metadata, every annotation, every class."""
    with tempfile.TemporaryDirectory() as folder:
        report = write(name, samples, Path(folder) / "out")
        seen = scan([Path(folder) / "out"], AddOptions())
        assert FORMATS[seen.formats[0]].read is FORMATS[name].read
        assert seen.classes == DICTIONARY.entries
        again, refusals, notes = taken_in(seen)
    assert not refusals
    assert not [note for note in notes if "clipped" in note or "left out" in note], notes
    before = {each.path: each for each in samples}
    assert {each.path for each in again} == before.keys()
    for each in again:
        was = before[each.path]
        assert (each.image, each.split, each.metadata, each.labelled) == (
            was.image,
            was.split,
            was.metadata,
            was.labelled,
        )
        assert {a.id: a for a in each.annotations} == {a.id: a for a in was.annotations}
    return report


def garbled(good: bytes) -> st.SearchStrategy[bytes]:
    """Bytes that are nothing, and good ones with something wrong in them."""

    def broken(spots: list[tuple[int, bytes]]) -> bytes:
        raw = bytearray(good)
        for spot, junk in spots:
            at = spot % len(raw)
            raw[at : at + len(junk)] = junk
        return bytes(raw)

    junk = st.one_of(
        st.binary(min_size=1, max_size=3),
        st.sampled_from([b"null", b"-1", b"[]", b"{}", b'""', b"1e999", b"true", b"NaN", b"0"]),
    )
    spots = st.lists(st.tuples(st.integers(0, len(good)), junk), min_size=1, max_size=4)
    return st.one_of(st.binary(max_size=200), spots.map(broken))


def survives(name: str, folder: Path) -> None:
    """Whatever lies there is read, refused, or our own error."""
    reader: Callable[..., Any] = FORMATS[name].recognises
    if not reader(str(folder)):
        return
    try:
        samples, _, _ = taken_in(scan([folder], AddOptions(format=name)))
    except LabelsUnreadable:
        return
    assert all(isinstance(each, Sample) for each in samples)
