"""A failure at the belt becomes a test: of promotions, of the loop, of people who may not take it out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.journey import worlds
from visloop import app
from visloop.errors import Conflict, Forbidden, NotFound, UsageError, VisloopError
from visloop.events import Actor
from visloop.faces import sdk


@pytest.fixture
def here(world: worlds.World, tmp_path: Path) -> Iterator[sdk.Local]:
    world.copy(tmp_path / "ws")
    with sdk.local(tmp_path / "ws") as connection:
        yield connection


def answer(here: sdk.Local) -> dict[str, Any]:
    return here.call(app.predictions, app.Predictions(name="belt")).rows[0]


def fails(here: sdk.Local, row: dict[str, Any]) -> app.IncidentAdded:
    """A test that no model passes which answers as the one that serves."""
    wrong = next(each for each in ("gear", "bolt") if each != row["label"])
    return here.call(
        app.incident_add, app.IncidentAdd(source=row["id"], expect=(f"class={wrong}",))
    )


def test_an_open_incident_stops_approval_and_promotion_until_the_gate_asked(
    here: sdk.Local,
) -> None:
    row = answer(here)
    ask = app.IncidentAdd(source=row["id"], expect=(f"class={row['label']}",), why="looked at it")
    added = here.call(app.incident_add, ask)
    assert added.held["passed"]
    assert added.tried == row["model"]
    assert added.incident["deployment"] == "belt"
    for operation, of in (
        (app.model_approve, app.ModelApprove(ref="inspector@v1")),
        (app.model_promote, app.ModelPromote(ref="inspector@v1")),
    ):
        with pytest.raises(Conflict, match="before it could ask about incident-") as told:
            here.call(operation, of)
        assert "gate it again" in told.value.fix
    assert here.call(app.gate, app.Gate(model="inspector@v1")).verdict == "pass"
    here.call(app.model_approve, app.ModelApprove(ref="inspector@v1"))
    here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))


def test_the_loop_sends_a_candidate_back_to_the_gate(here: sdk.Local, world: worlds.World) -> None:
    here.call(app.label_import, app.LabelImport(file=str(world.truth), dataset="line"))
    step = app.LoopStep(force=True)
    states = [here.call(app.loop_step, step).state]
    while states[-1] not in {"approved", "refused"}:
        states.append(here.call(app.loop_step, step).state)
    assert states == ["labelled", "committed", "trained", "gated", "approved"]
    row = answer(here)
    (candidate,) = here.call(app.models, app.Models()).rows[:1]
    sure = here.call(app.incident_add, app.IncidentAdd(
        source=row["id"], expect=tuple(f"absent={each}" for each in classes(here)),
    ))  # fmt: skip
    assert here.call(app.loop_step, step).state == "trained"
    assert here.call(app.loop_step, step).state == "refused"
    shown = here.call(app.incident_show, app.IncidentShow(incident=sure.incident["id"]))
    assert [(each["version"], each["passed"]) for each in shown.answers] == [
        (candidate["ref"], False)
    ]


def classes(here: sdk.Local) -> list[str]:
    rows = here.call(app.classes_list, app.ClassesList(dataset="line")).rows
    return [row["name"] for row in rows]


def test_what_a_person_accepted_is_what_is_right(here: sdk.Local) -> None:
    task = here.call(app.label_next, app.LabelNext()).rows[0]
    with pytest.raises(UsageError, match="nobody has said what is right"):
        here.call(app.incident_add, app.IncidentAdd(source=task["prediction"]))
    here.call(app.label_accept, app.LabelAccept(task=task["id"], label="gear"))
    added = here.call(app.incident_add, app.IncidentAdd(source=task["prediction"]))
    assert added.incident["expected"] == "gear"
    assert added.incident["image"] == task["image"]


def test_who_trains_may_not_take_the_test_out(here: sdk.Local) -> None:
    incident = fails(here, answer(here)).incident["id"]
    here.call(app.user_add, app.UserAdd(user="tina", role="data-scientist"))
    here.call(app.user_add, app.UserAdd(user="ben", role="approver"))
    close = app.IncidentClose(incident=incident, why="in the way")
    with pytest.raises(Forbidden, match=r"incident\.close"):
        as_user(here, "tina", app.incident_close, close)
    as_user(here, "tina", app.incident_list, app.IncidentList())
    assert as_user(here, "ben", app.incident_close, close).incident["state"] == "closed"


def as_user(here: sdk.Local, user: str, operation: Any, ask: Any) -> Any:
    return app.execute(here.ports, replace(here.scope, actor=Actor("user", user)), operation, ask)


def test_a_picture_that_was_let_go_says_what_to_do(here: sdk.Local) -> None:
    rows = here.call(app.predictions, app.Predictions(name="belt", limit=100)).rows
    kept = {row["image"] for row in here.call(app.label_list, app.LabelList(limit=200)).rows}
    gone = next(row for row in rows if row["image"] not in kept)
    for file in (here.ports.inner / "spool").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(NotFound, match="not kept any more") as told:
        here.call(app.incident_add, app.IncidentAdd(source=gone["id"], expect=("class=gear",)))
    assert "--image FILE --model inspector" in told.value.fix


def test_a_file_is_taken_with_its_model_and_what_cannot_be_is_refused(
    here: sdk.Local, world: worlds.World, tmp_path: Path
) -> None:
    file = next(world.parts.glob("gear/*.jpg"))
    ask: dict[str, Any] = {"image": str(file), "expect": ("class=gear",)}
    with pytest.raises(UsageError, match="of which model"):
        here.call(app.incident_add, app.IncidentAdd(**ask))
    added = here.call(app.incident_add, app.IncidentAdd(model="inspector", **ask))
    assert added.incident["prediction"] is None
    again = app.IncidentAdd(
        source=added.incident["image"], model="inspector", expect=("class=gear",)
    )
    assert here.call(app.incident_add, again).incident["id"] == added.incident["id"]
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(file.read_bytes()[:900])
    for wrong, said in (
        ({"image": str(broken), "expect": ("class=gear",)}, "it cannot be a test"),
        ({"image": str(tmp_path / "no.jpg"), "expect": ("class=gear",)}, "cannot be read"),
        ({"image": str(file), "expect": ("class=geer",)}, "there is no class 'geer'"),
        ({"source": "parts/one.jpg", "expect": ("class=gear",)}, "no prediction's id"),
        ({"expect": ("class=gear",)}, "say which picture"),
    ):
        with pytest.raises(VisloopError, match=said):
            here.call(app.incident_add, app.IncidentAdd(model="inspector", **wrong))
