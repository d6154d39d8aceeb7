"""Labels of a film that lies beside them: whatever a file says, it is read or refused."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.formats_any import garbled
from visloop.data.formats import LabelsUnreadable
from visloop.data.formats.film import MOST_FRAMES
from visloop.data.ingest.records import Found
from visloop.data.ingest.scan import scan
from visloop.data.records import AddOptions, Refusal
from visloop.errors import UsageError

THEIRS = Path(__file__).parents[1] / "peers" / "theirs"
CVAT = (THEIRS / "cvat-video.xml").read_bytes()
STUDIO = (THEIRS / "label-studio-video.json").read_bytes()


def offered(raw: bytes, name: str, frames: str = "all") -> list[Found | Refusal]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(raw)
        (Path(folder) / "smears.mp4").touch()
        kind = "cvat" if name.endswith("xml") else "label-studio"
        return list(scan([folder], AddOptions(format=kind, frames=frames)))


@given(st.one_of(garbled(CVAT), garbled(STUDIO)))
@settings(max_examples=120, deadline=None)
def test_nothing_in_a_file_breaks_the_reader(raw: bytes) -> None:
    for name in ("annotations.xml", "tasks.json"):
        try:
            found = offered(raw, name)
        except (LabelsUnreadable, UsageError):  # of no format, or of the other one
            continue
        assert all(each.path for each in found)


@pytest.mark.parametrize(
    ("name", "raw", "was", "now"),
    [
        ("annotations.xml", CVAT, b"<stop_frame>10<", b"<stop_frame>999999999999<"),
        ("annotations.xml", CVAT, b'frame="10"', b'frame="999999999999"'),
        ("tasks.json", STUDIO, b'"framesCount": 12', b'"framesCount": 999999999999'),
        ("tasks.json", STUDIO, b'"frame": 10,', b'"frame": 999999999999,'),
    ],
)
def test_a_film_said_to_be_without_end_is_read_to_a_bound(
    name: str, raw: bytes, was: bytes, now: bytes
) -> None:
    assert was in raw
    (film,) = offered(raw.replace(was, now), name)
    assert isinstance(film, Found)
    assert film.moments
    assert max(film.moments) <= MOST_FRAMES


def test_what_is_wrong_in_a_film_is_said_and_the_rest_is_taken() -> None:
    turned = STUDIO.replace(b'"rotation": 0', b'"rotation": 30', 1)
    (film,) = offered(turned, "tasks.json")
    assert isinstance(film, Found)
    assert film.moments
    (no,) = film.moments[0].refusals
    assert "turned box" in no.reason
    assert [each.label for each in film.moments[4].annotations] == ["WBC"]


def test_without_frames_it_says_how_to_have_them() -> None:
    for name, raw in (("annotations.xml", CVAT), ("tasks.json", STUDIO)):
        (refusal,) = offered(raw, name, frames="")
        assert isinstance(refusal, Refusal)
        assert refusal.path == "smears.mp4"
        assert "--frames" in refusal.fix


def test_a_picture_that_names_its_film_is_a_picture() -> None:
    task = {"id": 1, "data": {"image": "a.jpg", "taken_from": "smears.mp4"}, "annotations": []}
    (refusal,) = offered(json.dumps([task]).encode(), "tasks.json")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason_code, refusal.path) == ("missing_image", "a.jpg")


def test_what_the_task_says_besides_goes_with_the_film() -> None:
    more = STUDIO.replace(b'"data": {', b'"data": {"split": "Train", "line": "3a", ')
    (film,) = offered(more, "tasks.json")
    assert isinstance(film, Found)
    assert (film.split, film.metadata) == ("train", {"line": "3a"})
