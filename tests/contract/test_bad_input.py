"""Every kind of broken, hostile and odd input: what the page says happens, happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from tests.contract.bad import every, page
from tests.contract.bad.cases import Case
from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.data import Added
from visloop.errors import VisloopError
from visloop.ids import Ref

CASES = every.cases()
LEAST = 130


LIMITS = data.Limits(fetch_tries=1, fetch_seconds=5.0, fetch_mb=1.0, private_addresses=True)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[data.DataPorts]:
    made = make_ports(tmp_path / "room")
    blobs = data.following(made.blobs, made.ledger, tmp_path / "cache")
    yield replace(made, blobs=blobs, scratch=tmp_path / "scratch", limits=LIMITS)
    close(made)


@pytest.mark.parametrize("case", CASES, ids=lambda each: f"{each.group}: {each.title}")
def test_what_the_page_says_happens(ports: data.DataPorts, tmp_path: Path, case: Case) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    with nullcontext() if case.world is None else case.world() as world:
        made = case.make(folder, *([] if world is None else [world])) or folder
        if case.before:
            case.before(ports, folder)
        if case.change:
            case.change(folder)
        _add_twice(ports, case, made if isinstance(made, list) else [made])


def _add_twice(ports: data.DataPorts, case: Case, paths: list[Path | str]) -> None:
    options = data.AddOptions(**case.options)
    if case.becomes == "refused whole":
        with pytest.raises(VisloopError) as caught:
            data.add(ports, SCOPE, "odd", paths, options)
        assert (caught.value.code, bool(caught.value.fix)) == (case.code, True)
        assert case.said in caught.value.what
        return
    done = data.add(ports, SCOPE, "odd", paths, options)
    _check(ports, case, done)
    again = data.add(ports, SCOPE, "odd", paths, options)
    assert (again.added, again.updated) == (0, 0), again.notes


def _check(ports: data.DataPorts, case: Case, done: Added) -> None:
    held = list(data.open(ports, Ref.parse("odd@work")).samples())
    waiting = data.quarantine_list(ports, SCOPE, "odd")
    assert len(held) == case.samples, done.notes
    assert case.before or done.added == case.samples
    if case.becomes == "kept":
        assert not waiting, waiting
        assert not case.said or any(case.said in note for note in done.notes), done.notes
        return
    refused, *others = waiting
    assert case.becomes == "refused frames" or not others, others
    assert refused.reason_code == case.code, refused
    assert case.said in refused.reason
    assert refused.fix, refused
    assert refused.reason


def test_there_are_enough_and_the_page_tells_them() -> None:
    assert len(CASES) >= LEAST
    assert len({(each.group, each.title) for each in CASES}) == len(CASES)
    assert page.PAGE.read_text("utf-8") == page.text(CASES), "make docs"
