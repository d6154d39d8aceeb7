"""Edits of what a picture shows: nothing is overwritten unseen, and each may be sent twice."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.train_parts import SCOPE, Workspace, folder
from visloop import data, label, store
from visloop.errors import UsageError
from visloop.events import Actor, Scope
from visloop.ids import Ref
from visloop.vision import Box, ClassLabel, Mask, OrientedBox, Points, Polygon, Track

ANN, BEN = (Scope(Actor("user", each)) for each in ("ann", "ben"))
CORNERS = (2.0, 3.0, 12.0, 13.0)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A data set `shapes` at v1 (disc, square, stripe)."""
    tmp_path = tmp_path_factory.mktemp("desk")
    workspace = Workspace(tmp_path, store.FakeClock())
    workspace.add(folder(tmp_path / "first", count=4), split="train")
    workspace.label = label.LabelPorts(workspace.ledger, workspace.data)
    yield workspace
    workspace.close()


def paths(desk) -> list[str]:
    return [each.path for each in data.open(desk.data, Ref.parse("shapes@v1")).samples()]


@pytest.fixture
def path(desk):
    """A picture nobody has edited, as v1 has it."""
    data.unstage(desk.data, SCOPE, "shapes")
    return paths(desk)[0]


def send(desk, path, *edits, who=ANN):
    return label.edit(desk.label, who, "shapes", path, edits).sample


def objects(desk, path):
    return {each.id: each for each in label.read(desk.label, SCOPE, "shapes", path).annotations}


def box(name="b1", xyxy=CORNERS, label_="disc", **more) -> Box:
    return Box(id=name, label=label_, xyxy=xyxy, **more)


def staged(desk) -> int:
    with desk.ledger.read() as connection:
        return len(connection.scalars(data.staged_paths("default", "shapes")).all())


def mine(each, who="user:ann"):
    return msgspec.structs.replace(each, author=who)


def test_what_a_person_draws_is_theirs_and_is_staged(desk, path):
    before = objects(desk, path)
    done = send(desk, path, label.Edit(put=box(score=0.4, review="proposed", author="model:m@v1")))
    assert objects(desk, path) == {**before, "b1": mine(box())}
    assert done == label.read(desk.label, SCOPE, "shapes", path)
    assert staged(desk) == 1
    fact = next(each for each in desk.ledger.facts() if each.kind == "label.edited")
    assert (fact.subject, fact.payload["added"], fact.actor) == (done.id, ["b1"], "user:ann")
    moved = box(xyxy=(3.0, 3.0, 12.0, 13.0))
    send(desk, path, label.Edit(put=moved, was=box()))
    send(desk, path, label.Edit(remove="b1", was=moved))
    assert objects(desk, path) == before
    assert not staged(desk), "as it was: nothing to commit"


def test_an_edit_sent_twice_is_one(desk, path):
    first = label.Edit(put=box())
    second = label.Edit(remove="b1", was=box())
    for each in (first, first, second, second):
        send(desk, path, each)
    assert "b1" not in objects(desk, path)


def test_what_arrives_late_and_twice_is_taken_once(desk, path):
    def send_as(key, *edits):
        return label.edit(desk.label, ANN, "shapes", path, edits, key=key)

    send_as("first", label.Edit(put=box()))
    send_as("second", label.Edit(remove="b1", was=box()))
    send_as("first", label.Edit(put=box()))  # a copy that was long on its way
    assert "b1" not in objects(desk, path)
    with pytest.raises(label.WrongShape):
        send_as("third", label.Edit(put=box(xyxy=(5.0, 5.0, 5.0, 9.0))))
    send_as("third", label.Edit(put=box()))
    assert "b1" in objects(desk, path), "what was refused was not taken"


def test_two_people_on_one_picture(desk, path):
    send(desk, path, label.Edit(put=box()), label.Edit(put=box("b2")))
    send(desk, path, label.Edit(put=box("b1", label_="square"), was=box()), who=BEN)
    send(desk, path, label.Edit(put=box("b2", label_="stripe"), was=box("b2")))
    assert {each.label for each in objects(desk, path).values() if isinstance(each, Box)} == {
        *("square", "stripe")
    }
    before = objects(desk, path)
    with pytest.raises(label.EditConflict, match="was changed by user:ben"):
        send(desk, path, label.Edit(put=box("b3")), label.Edit(remove="b1", was=box()))
    with pytest.raises(label.EditConflict, match="was changed by user:ben"):
        send(desk, path, label.Edit(put=box("b1"), was=box(xyxy=(1.0, 1.0, 5.0, 5.0))))
    with pytest.raises(label.EditConflict, match="was changed by user:ann"):
        send(desk, path, label.Edit(put=box("b2", xyxy=(1.0, 1.0, 4.0, 4.0))), who=BEN)
    assert objects(desk, path) == before, "all of the edits or none"
    send(desk, path, label.Edit(remove="b2", was=before["b2"]), who=BEN)
    with pytest.raises(label.EditConflict, match="removed by somebody else"):
        send(desk, path, label.Edit(put=box("b2"), was=before["b2"]))


def test_somebody_looked_and_there_is_nothing(desk, path):
    for each in objects(desk, path).values():
        send(desk, path, label.Edit(remove=each.id, was=each))
    assert send(desk, path, label.Edit(labelled=False)).labelled is False
    assert send(desk, path, label.Edit(labelled=True)).labelled is True
    send(desk, path, label.Edit(labelled=False))
    assert send(desk, path, label.Edit(put=ClassLabel(id="c", label="disc"))).labelled is True


WRONG = {
    "has no area": [
        box(xyxy=(5.0, 5.0, 5.0, 9.0)),
        box(xyxy=(9.0, 5.0, 5.0, 9.0)),
        Track(id="t", label="disc", track="1", xyxy=(1.0, 4.0, 3.0, 4.0)),
        OrientedBox(id="o", label="disc", cxcywh=(9.0, 9.0, 0.0, 3.0), angle_deg=10),
        Polygon(id="p", label="disc", rings=((1.0, 1.0, 5.0, 1.0),)),
    ],
    "reaches beyond": [
        box(xyxy=(-9.0, 5.0, 5.0, 9.0)),
        box(xyxy=(1.0, 5.0, 5.0, 1e6)),
        Points(id="q", label="disc", points=((-5.0, 1.0, 2),)),
    ],
    "is not a number": [box(xyxy=(1.0, 5.0, float("nan"), 9.0))],
    "the mask is not of": [
        Mask(id="m", label="disc", size_hw=(3, 3), counts=(9,)),
        Mask(id="m", label="disc", size_hw=(1, 1), counts=(4,)),
        Mask(id="m", label="disc", size_hw=(80, 96), counts=(-5, 7685)),
        Mask(id="m", label="disc", size_hw=(80, 96), counts=()),
    ],
    "half a corner": [Polygon(id="p", label="disc", rings=((1.0, 1.0, 5.0, 1.0, 5.0, 5.0, 1.0),))],
    "no point, or": [
        Points(id="q", label="disc", points=()),
        Points(id="q", label="disc", points=((5.0, 1.0, 7),)),
    ],
    "names or edges": [
        Points(id="q", label="disc", points=((5.0, 1.0, 2),), names=("a", "b")),
        Points(id="q", label="disc", points=((5.0, 1.0, 2),), edges=((0, 1),)),
    ],
    "has no name": [Track(id="t", label="disc", track="", xyxy=(1.0, 4.0, 3.0, 9.0))],
}


@pytest.mark.parametrize(
    ("why", "shape"), [(why, shape) for why, shapes in WRONG.items() for shape in shapes]
)
def test_what_is_no_shape_in_the_picture_is_refused(desk, path, why, shape):
    before = objects(desk, path)
    with pytest.raises(label.WrongShape, match=why) as refused:
        send(desk, path, label.Edit(put=shape))
    assert "pixels of the upright picture" in refused.value.fix
    assert objects(desk, path) == before


def test_what_is_no_edit_is_told(desk, path):
    for wrong in ({"put": {"type": "circle"}}, {"drop": "b1"}, {"put": {"type": "box"}}):
        with pytest.raises(UsageError, match="that is no edit") as refused:
            label.read_edits([wrong])
        assert '"put"' in refused.value.fix
    with pytest.raises(UsageError, match="without an id"):
        send(desk, path, label.Edit(put=box("")))
    deep: list[object] = []
    for _ in range(900):
        deep = [deep]
    for attributes in ({"a": 10**30}, {"a": deep}, {"a": "\ud800"}):
        with pytest.raises(UsageError, match="cannot be stored"):
            send(desk, path, label.Edit(put=box(attributes=attributes)))
    with pytest.raises(data.SampleNotFound):
        send(desk, "nowhere.png", label.Edit(labelled=True))
    with pytest.raises(data.UnknownClass):
        send(desk, path, label.Edit(put=box(label_="rhombus")))


@settings(max_examples=15)
@given(st.data())
def test_the_state_is_what_the_edits_say_however_often_each_arrives(desk, given_):
    data.unstage(desk.data, SCOPE, "shapes")
    path = paths(desk)[0]
    twin = objects(desk, path)
    for _ in range(given_.draw(st.integers(1, 8))):
        known = sorted(twin)
        name = given_.draw(st.sampled_from([*known, "n1", "n2"]))
        was = twin.get(name)
        if was is not None and given_.draw(st.booleans()):
            change = label.Edit(remove=name, was=was)
            del twin[name]
        else:
            x = given_.draw(st.integers(0, 10))
            new = box(name, (float(x), 1.0, x + 5.0, 9.0))
            change = label.Edit(put=new, was=was)
            twin[name] = mine(new)
        for _ in range(given_.draw(st.integers(1, 2))):
            send(desk, path, change)
    assert objects(desk, path) == twin


def test_who_has_the_same_picture_open_is_told(desk, path):
    here = (desk.label, ANN, "shapes", path)
    assert label.present(*here, tab="a") == ()
    assert [each.actor for each in label.present(desk.label, BEN, "shapes", path, tab="b")] == [
        "user:ann"
    ]
    assert [each.actor for each in label.present(*here, tab="a")] == ["user:ben"]
    assert len(label.present(*here)) == 2, "who only asks is nobody's company"
    label.present(desk.label, BEN, "shapes", paths(desk)[1], tab="b")
    assert label.present(*here, tab="a") == (), "ben has gone on to the next picture"
    label.present(desk.label, BEN, "shapes", path, tab="b")
    desk.ledger.clock.advance(31)
    assert label.present(*here, tab="a") == ()
