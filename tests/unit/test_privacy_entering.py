"""The policy of privacy holds for every way in: watched, pushed, tried again, captured, accepted."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.unit.media_parts import added, samples
from tests.unit.observe_parts import Line, built
from tests.unit.test_privacy_place import SECRETS, picture
from visloop import data, label, serve
from visloop.app import workspace
from visloop.events import Scope
from visloop.ids import Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.app.ports import Ports

SCOPE = Scope()
REMOVED = data.Policy(gps="remove")


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[Ports]:
    workspace.create(tmp_path / "ws")
    (tmp_path / "ws" / "visloop.yaml").write_text("format: 1\nprivacy: {gps: remove}\n")
    with workspace.opened(tmp_path / "ws") as opened:
        yield opened


def clean(ports, image: str) -> bool:
    raw = ports.blobs.get(image)
    return not any(secret in raw for secret in SECRETS)


def protected(ports: Ports) -> bool:
    """Whether all samples are, and nothing of the place lies anywhere in the store."""
    found = samples(ports).values()
    assert found
    return all(
        each.metadata["privacy.gps"] == "removed" and clean(ports, each.image) for each in found
    )


def test_a_watched_folder(ports: Ports, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jpg").write_bytes(picture("jpg"))
    how = data.Watch(once=True, settle_s=0.01)
    done = data.watch_folder(ports.data, SCOPE, "ct", str(tmp_path / "in"), data.AddOptions(), how)
    assert done.added == 1
    assert protected(ports)


def test_pushed_bytes(ports: Ports) -> None:
    done = data.hand_over(ports.data, SCOPE, "ct", [data.Handed(picture("jpg"), "a.jpg")])
    assert done.added == 1
    assert protected(ports)


def test_a_refused_file_that_was_mended(ports: Ports, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(picture("jpg")[:900])
    assert added(ports, file).quarantined == 1
    file.write_bytes(picture("jpg"))
    assert data.quarantine_retry(ports.data, SCOPE, "ct").added == 1
    assert protected(ports)


def test_a_stricter_wish_holds_when_the_file_is_tried_again(tmp_path: Path) -> None:
    workspace.create(tmp_path / "ws")
    broken, locked = tmp_path / "in" / "a.jpg", tmp_path / "in" / "b.jpg"
    broken.parent.mkdir()
    broken.write_bytes(picture("jpg")[:900])
    locked.symlink_to(tmp_path / "nowhere.jpg")
    with workspace.opened(tmp_path / "ws") as ports:
        told = added(ports, broken.parent, privacy={"gps": "remove"})
        assert told.added == 0
        broken.write_bytes(picture("jpg"))
        locked.unlink()
        locked.write_bytes(picture("jpg"))
        assert data.quarantine_retry(ports.data, SCOPE, "ct").added == told.quarantined
        assert protected(ports)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("template"))


@pytest.fixture
def line(template: Path, tmp_path: Path) -> Iterator[Line]:
    made = Line(tmp_path / "ws", copy_of=template)
    made.deploy()
    yield made
    made.close()


def under(line: Line, policy: data.Policy) -> label.LabelPorts:
    """The parts of the line from now on, with a policy."""
    ports = label.LabelPorts(line.ledger, dataclasses.replace(line.workspace.data, privacy=policy))
    line.label, line.observe = ports, dataclasses.replace(line.observe, label=ports)
    return ports


def served(line: Line) -> None:
    row = line._answer(picture("jpg"), spooled=True)
    line.spool.flush()
    line.ledger.append(serve.tables.predictions, [row])


def sample_of(line: Line, path: str) -> data.Sample:
    found = data.open(line.workspace.data, Ref.parse("shapes@work")).samples()
    return next(each for each in found if each.path == path)


def test_a_captured_picture_is_protected_before_its_bytes_are_stored(line: Line) -> None:
    under(line, REMOVED)
    served(line)
    assert line.tick(below_confidence=1.01).captured == 1
    (task,) = line.queue()
    assert clean(line, task.image)
    assert not any(key.startswith("gps.") for key in task.candidate.metadata)
    label.accept(line.label, SCOPE, task.id, "disc")
    sample = sample_of(line, task.path)
    assert (sample.image, sample.metadata["privacy.gps"]) == (task.image, "removed")
    served(line)
    assert line.tick(below_confidence=1.01).captured == 0, "the same picture again"


def test_what_was_captured_before_the_policy_is_protected_when_it_is_accepted(line: Line) -> None:
    served(line)
    assert line.tick(below_confidence=1.01).captured == 1
    (task,) = line.queue()
    assert not clean(line, task.image)
    ports = under(line, REMOVED)
    label.accept(ports, SCOPE, task.id, "disc")
    sample = sample_of(line, task.path)
    assert clean(line, sample.image)
    assert sample.metadata["privacy.gps"] == "removed"
    assert not any(key.startswith("gps.") for key in sample.metadata)
    assert (sample.width, sample.height) == (task.candidate.width, task.candidate.height)
