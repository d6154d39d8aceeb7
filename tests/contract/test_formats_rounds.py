"""Every format: what it says it carries comes back equal, and what it does not is named as a loss."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.rounds import BLOBS, CLASSES, WORDS, data_sets, plain, same_picture
from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.data.formats import CARRIED, FORMATS
from visloop.data.formats.coco.writing import export_coco
from visloop.ids import Ref

WRITTEN = [name for name, each in FORMATS.items() if each.write is not None]
HEALTHY = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[data.DataPorts]:
    made = make_ports(tmp_path_factory.mktemp("rounds"))
    yield made
    close(made)


def imported(ports: data.DataPorts, folder: Path, format_: str) -> tuple[str, data.Added]:
    """A data set of its own with what lies in the folder."""
    name = f"set{next(_numbers)}"
    options = data.AddOptions(format=format_)
    done = data.add(ports, SCOPE, name, [folder], options)
    return name, done


def samples(ports: data.DataPorts, name: str) -> dict[str, data.Sample]:
    found = data.open(ports, Ref.parse(f"{name}@work"))
    return {each.path: each for each in found.samples()}


def test_only_known_words_are_claimed() -> None:
    assert WRITTEN
    for name in WRITTEN:
        assert FORMATS[name].carries <= CARRIED.keys(), name
        assert "images" in FORMATS[name].carries, name


@pytest.mark.parametrize("format_", WRITTEN)
@HEALTHY
@given(drawn=st.data())
def test_import_export_import(
    ports: data.DataPorts,
    tmp_path_factory: pytest.TempPathFactory,
    format_: str,
    drawn: st.DataObject,
) -> None:
    words = FORMATS[format_].carries
    made = drawn.draw(data_sets(words))
    root = tmp_path_factory.mktemp("round")
    export_coco(made, CLASSES, BLOBS.__getitem__, root / "first", upright="keep")
    first, _ = imported(ports, root / "first", "coco")
    before = samples(ports, first)
    _export(ports, first, root / "out", format_)
    second, done = imported(ports, root / "out", format_)
    after = samples(ports, second)
    assert done.quarantined == 0, done.notes
    assert len(after) == len(before)
    if "paths" in words:
        assert after.keys() == before.keys()
    pairs = zip(sorted(before.values(), key=_stem), sorted(after.values(), key=_stem), strict=True)
    for was, now in pairs:
        assert plain(now, words) == plain(was, words), (was.path, done.notes)
        assert same_picture(format_, was, now, ports.blobs.get)
    _check_classes(ports, first, second, words)


def _stem(sample: data.Sample) -> str:
    return sample.path.rpartition("/")[2].rpartition(".")[0][-1] + sample.path


def _export(ports: data.DataPorts, name: str, folder: Path, format_: str) -> data.Exported:
    return data.export(ports, SCOPE, Ref.parse(f"{name}@work"), folder, format_)


def _check_classes(ports: data.DataPorts, first: str, second: str, words: frozenset[str]) -> None:
    before = {each.name: each for each in data.classes(ports, SCOPE, first).entries}
    after = {each.name: each for each in data.classes(ports, SCOPE, second).entries}
    if "classes" in words:
        assert after.keys() == before.keys()
    for name, entry in after.items():
        if "class ids" in words:
            assert entry.id == before[name].id, name
        if "class details" in words:
            assert entry == before[name]


# words whose absence must be told, and the kinds of losses that tell it; ids of objects are our own,
# and the letters of a path are told by what was renamed
TOLD = {
    "negatives": {"not_labelled", "negatives", "negative"},
    "splits": {"split", "splits"},
    "class labels": {"class_label", "class_labels"},
    "numbers": {"number", "numbers"},
    "boxes": {"box", "boxes"},
    "oriented boxes": {"oriented_box", "oriented_boxes"},
    "polygons": {"polygon", "polygons", "outline"},
    "masks": {"mask", "masks", "outline"},
    "points": {"points"},
    "tracks": {"track", "tracks"},
    "attributes": {"attributes"},
    "crowd": {"crowd"},
    "ignore": {"ignore"},
    "scores": {"scores", "score", "provenance"},
    "review": {"review", "provenance"},
    "metadata": {"metadata"},
    "class details": {"class_dictionary", "class_details"},
}


# words that a format carries in part: what it does not is told, and held by the format's own tests
IN_PART = {"class-folders": {"class labels", "splits"}}


def occurring(made: list[data.Sample]) -> set[str]:
    """The words of what these samples hold."""
    held = [each for sample in made for each in sample.annotations]
    found = {WORDS[type(each)] for each in held}
    told = {
        "negatives": any(not each.labelled for each in made),
        "splits": any(each.split for each in made),
        "attributes": any(each.attributes for each in held),
        "crowd": any(each.crowd for each in held),
        "ignore": any(each.ignore for each in held),
        "scores": any(each.score is not None for each in held),
        "review": any(each.author for each in held),
        "metadata": any("lux" in each.metadata for each in made),
        "class details": True,
    }
    return found | {word for word, occurs in told.items() if occurs}


@pytest.mark.parametrize("format_", WRITTEN)
@HEALTHY
@given(made=data_sets(CARRIED))
def test_what_does_not_travel_is_named(
    tmp_path_factory: pytest.TempPathFactory,
    format_: str,
    made: list[data.Sample],
) -> None:
    root = tmp_path_factory.mktemp("loss")
    write = FORMATS[format_].write
    assert write is not None
    report = write(made, CLASSES, BLOBS.__getitem__, root / "out")
    assert report.images == len(made)
    kinds = {loss.kind for loss in report.losses}
    lost = occurring(made) - FORMATS[format_].carries - IN_PART.get(format_, set())
    for word in lost & TOLD.keys():
        assert kinds & TOLD[word], f"{word} are lost without a word; told: {kinds}"
    assert all(loss.what and loss.count > 0 for loss in report.losses)


def test_every_kind_of_object_has_a_word() -> None:
    assert set(WORDS.values()) <= TOLD.keys()
