"""Who may do what, per project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from visloop.errors import Forbidden, UsageError
from visloop.events import OWNER, Actor, Scope
from visloop.store import (
    PARTS,
    Ledger,
    SystemClock,
    authorise,
    ensure_owner,
    ensure_project,
    metadata,
    role_of,
)
from visloop.store.tables import actors, projects

EVE = Actor("user", "eve")


@pytest.fixture(name="ledger")
def _ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=SystemClock())
    with ledger.write(Scope()) as write:
        metadata.create_all(write.connection)
        ensure_owner(write)
    yield ledger
    ledger.close()


@pytest.mark.parametrize("permission", ["data.write", "loop.start", "anything.at-all"])
@pytest.mark.parametrize("project", ["default", "dock"])
def test_the_owner_may_do_everything(ledger: Ledger, permission: str, project: str) -> None:
    authorise(ledger, Scope(OWNER, project), permission)


def test_the_owner_is_made_once(ledger: Ledger) -> None:
    with ledger.write(Scope()) as write:
        ensure_owner(write)
        ensure_project(write, "dock")
        ensure_project(write, "dock")
    with ledger.read() as connection:
        assert connection.execute(select(actors.c.id, actors.c.role)).all() == [("owner", "owner")]
        names = connection.execute(select(projects.c.name).order_by(projects.c.name)).scalars()
        assert list(names) == ["default", "dock"]


def test_a_stranger_may_do_nothing_and_learns_what_is_missing(ledger: Ledger) -> None:
    with pytest.raises(Forbidden) as caught:
        authorise(ledger, Scope(EVE, "dock"), "data.read")
    assert "user:eve is not known" in caught.value.what
    assert "'data.read'" in caught.value.fix
    assert "'dock'" in caught.value.fix


def test_roles_are_per_project(ledger: Ledger) -> None:
    everywhere = {"kind": "user", "id": "eve", "project": "*", "role": "viewer"}
    there = everywhere | {"project": "dock", "role": "owner"}
    with ledger.write(Scope()) as write:
        write.execute(insert(actors), [everywhere, there])
    authorise(ledger, Scope(EVE, "default"), "data.read")
    authorise(ledger, Scope(EVE, "dock"), "data.write")
    with pytest.raises(Forbidden, match="'viewer'"):
        authorise(ledger, Scope(EVE, "default"), "data.write")
    assert role_of(ledger, EVE, "dock") == "owner"


@pytest.mark.parametrize("part", PARTS)
def test_no_part_of_the_system_may_do_everything(ledger: Ledger, part: str) -> None:
    scope = Scope(Actor("part", part))
    for permission in ("people.grant", "data.erase", "registry.approve"):
        with pytest.raises(Forbidden):
            authorise(ledger, scope, permission)


def test_parts_do_their_own_work_only(ledger: Ledger) -> None:
    authorise(ledger, Scope(Actor("part", "loop")), "registry.promote")
    authorise(ledger, Scope(Actor("part", "serve")), "serve.log")
    authorise(ledger, Scope(Actor("part", "worker")), "train.run")
    for part in ("serve", "observe", "worker"):
        with pytest.raises(Forbidden):
            authorise(ledger, Scope(Actor("part", part)), "registry.promote")
    with pytest.raises(Forbidden):
        authorise(ledger, Scope(Actor("part", "made-up")), "data.read")


def test_a_project_needs_a_name_that_travels(ledger: Ledger) -> None:
    with pytest.raises(UsageError), ledger.write(Scope()) as write:
        ensure_project(write, "Über Projekt")
