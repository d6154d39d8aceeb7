"""What one change costs does not grow with the data set: blobs read and written, steps of the database.

No clocks: chunks are counted at the blob store, and work of the database in steps of its machine.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace

import msgspec
import pytest
from sqlalchemy import event

from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.ids import Ref
from visloop.vision import Box

SMALL, LARGE = 2_500, 20_000
_STEPS = 100  # of SQLite's virtual machine, counted together


@dataclass
class Spent:
    """What was done since the last look."""

    reads: int = 0
    puts: int = 0
    steps: int = 0


class Counting:
    """A blob store that counts."""

    def __init__(self, blobs, spent: Spent) -> None:
        self._blobs, self._spent = blobs, spent

    def __getattr__(self, name: str):
        return getattr(self._blobs, name)

    def get(self, digest: str) -> bytes:
        self._spent.reads += 1
        return self._blobs.get(digest)

    def view(self, digest: str) -> memoryview:
        self._spent.reads += 1
        return self._blobs.view(digest)

    def put(self, payload, digest: str | None = None) -> str:
        self._spent.puts += 1
        return self._blobs.put(payload, digest)


class Set:
    """A committed data set of `n` samples with a box each, and what its operations spend."""

    def __init__(self, ports: data.DataPorts, n: int) -> None:
        self.n, self.spent = n, Spent()
        self.ports = replace(ports, blobs=Counting(ports.blobs, self.spent))
        self._count_steps()
        with ports.ledger.write(SCOPE) as write:
            data.stage(self.ports, write, "big", [])
        data.add_classes(self.ports, SCOPE, "big", ["cat"])
        self.stage([sample(at) for at in range(n)])
        self.commit()

    def _count_steps(self) -> None:
        def count() -> None:
            self.spent.steps += 1

        engine = self.ports.ledger._engine
        watch = lambda connection, *_: connection.set_progress_handler(count, _STEPS)  # noqa: E731
        event.listen(engine, "connect", watch)
        engine.dispose()  # those that are open already are not watched

    def stage(self, samples: list[data.Sample]) -> None:
        with self.ports.ledger.write(SCOPE) as write:
            data.stage(self.ports, write, "big", samples)

    def commit(self) -> data.Version:
        return data.commit(self.ports, SCOPE, "big", "more")

    def move(self, places: list[int], by_px: float) -> None:
        """Stage these samples with their boxes moved."""
        here = data.open(self.ports, Ref.parse("big@work"))
        found = [here.get(path_of(at)) for at in places]
        self.stage([shifted(each, by_px) for each in found if each is not None])

    def during(self, work) -> Spent:
        before = replace(self.spent)
        work()
        now = self.spent
        return Spent(now.reads - before.reads, now.puts - before.puts, now.steps - before.steps)


def path_of(at: int) -> str:
    return f"cam{at // 100:03d}/{at:05d}.jpg"


def sample(at: int) -> data.Sample:
    box = Box(label="cat", xyxy=(1.0, 1.0, 9.0, 9.0))
    return data.Sample(
        id=f"{at:032x}",
        path=path_of(at),
        image=f"{at:064x}",
        bytes=1,
        width=64,
        height=64,
        annotations=(box,),
    )


def shifted(one: data.Sample, by_px: float) -> data.Sample:
    (box,) = one.annotations
    assert isinstance(box, Box)
    x1, y1, x2, y2 = box.xyxy
    other = msgspec.structs.replace(box, xyxy=(x1 + by_px, y1, x2 + by_px, y2))
    return msgspec.structs.replace(one, annotations=(other,))


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Generator[tuple[Set, Set]]:
    sizes = [make_ports(tmp_path_factory.mktemp(str(n))) for n in (SMALL, LARGE)]
    yield (Set(sizes[0], SMALL), Set(sizes[1], LARGE))
    for ports in sizes:
        close(ports)


def no_more_than_a_little(small: Spent, large: Spent) -> None:
    """Of a set eight times as large: a level of the tree more, no more than that."""
    for name in ("reads", "puts", "steps"):
        few, many = getattr(small, name), getattr(large, name)
        assert many <= 1.5 * few + 6, (name, few, many)


def test_staging_and_committing_one_change_touches_as_little_of_a_large_set(both) -> None:
    spent: list[Spent] = []
    for each in both:
        spent.append(each.during(lambda each=each: each.move([each.n // 3], 1)))
        spent.append(each.during(each.commit))
    staged, committed = spent[0::2], spent[1::2]
    assert committed[0].puts > 0
    no_more_than_a_little(*staged)
    no_more_than_a_little(*committed)


def test_comparing_two_versions_reads_what_differs(both) -> None:
    spent: list[Spent] = []
    for each in both:
        each.move([5, each.n // 2, each.n - 5], 2)
        before = each.commit()
        each.move([7], 3)
        after = each.commit()
        a, b = Ref("big", before.name), Ref("big", after.name)
        spent.append(each.during(lambda each=each, a=a, b=b: data.diff(each.ports, SCOPE, a, b)))
    no_more_than_a_little(*spent)


def test_merging_a_branch_touches_what_either_side_changed(both) -> None:
    spent: list[Spent] = []
    for each in both:
        data.branch(each.ports, SCOPE, "big", "fix")
        each.move([each.n // 4], 4)
        each.commit()
        data.switch(each.ports, SCOPE, "big", "fix")
        each.move([each.n // 2], 5)
        each.commit()
        data.switch(each.ports, SCOPE, "big", "main")
        spent.append(each.during(lambda each=each: data.merge(each.ports, SCOPE, "big", "fix")))
        assert data.open(each.ports, Ref.parse("big@main")).count == each.n
    no_more_than_a_little(*spent)


def test_opening_and_any_page_read_a_few_chunks(both) -> None:
    for at in (0.0, 0.5, 0.99):
        spent = [
            each.during(
                lambda each=each, at=at: data.open(each.ports, Ref.parse("big@main")).page(
                    int(at * each.n), 20
                )
            )
            for each in both
        ]
        no_more_than_a_little(*spent)


def test_a_change_costs_by_its_size(both) -> None:
    """Ten changes side by side touch hardly more chunks than one; ten far apart at most ten times."""
    _, large = both
    spent: list[int] = []
    for places in ([40], list(range(40, 50)), list(range(40, LARGE, LARGE // 10))):
        large.move(places, 6)
        spent.append(large.during(large.commit).puts)
    one, together, apart = spent
    assert together <= one + 2
    assert together < apart <= 11 * one
