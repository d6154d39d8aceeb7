"""Splits: shares by class, groups together, the same every time, the test split frozen."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.data_world import SCOPE, close, facts, make_ports, view
from visloop import data
from visloop.data.splits import _grouped, _share_out
from visloop.errors import UsageError
from visloop.vision import ClassLabel


def sample(number: int, label: str = "", split: str | None = None, **metadata) -> data.Sample:
    return data.Sample(
        id=f"{number:032x}",
        path=f"{number:05d}.jpg",
        image=f"{number:064x}",
        bytes=1,
        width=1,
        height=1,
        annotations=(ClassLabel(id=f"o{number}", label=label),) if label else (),
        split=split,
        metadata=metadata,
    )


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    data.add_classes(made, SCOPE, "d", ["cat", "dog", "fox"])
    yield made
    close(made)


def put(ports, samples) -> None:
    with ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "d", list(samples))


def splits_of(ports, ref: str = "d@work") -> dict[str, str | None]:
    return {path: each.split for path, each in view(ports, ref).items()}


def test_every_class_is_shared_out_by_itself(ports) -> None:
    put(ports, [sample(n, "cat") for n in range(100)])
    put(ports, [sample(n, "dog") for n in range(100, 120)])
    done = data.split(ports, SCOPE, "d", {"train": 0.7, "val": 0.1, "test": 0.2}, seed=1)
    assert done.changed == 120
    assert done.splits == {"test": 24, "train": 84, "val": 12}
    seen = Counter(
        (a.label, s.split) for s in view(ports, "d@work").values() for a in s.annotations
    )
    assert (seen["cat", "test"], seen["dog", "test"]) == (20, 4)
    assert (seen["cat", "val"], seen["dog", "val"]) == (10, 2)
    assert facts(ports, "data.split") == [("data.split", "d")]


def test_the_seed_decides_and_nothing_else(ports) -> None:
    put(ports, [sample(n, "cat") for n in range(50)])
    data.split(ports, SCOPE, "d", seed=1)
    once = splits_of(ports)
    data.split(ports, SCOPE, "d", seed=1, redo=True)
    assert splits_of(ports) == once
    data.split(ports, SCOPE, "d", seed=2, redo=True)
    assert splits_of(ports) != once


def test_samples_keep_their_split_and_new_ones_fill_up(ports) -> None:
    put(ports, [sample(n, "cat") for n in range(20)])
    data.split(ports, SCOPE, "d")
    before = splits_of(ports)
    put(ports, [sample(n, "cat") for n in range(20, 40)])
    assert data.split(ports, SCOPE, "d", seed=9).changed == 20
    after = splits_of(ports)
    assert {path: after[path] for path in before} == before
    assert Counter(after.values()) == {"train": 32, "test": 8}
    assert data.split(ports, SCOPE, "d").changed == 0


def test_groups_stay_together(ports) -> None:
    put(ports, [sample(n, "cat", camera=f"c{n % 10}") for n in range(60)])
    data.split(ports, SCOPE, "d", {"train": 0.5, "test": 0.5}, group_by="camera")
    by_camera: dict[str, set[str | None]] = {}
    for each in view(ports, "d@work").values():
        by_camera.setdefault(each.metadata["camera"], set()).add(each.split)
    assert all(len(splits) == 1 for splits in by_camera.values())
    assert Counter(next(iter(splits)) for splits in by_camera.values()) == {"train": 5, "test": 5}


def test_a_new_member_of_a_group_follows_the_group_into_the_test_split(ports) -> None:
    put(ports, [sample(0, "cat", split="test", camera="a"), sample(1, "cat", camera="a")])
    data.split(ports, SCOPE, "d", {"train": 1.0}, group_by="camera")
    assert splits_of(ports)["00001.jpg"] == "test"


def test_a_committed_test_sample_cannot_slip_into_training(ports) -> None:
    put(ports, [sample(n, "cat") for n in range(20)])
    data.split(ports, SCOPE, "d")
    data.commit(ports, SCOPE, "d", "frozen from here")
    tested = {path for path, split in splits_of(ports).items() if split == "test"}
    for seed in range(5):
        done = data.split(ports, SCOPE, "d", seed=seed, redo=True)
        assert done.frozen == len(tested) == 4
        assert {path for path, split in splits_of(ports).items() if split == "test"} >= tested
    one = view(ports, "d@work")[min(tested)]
    with pytest.raises(data.FrozenSplit) as refused, ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "d", [replace(one, split="train")])
    assert one.path in refused.value.what
    moved = replace(one, path="elsewhere.jpg", split=None)
    with pytest.raises(data.FrozenSplit), ports.ledger.write(SCOPE) as write:
        data.stage(ports, write, "d", [moved], removed=[one.path])
    data.split(ports, SCOPE, "d", {"train": 1.0}, redo=True, unfreeze=True)
    assert set(splits_of(ports).values()) == {"train"}


@pytest.mark.parametrize("shares", [{}, {"train": 0.5}, {"train": 1.2, "test": -0.2}])
def test_shares_that_do_not_make_one_are_refused(ports, shares) -> None:
    with pytest.raises(UsageError, match="make 1"):
        data.split(ports, SCOPE, "d", shares)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.sampled_from(["cat", "dog", "fox", ""]), st.integers(0, 20)), max_size=80
    ),
    st.integers(0, 5),
    st.booleans(),
)
def test_shares_are_met_within_one_sample_a_class(rows, seed, grouped) -> None:
    samples = [sample(n, label, group=group) for n, (label, group) in enumerate(rows)]
    groups = _grouped(samples, "group" if grouped else None, set(), redo=False)
    shares = {"train": 0.6, "val": 0.15, "test": 0.25}
    chosen = _share_out(groups, shares, seed)
    assert set(chosen) == {each.path for each in samples}
    if not grouped:
        counts = Counter((label, chosen[f"{n:05d}.jpg"]) for n, (label, _) in enumerate(rows))
        for label, number in Counter(label for label, _ in rows).items():
            for name, share in shares.items():
                assert abs(counts[label, name] - share * number) <= 2
