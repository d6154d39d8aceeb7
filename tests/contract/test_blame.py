"""Blame on a real ledger: each field of each box leads to the version that set it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.data_world import SCOPE, close, folder_of, make_ports, view
from visloop import data
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.vision import Box

CAT = "cat/cat0.jpg"
HEAD = Ref.parse("pets")


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    data.add(made, SCOPE, "pets", [folder_of(tmp_path / "photos", cat=2, dog=2)])
    data.commit(made, SCOPE, "pets", "first")
    yield made
    close(made)


def change(ports, message: str, path: str = CAT, **fields) -> None:
    sample = msgspec.structs.replace(view(ports, "pets@work")[path], **fields)
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "pets", [sample])
    data.commit(ports, SCOPE, "pets", message)


def told(ports, path: str = CAT, **more) -> dict[tuple[str, str], str]:
    found = data.blame(ports, SCOPE, HEAD, path, **more)
    return {(each.object, each.field): each.version for each in found}


def box(right: float, label: str = "cat", **more) -> Box:
    return Box(id="b1", label=label, xyxy=(1, 1, right, 9), **more)


def test_each_field_of_a_box_leads_to_the_version_that_set_it(ports) -> None:
    change(ports, "drawn", annotations=(box(9, author="model:net@v3"),))
    change(ports, "relabelled", annotations=(box(9, "dog", author="model:net@v3"),))
    change(ports, "elsewhere", path="dog/dog0.jpg", split="val")
    change(ports, "described", annotations=(box(9, "dog", attributes={"wet": 1}),))
    change(ports, "split", split="val")
    found = told(ports, object_="b1")
    assert found == {
        ("b1", "geometry"): "v2",
        ("b1", "label"): "v3",
        ("b1", "review"): "v2",
        ("b1", "attributes.wet"): "v5",
    }
    rows = data.blame(ports, SCOPE, Ref.parse("pets@v3"), CAT, object_="b1")
    drawn = next(each for each in rows if each.field == "geometry")
    assert (drawn.message, drawn.author, drawn.actor) == ("drawn", "model:net@v3", "user:owner")
    assert told(ports)["", "split"] == "v6"


def test_a_sample_is_followed_to_where_it_was(ports) -> None:
    change(ports, "described", metadata={"site": "north"})
    sample = view(ports, "pets")[CAT]
    with ports.ledger.write(SCOPE) as write:
        moved = msgspec.structs.replace(sample, path="new/place.jpg")
        data.stage(ports, write, "pets", [moved], removed=[CAT])
    data.commit(ports, SCOPE, "pets", "moved")
    found = told(ports, "new/place.jpg")
    assert found["", "path"] == "v3"
    assert found["", "metadata.site"] == "v2"
    assert found["", "image"] == "v1"


def test_in_a_merge_each_field_follows_its_side(ports) -> None:
    change(ports, "drawn", annotations=(box(9),))
    data.branch(ports, SCOPE, "pets", "fix")
    change(ports, "wider", annotations=(box(12),))
    data.switch(ports, SCOPE, "pets", "fix")
    change(ports, "a dog", annotations=(box(9, "dog"),))
    data.switch(ports, SCOPE, "pets", "main")
    assert data.merge(ports, SCOPE, "pets", "fix").version.name == "v5"
    found = told(ports, object_="b1")
    assert found["b1", "geometry"] == "v3"
    assert found["b1", "label"] == "v4"
    assert found["b1", "review"] == "v2"


def test_what_is_not_there_is_told(ports) -> None:
    with pytest.raises(data.SampleNotFound):
        data.blame(ports, SCOPE, HEAD, "nothing.jpg")
    with pytest.raises(data.ObjectNotFound):
        data.blame(ports, SCOPE, HEAD, CAT, object_="zzz")
    with pytest.raises(UsageError):
        data.blame(ports, SCOPE, Ref.parse("pets@work"), CAT)
