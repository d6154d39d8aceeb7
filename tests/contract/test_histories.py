"""Random histories against a plain-dict model: reading any version back gives what the model says."""

from __future__ import annotations

import copy
import multiprocessing
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.data_world import SCOPE, close, collect, make_ports
from visloop import data
from visloop.ids import Ref
from visloop.vision import Box

FORKS = multiprocessing.get_context("fork")
NAMES = ["a", "b", "c", "d", "e"]
CLASSES = [0, 1, 2]
SIDES = st.sampled_from(["ours", "theirs"])
SMALL = st.integers(0, 3)


class Three:
    """The model's merge: plain values, one side wins where both changed."""

    def __init__(self, side: str) -> None:
        self.side, self.conflicts = side, 0

    def value(self, b: Any, o: Any, t: Any) -> Any:
        if t in (o, b):
            return o
        if o == b:
            return t
        self.conflicts += 1
        return o if self.side == "ours" else t

    def fields(self, b: dict | None, o: dict | None, t: dict | None) -> dict | None:
        """Whole where one side lacks it; else key by key, deeper where the values are dicts."""
        if o is None or t is None or o in (t, b) or t == b:
            return self.value(b, o, t)
        found: dict[Any, Any] = {}
        for key in o.keys() | t.keys():
            was, mine, other = ((side or {}).get(key) for side in (b, o, t))
            deep = isinstance(mine or other, dict)
            now = (self.fields if deep else self.value)(was, mine, other)
            if now is not None or key in {"split", "number"}:
                found[key] = now
        return found


def _commit(folder: str) -> None:
    ports = make_ports(Path(folder))
    data.commit(ports, SCOPE, "set", "by a child")
    close(ports)


class Histories(RuleBasedStateMachine):
    """Edits, commits, branches, merges, reverts, tags, class renames, on a real data set."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.ports = make_ports(self.folder / "ws")

    def teardown(self) -> None:
        for number, state in self.versions.items():
            assert self.read(f"v{number}") == state
        assert collect(self.ports).swept.waiting >= 0
        for number, state in self.versions.items():
            assert self.read(f"v{number}") == state
        assert list(self.ports.blobs.verify()) == []
        for name, number in (self.heads | self.tags).items():
            assert data.open(self.ports, Ref("set", name)).version.number == number
        close(self.ports)
        shutil.rmtree(self.folder)

    @initialize()
    def begin(self) -> None:
        self.renames = 0
        self.state: dict[str, Any] = {"samples": {}, "classes": {n: f"k{n}" for n in CLASSES}}
        self.stage_classes()
        self.versions: dict[int, dict[str, Any]] = {}
        self.parents: dict[int, tuple[int, ...]] = {}
        self.heads: dict[str, int] = {}
        self.tags: dict[str, int] = {}
        self.branch = "main"
        self.put("a", 0)
        self.put("b", 1)
        self.state["samples"]["id-b"]["metadata"] = {"x": 0, "y": 0}  # every field is learnt here
        self.stage("id-b")
        self.record(data.commit(self.ports, SCOPE, "set", "first").number)

    def stage_classes(self) -> None:
        with self.ports.ledger.write(SCOPE) as write:
            data.stage(self.ports, write, "set", [])
        data.add_classes(self.ports, SCOPE, "set", [f"k{n}" for n in CLASSES])

    def record(self, number: int, *parents: int) -> None:
        assert number == len(self.versions) + 1
        self.versions[number] = copy.deepcopy(self.state)
        self.parents[number] = parents
        self.heads[self.branch] = number

    def read(self, version: str) -> dict[str, Any]:
        snapshot = data.open(self.ports, Ref("set", version))
        numbers = {each.name: each.id for each in snapshot.classes.entries}
        found = {}
        for each in snapshot.samples():
            objects = {
                box.id: {
                    "shape": box.xyxy,
                    "class": numbers[box.label],
                    "attributes": box.attributes,
                    "number": box.score,
                }
                for box in each.annotations
            }
            found[each.id] = {
                "path": each.path,
                "split": each.split,
                "metadata": each.metadata,
                "objects": objects,
                "image": each.image,
            }
        classes = {each.id: each.name for each in snapshot.classes.entries}
        return {"samples": found, "classes": classes}

    def put(self, name: str, image: int) -> None:
        sample = {"path": f"{name}0", "split": None, "metadata": {}, "objects": {}}
        sample["image"] = f"{image:064x}"
        self.state["samples"][f"id-{name}"] = sample
        self.stage(f"id-{name}")

    def stage(self, name: str, was: str | None = None) -> None:
        """Stage what the model says of a sample."""
        sample = self.state["samples"].get(name)
        removed = [was] if was and (sample is None or sample["path"] != was) else []
        with self.ports.ledger.write(SCOPE) as write:
            put = [self.made(name, sample)] if sample else []
            data.stage(self.ports, write, "set", put, removed=removed)

    def made(self, name: str, sample: dict[str, Any]) -> data.Sample:
        objects = tuple(
            Box(
                id=key,
                label=self.state["classes"][each["class"]],
                xyxy=each["shape"],
                attributes=each["attributes"],
                score=each["number"],
            )
            for key, each in sample["objects"].items()
        )
        fixed = {"bytes": 1, "width": 9, "height": 9, "annotations": objects}
        rest = {key: sample[key] for key in ("path", "split", "metadata", "image")}
        return data.Sample(id=name, **fixed, **rest)

    @property
    def clean(self) -> bool:
        return self.state == self.versions[self.heads[self.branch]]

    def tidy(self) -> None:
        """Nothing staged."""
        if not self.clean:
            self.commit()

    @rule(name=st.sampled_from(NAMES), image=SMALL)
    def put_or_change_bytes(self, name: str, image: int) -> None:
        held = self.state["samples"].get(f"id-{name}")
        if held is None:
            self.put(name, image)
        else:
            held["image"] = f"{image:064x}"
            self.stage(f"id-{name}")

    @rule(choice=SMALL)
    def remove(self, choice: int) -> None:
        if name := self.some(choice):
            self.stage(name, self.state["samples"].pop(name)["path"])

    @rule(choice=SMALL, path=SMALL)
    def move(self, choice: int, path: int) -> None:
        if name := self.some(choice):
            sample = self.state["samples"][name]
            was, sample["path"] = sample["path"], f"{name[3:]}{path}"
            self.stage(name, was)

    @rule(choice=SMALL, value=SMALL, what=st.sampled_from(["split", "x", "y", "none"]))
    def describe(self, choice: int, value: int, what: str) -> None:
        if name := self.some(choice):
            sample = self.state["samples"][name]
            if what == "split":
                sample["split"] = ["train", "val", None, "more"][value]
            elif what == "none":
                sample["metadata"].pop("x", None)
            else:
                sample["metadata"][what] = value
            self.stage(name)

    @rule(choice=SMALL, key=SMALL, corner=SMALL, label=st.sampled_from(CLASSES))
    def draw(self, choice: int, key: int, corner: int, label: int) -> None:
        if name := self.some(choice):
            objects = self.state["samples"][name]["objects"]
            held = objects.setdefault(f"o{key}", {"attributes": {}, "number": None})
            held |= {"shape": (0.0, 0.0, 1.0 + corner, 2.0), "class": label}
            self.stage(name)

    @rule(choice=SMALL, key=SMALL, value=SMALL, gone=st.booleans())
    def touch_an_object(self, choice: int, key: int, value: int, gone: bool) -> None:
        name = self.some(choice)
        objects = self.state["samples"][name]["objects"] if name else {}
        if f"o{key}" in objects:
            if gone:
                del objects[f"o{key}"]
            else:
                objects[f"o{key}"]["attributes"]["size"] = value
            self.stage(name)

    def some(self, choice: int) -> str:
        names = sorted(self.state["samples"])
        return names[choice % len(names)] if names else ""

    @rule(number=st.sampled_from(CLASSES))
    def rename_a_class(self, number: int) -> None:
        self.tidy()
        self.renames += 1
        old, new = self.state["classes"][number], f"n{self.renames}"
        done = data.rename_class(self.ports, SCOPE, "set", old, new)
        self.state["classes"][number] = new
        self.record(done.version.number, self.heads[self.branch])

    @rule()
    def commit(self) -> None:
        if self.clean:
            with pytest.raises(data.NothingToCommit):
                data.commit(self.ports, SCOPE, "set", "nothing")
        else:
            parent = self.heads[self.branch]
            made = data.commit(self.ports, SCOPE, "set", "more")
            assert (made.parent, made.branch) == (parent, self.branch)
            self.record(made.number, parent)

    @precondition(lambda self: len(self.heads) < 4)
    @rule(back=SMALL)
    def branch_off(self, back: int) -> None:
        name, number = f"branch{len(self.heads)}", max(1, len(self.versions) - back)
        data.branch(self.ports, SCOPE, "set", name, start=f"v{number}")
        self.heads[name] = number

    @rule(choice=SMALL)
    def switch(self, choice: int) -> None:
        self.tidy()
        self.branch = sorted(self.heads)[choice % len(self.heads)]
        data.switch(self.ports, SCOPE, "set", self.branch)
        self.state = copy.deepcopy(self.versions[self.heads[self.branch]])

    @rule(back=SMALL)
    def tag(self, back: int) -> None:
        number = max(1, len(self.versions) - back)
        data.tag(self.ports, SCOPE, Ref("set", f"v{number}"), "gold", move=True)
        self.tags["gold"] = number

    @rule()
    def collect_garbage(self) -> None:
        """What no version and nothing staged needs goes, at once, since nobody else writes."""
        self.open_again()
        self.ports.blobs.put(f"rubbish {len(self.versions)}".encode())
        self.open_again()
        assert collect(self.ports).swept.waiting == 0
        number = len(self.versions)
        assert self.read(f"v{number}") == self.versions[number]
        assert self.read("work") == self.state

    def open_again(self) -> None:
        close(self.ports)
        self.ports = make_ports(self.folder / "ws")

    @rule(after_s=st.floats(0, 0.02))
    def a_child_is_killed_at_the_next_commit(self, after_s: float) -> None:
        """`kill -9` anywhere in a commit: all of the version is there, or nothing of it."""
        if self.clean:
            return
        self.open_again()
        child = FORKS.Process(target=_commit, args=(str(self.folder / "ws"),))
        child.start()
        child.join(after_s)
        child.kill()
        child.join()
        history = data.log(self.ports, SCOPE, "set")
        if len(history) > len(self.versions):
            self.record(history[0].number, self.heads[self.branch])
            assert self.read(history[0].name) == self.state
        assert self.read("work") == self.state

    def line(self, number: int) -> set[int]:
        found = {number}
        for parent in self.parents[number]:
            found |= self.line(parent)
        return found

    @rule(choice=SMALL, side=SIDES, by_hand=st.booleans())
    def merge(self, choice: int, side: str, by_hand: bool) -> None:
        self.tidy()
        other = sorted(self.heads)[choice % len(self.heads)]
        ours, theirs = self.heads[self.branch], self.heads[other]
        mine = self.line(ours)
        if theirs in mine:
            with pytest.raises(data.NothingToMerge):
                data.merge(self.ports, SCOPE, "set", other)
            return
        base = max(mine & self.line(theirs))
        three, merged = self.three(side, base, ours, theirs)
        self.settle(data.merge, other, side, by_hand, three, merged, (ours, theirs))

    @precondition(lambda self: len(self.versions) > 1)
    @rule(choice=st.integers(0, 30), side=SIDES, by_hand=st.booleans())
    def revert(self, choice: int, side: str, by_hand: bool) -> None:
        self.tidy()
        ours = self.heads[self.branch]
        known = sorted(self.line(ours) - {1})
        if not known:
            return
        bad = known[choice % len(known)]
        three, merged = self.three(side, bad, ours, self.parents[bad][0])
        if merged == self.state and not three.conflicts:
            self.revert_what_the_model_does_not_see(f"v{bad}")
            return
        self.settle(data.revert, f"v{bad}", side, by_hand, three, merged, (ours,))

    def revert_what_the_model_does_not_see(self, bad: str) -> None:
        """Nothing, or aliases of classes and the order of objects: they are not in the model."""
        try:
            done = data.revert(self.ports, SCOPE, "set", bad)
        except data.NothingToMerge:
            return
        assert done.conflicts == ()
        self.record(done.version.number, self.heads[self.branch])
        assert self.read(done.version.name) == self.state

    def three(self, side: str, *numbers: int) -> tuple[Three, dict[str, Any]]:
        states = [self.versions[number] for number in numbers]
        three = Three(side)
        found = {
            part: {
                key: merged
                for key in {key for state in states for key in state[part]}
                if (merged := self.one(three, part, *(state[part].get(key) for state in states)))
            }
            for part in ("samples", "classes")
        }
        return three, found

    @staticmethod
    def one(three: Three, part: str, *sides: Any) -> Any:
        return (three.fields if part == "samples" else three.value)(*sides)

    def settle(self, do, what, side, by_hand, three, merged, parents) -> None:
        if by_hand and three.conflicts:
            waits = do(self.ports, SCOPE, "set", what)
            assert waits.version is None
            assert len(waits.open) == three.conflicts
            with pytest.raises(data.MergeWaits):
                data.merge(self.ports, SCOPE, "set", what)
            for left, each in enumerate(reversed(waits.open), 1):
                done = data.merge_resolve(self.ports, SCOPE, "set", [each.id], side)
                assert (done.version is None) == (left < three.conflicts)
        else:
            done = do(self.ports, SCOPE, "set", what, rule=side)
            assert len(done.conflicts) == three.conflicts
        assert done.version.parents == parents
        self.state = copy.deepcopy(merged)
        self.record(done.version.number, *parents)
        assert self.read(done.version.name) == merged


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=3,
    stateful_step_count=200,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
