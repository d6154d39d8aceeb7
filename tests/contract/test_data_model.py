"""Any history of staging, removing, taking back and committing reads like plain dicts would."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.data_world import SCOPE, close, make_ports, view
from visloop import data
from visloop.ids import Ref
from visloop.vision import ClassLabel

PATHS = st.sampled_from([f"{folder}/{n}.jpg" for folder in "ab" for n in range(4)])
State = dict[str, tuple[str, str | None]]


class History(RuleBasedStateMachine):
    """Beside the data set runs a model: the committed states, and the working one."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.ports = make_ports(Path(self.folder.name))
        data.add_classes(self.ports, SCOPE, "d", ["cat", "dog"])
        data.commit(self.ports, SCOPE, "d", "classes")
        self.versions: list[State] = [{}]
        self.work: State = {}

    def teardown(self) -> None:
        close(self.ports)
        self.folder.cleanup()

    def sample(self, path: str, label: str, split: str | None) -> data.Sample:
        return data.Sample(
            id=path.replace("/", "-"),
            path=path,
            image=f"{len(path):064x}",
            bytes=1,
            width=4,
            height=4,
            annotations=(ClassLabel(label=label),),
            split=split,
        )

    @rule(path=PATHS, label=st.sampled_from(["cat", "dog"]), split=st.sampled_from([None, "train"]))
    def stage(self, path: str, label: str, split: str | None) -> None:
        with self.ports.ledger.write(SCOPE) as write:
            data.stage(self.ports, write, "d", [self.sample(path, label, split)])
        self.work[path] = (label, split)

    @rule(path=PATHS)
    def remove(self, path: str) -> None:
        if self.work.pop(path, None) is not None:
            data.remove(self.ports, SCOPE, "d", [path])

    @rule(path=PATHS)
    def take_back(self, path: str) -> None:
        data.unstage(self.ports, SCOPE, "d", [path])
        self.work.pop(path, None)
        if path in self.versions[-1]:
            self.work[path] = self.versions[-1][path]

    @rule()
    def commit(self) -> None:
        try:
            data.commit(self.ports, SCOPE, "d", "m")
        except data.NothingToCommit:
            assert self.work == self.versions[-1]
        else:
            assert self.work != self.versions[-1]
            self.versions.append(dict(self.work))

    @invariant()
    def reads_like_the_model(self) -> None:
        assert self.read("d@work") == self.work
        snapshot = data.open(self.ports, Ref.parse("d@work"))
        assert snapshot.count == len(self.work)
        assert snapshot.splits.get("train", 0) == sum(s == "train" for _, s in self.work.values())
        staged = data.status(self.ports, SCOPE, "d").staged
        last = self.versions[-1]
        assert (staged.added, staged.removed) == (
            len(self.work.keys() - last.keys()),
            len(last.keys() - self.work.keys()),
        )
        found = data.diff(self.ports, SCOPE, Ref.parse("d"), Ref.parse("d@work"))
        assert found.samples.added == staged.added
        assert found.samples.removed == staged.removed
        assert found.samples.changed == staged.changed
        relabelled = [p for p in self.work.keys() & last.keys() if self.work[p][0] != last[p][0]]
        assert found.objects.relabelled == len(relabelled)

    @invariant()
    def the_past_stays(self) -> None:
        assert self.read(f"d@v{len(self.versions)}") == self.versions[-1]
        assert self.read("d@v1") == {}

    def read(self, ref: str) -> State:
        return {
            path: (each.annotations[0].label, each.split)
            for path, each in view(self.ports, ref).items()
        }


TestHistory = History.TestCase
TestHistory.settings = settings(
    max_examples=10,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
