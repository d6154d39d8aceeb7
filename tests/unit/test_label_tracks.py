"""Tracks through a film by edits of key frames: the frames between are what they must be, at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.films import film
from visloop import app, data, label
from visloop.errors import UsageError
from visloop.faces import sdk

FRAMES = 10


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sdk.Connection]:
    """A film of ten frames, and a picture beside it."""
    root = tmp_path_factory.mktemp("tracks")
    film(root / "in" / "belt.mp4", FRAMES)
    app.create(root / "ws")
    with sdk.local(root / "ws") as connection:
        connection.call(app.add, app.Add((str(root / "in"),), to="belt", frames="all"))
        connection.call(app.classes_add, app.ClassesAdd(dataset="belt", names=("car", "van")))
        connection.call(app.commit, app.Commit(dataset="belt", message="frames"))
        yield connection


@pytest.fixture
def paths(here: sdk.Connection) -> list[str]:
    """The frames of the film, none of them labelled."""
    here.call(app.unstage, app.Unstage(dataset="belt"))
    return [each["path"] for each in here.call(app.label_track, ask_tracks()).frames]


def ask_tracks(name: str = "belt.mp4") -> app.LabelTrack:
    return app.LabelTrack(dataset="belt", film=name)


def box(x: float, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "id": "t",
        "track": "t",
        "label": "car",
        "xyxy": [x, 5.0, x + 10, 15.0],
        **more,
    }


def put(path: str, object_: dict[str, Any], was: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"put": object_, "path": path, **({"was": was} if was else {})}


def send(here: sdk.Connection, path: str, *edits: dict[str, Any], key: str = "") -> Any:
    return here.call(app.label_edit, app.LabelEdit("belt", path, tuple(edits), key=key))


def shown(here: sdk.Connection, paths: list[str], track: str = "t") -> dict[int, dict[str, Any]]:
    """What each frame holds of the track, as training and export will see it."""
    found = {}
    rows = here.call(app.samples, app.Samples(ref="belt@work", limit=100)).rows
    held = {each["path"]: each for each in rows}
    for at, path in enumerate(paths):
        for each in held[path].get("annotations", ()):
            if each.get("track") == track:
                found[at] = each
    return found


def lefts(frames: dict[int, dict[str, Any]]) -> dict[int, float]:
    return {at: each["xyxy"][0] for at, each in frames.items()}


def looked_at(here: sdk.Connection, path: str) -> bool:
    return here.call(app.label_open, app.LabelOpen("belt", path)).sample.get("labelled", True)


def test_a_box_in_two_frames_is_there_in_those_between(here, paths) -> None:
    send(here, paths[0], put(paths[0], box(0)))
    send(here, paths[8], put(paths[8], box(16)))
    frames = shown(here, paths)
    assert lefts(frames) == {at: 2.0 * at for at in range(9)}
    assert [at for at in frames if frames[at].get("key_frame", True)] == [0, 8]
    assert {each["author"] for each in frames.values()} == {"user:owner"}
    assert all(looked_at(here, path) for path in paths[:9])
    assert not looked_at(here, paths[9])
    (track,) = here.call(app.label_track, ask_tracks(paths[3])).tracks
    assert [each["frame"] for each in track["keys"]] == [0, 8]
    assert (track["frames"], track["first"], track["last"], track["apart"]) == (9, 0, 8, ())


def test_a_key_frame_more_moves_its_neighbours_and_is_one_fact(here, paths) -> None:
    send(here, paths[0], put(paths[0], box(0)), put(paths[8], box(16)))
    before = len(here.call(app.facts, app.Facts(limit=500, kind=("label.edited",))).rows)
    done = send(here, paths[4], put(paths[4], box(40)))
    assert lefts(shown(here, paths))[3] == 30.0
    assert lefts(shown(here, paths))[6] == 28.0
    facts = here.call(app.facts, app.Facts(limit=500, kind=("label.edited",))).rows
    assert len(facts) == before + 1
    assert facts[-1]["payload"]["tracks"] == ["t"]
    assert facts[-1]["payload"]["frames"] == 7, "all but the two key frames that stayed"
    assert [each["frame"] for each in done.tracks[0]["keys"]] == [0, 4, 8]
    send(here, paths[4], {"remove": "t", "was": box(40)})
    assert lefts(shown(here, paths))[4] == 8.0, "it follows from the others again"


def test_what_is_undone_is_as_it_was(here, paths) -> None:
    send(here, paths[2], put(paths[2], box(0)))
    send(here, paths[6], put(paths[6], box(8)))
    send(here, paths[6], {"remove": "t", "was": box(8)}, {"labelled": False})
    assert lefts(shown(here, paths)) == {2: 0.0}
    assert [looked_at(here, path) for path in paths[2:7]] == [True, False, False, False, False]
    send(here, paths[2], {"remove": "t", "was": box(0)}, {"labelled": False})
    with pytest.raises(data.NothingToCommit):
        here.call(app.commit, app.Commit(dataset="belt", message="nothing"))


def test_a_box_becomes_a_track_and_a_box_again(here, paths) -> None:
    plain = {"type": "box", "id": "b", "label": "car", "xyxy": [1.0, 2.0, 9.0, 8.0]}
    track = {**plain, "type": "track", "track": "b"}
    send(here, paths[1], {"put": plain})
    send(here, paths[1], {"put": track, "was": plain})
    (held,) = here.call(app.label_open, app.LabelOpen("belt", paths[1])).sample["annotations"]
    assert (held["type"], held["id"], held["track"]) == ("track", "b", "b")
    send(here, paths[1], {"put": plain, "was": track})
    (held,) = here.call(app.label_open, app.LabelOpen("belt", paths[1])).sample["annotations"]
    assert (held["type"], held["id"]) == ("box", "b")


def test_it_ends_and_comes_back(here, paths) -> None:
    send(here, paths[0], put(paths[0], box(0)), put(paths[8], box(16)))
    send(here, paths[3], put(paths[3], box(6, ends=True)))
    assert sorted(shown(here, paths)) == [0, 1, 2, 3, 8]
    assert not looked_at(here, paths[5]), "nobody has looked at what interpolation left"
    (track,) = here.call(app.label_track, ask_tracks()).tracks
    assert track["stops"] == (3,)
    send(here, paths[3], put(paths[3], box(6), box(6, ends=True)))
    assert sorted(shown(here, paths)) == list(range(9))


def test_two_people_on_one_track(here, paths) -> None:
    send(here, paths[0], put(paths[0], box(0)), put(paths[8], box(16)))
    send(here, paths[4], put(paths[4], box(40)))
    with pytest.raises(label.EditConflict, match=r"object t of .* was changed by user:owner"):
        send(here, paths[4], put(paths[4], box(3)))
    with pytest.raises(label.EditConflict, match="was removed by somebody else"):
        send(here, paths[5], put(paths[5], box(3), box(2)))
    assert lefts(shown(here, paths))[4] == 40.0
    send(here, paths[6], put(paths[6], box(20)))  # another key frame of it: both count
    assert lefts(shown(here, paths))[5] == 30.0
    send(here, paths[6], put(paths[6], box(20)), key="k")
    send(here, paths[6], {"remove": "t", "was": box(20)})
    send(here, paths[6], put(paths[6], box(20)), key="k")  # a late copy
    assert lefts(shown(here, paths))[6] == 28.0


def test_other_shapes_follow_too_and_others_are_left_alone(here, paths) -> None:
    ring = {"type": "polygon", "id": "p", "track": "p", "label": "van"}
    still = {"type": "box", "id": "b", "label": "car", "xyxy": [1.0, 2.0, 9.0, 8.0]}
    send(here, paths[2], {"put": still})
    send(
        here,
        paths[1],
        put(paths[1], {**ring, "rings": [[0.0, 0.0, 8.0, 0.0, 8.0, 8.0]]}),
        put(paths[3], {**ring, "rings": [[4.0, 4.0, 12.0, 4.0, 12.0, 12.0]]}),
    )
    sample = here.call(app.label_open, app.LabelOpen("belt", paths[2])).sample
    assert [each["type"] for each in sample["annotations"]] == ["box", "polygon"]
    assert sample["annotations"][1]["rings"] == ((2.0, 2.0, 10.0, 2.0, 10.0, 10.0),)
    send(here, paths[2], {"remove": "b", "was": still})
    assert sorted(shown(here, paths, "p")) == [1, 2, 3]


def test_what_cannot_be_is_told(here, paths) -> None:
    send(here, paths[0], put(paths[0], box(0)), put(paths[8], box(16)))
    with pytest.raises(UsageError, match="is interpolated"):
        send(here, paths[4], {"remove": "t"})
    with pytest.raises(UsageError, match="is no frame of the film"):
        send(here, paths[4], put("elsewhere.png", box(3)))
    with pytest.raises(label.WrongShape):
        send(here, paths[4], put(paths[4], box(-40)))
    with pytest.raises(data.FilmNotFound) as refused:
        here.call(app.label_track, ask_tracks("other.mp4"))
    assert "visloop add other.mp4 --to belt --frames" in refused.value.fix
    assert lefts(shown(here, paths))[4] == 8.0
