"""The chunked tree behaves like a sorted dict, whatever its history, and edits stay local."""

from __future__ import annotations

import random
from itertools import islice

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import apply, build, differences
from visloop.data.tree.nodes import Nodes, Scratch, Shape, Tree
from visloop.errors import Corrupt
from visloop.ids import digest_of


class Memory:
    """A blob store in a dict that counts what is written and read."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}
        self.puts = self.gets = 0

    def put(self, data: bytes) -> str:
        self.puts += 1
        digest = digest_of(data)
        self.held[digest] = data
        return digest

    def get(self, digest: str) -> bytes:
        self.gets += 1
        return self.held[digest]

    def view(self, digest: str) -> memoryview:
        return memoryview(self.get(digest))


SMALL = Shape(least=2, mean=3, most=8)
KEYS = st.text("abcé😀/.0", min_size=1, max_size=4)
VALUES = st.tuples(st.binary(max_size=3), st.sampled_from(["", "train", "test"]))
TABLES = st.dictionaries(KEYS, VALUES, max_size=60)


def entries_of(table: dict[str, tuple[bytes, str]]) -> list[Entry]:
    return [Entry(key, *table[key]) for key in sorted(table)]


def edits_between(old, new):
    return [
        (key, Entry(key, *new[key]) if key in new else None)
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]


@given(TABLES)
def test_a_tree_reads_like_a_sorted_dict(table) -> None:
    tree = build(Nodes(Memory(), SMALL), entries_of(table))
    assert tree.count == len(table)
    assert list(tree.entries()) == entries_of(table)
    for key in ["", "zzz", *table]:
        found = tree.get(key)
        assert (found and (found.value, found.tag)) == table.get(key)


@given(TABLES, KEYS, st.sampled_from(["", "train", "test", "val"]))
def test_reading_on_from_a_key_and_by_tag(table, after, tag) -> None:
    tree = build(Nodes(Memory(), SMALL), entries_of(table))
    assert list(tree.entries(after=after)) == [e for e in entries_of(table) if e.key > after]
    tagged = [e for e in entries_of(table) if e.tag == tag]
    assert list(tree.entries(tag=tag)) == tagged
    assert tree.tally.get(tag, 0) == len(tagged)


@given(TABLES, st.integers(0, 70), st.integers(0, 20), st.sampled_from([None, "", "train"]))
def test_a_page_is_a_slice(table, offset, limit, tag) -> None:
    tree = build(Nodes(Memory(), SMALL), entries_of(table))
    fitting = [e for e in entries_of(table) if tag is None or e.tag == tag]
    assert tree.page(offset, limit, tag) == fitting[offset : offset + limit]


@settings(max_examples=300)
@given(TABLES, TABLES, TABLES)
def test_the_root_depends_on_the_entries_not_on_the_history(first, second, third) -> None:
    nodes = Nodes(Memory(), SMALL)
    tree = build(nodes, entries_of(first))
    for old, new in ((first, second), (second, third)):
        tree = apply(tree, edits_between(old, new))
        assert tree.digest == build(nodes, entries_of(new)).digest
        assert (tree.count, tree.root) == (len(new), build(nodes, entries_of(new)).root)


@settings(max_examples=300)
@given(TABLES, TABLES)
def test_differences_are_those_of_the_dicts(old, new) -> None:
    nodes = Nodes(Memory(), SMALL)
    before, after = build(nodes, entries_of(old)), build(nodes, entries_of(new))
    found = list(differences(before, after))
    wanted = [
        (
            Entry(key, *old[key]) if key in old else None,
            Entry(key, *new[key]) if key in new else None,
        )
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    ]
    assert found == wanted
    nameless = differences(before, after, named=False)
    assert list(map(values_of, nameless)) == list(map(values_of, wanted))


def values_of(change) -> tuple[bytes | None, ...]:
    return tuple(each and each.value for each in change)


def test_taking_out_what_is_not_there_changes_nothing() -> None:
    nodes = Nodes(Memory(), SMALL)
    tree = build(nodes, [Entry("a", b"1"), Entry("b", b"2")])
    assert apply(tree, [("aa", None), ("z", None)]).digest == tree.digest
    assert apply(tree, [("a", None), ("b", None)]).digest == Tree.empty(nodes).digest


def thousands(number: int) -> list[Entry]:
    return [Entry(f"shelf/{n:07d}.jpg", b"value %d" % n * 20) for n in range(number)]


def test_an_edit_of_a_large_tree_writes_and_reads_a_few_chunks_only() -> None:
    memory = Memory()
    tree = build(Nodes(memory), thousands(30_000))
    edited_key = "shelf/0012345.jpg"
    memory.puts = memory.gets = 0
    edited = apply(Tree.open(Nodes(memory), tree.digest), [(edited_key, Entry(edited_key, b"new"))])
    assert memory.puts <= 4
    assert memory.gets <= 6
    memory.gets = 0
    nodes = Nodes(memory)
    found = list(differences(Tree.open(nodes, tree.digest), Tree.open(nodes, edited.digest)))
    assert [(old.key, new.value) for old, new in found] == [(edited_key, b"new")]
    assert memory.gets <= 6


def test_a_page_deep_in_a_large_tree_reads_a_few_chunks() -> None:
    memory = Memory()
    digest = build(Nodes(memory), thousands(30_000)).digest
    tree = Tree.open(Nodes(memory), digest)
    memory.gets = 0
    assert [e.key for e in tree.page(29_000, 2)] == ["shelf/0029000.jpg", "shelf/0029001.jpg"]
    assert memory.gets <= 3


def test_chunks_of_real_looking_names_are_of_useful_size() -> None:
    memory = Memory()
    tree = build(Nodes(memory), thousands(30_000))
    leaves = sum(1 for _ in tree.node_digests())
    assert 30_000 / 512 < leaves < 30_000 / 128


def test_leaves_as_they_were_first_written_are_read_and_compared() -> None:
    memory, changed = Memory(), Entry("shelf/0000070.jpg", b"new", "test")

    def packed(value) -> bytes:
        return zstandard.ZstdCompressor().compress(msgspec.msgpack.encode(value))

    entries = thousands(100)
    index = packed([[e.key for e in entries], [e.tag for e in entries]])
    frames = [packed([e.value for e in entries[at : at + 16]]) for at in range(0, 100, 16)]
    blob = {"format": 1, "level": 0, "index": index, "frames": frames}
    old = Tree.open(Nodes(memory), memory.put(msgspec.msgpack.encode(blob)))
    table = {each.key: each for each in entries} | {changed.key: changed}
    new = build(Nodes(memory), table.values())
    assert list(old.entries()) == entries
    assert [pair[1] for pair in differences(old, new)] == [changed]
    assert list(apply(old, [(changed.key, changed)]).entries()) == list(table.values())


def test_random_edits_in_bulk_agree_with_building_anew() -> None:
    draw = random.Random(7)
    nodes = Nodes(Memory())
    table = {e.key: (e.value, "") for e in thousands(5_000)}
    tree = build(nodes, entries_of(table))
    for _ in range(5):
        new = dict(table)
        for key in draw.sample(sorted(new), 300):
            del new[key]
        new |= {f"shelf/{draw.randrange(9_999_999):07d}x.jpg": (b"n", "test") for _ in range(300)}
        tree = apply(tree, edits_between(table, new))
        table = new
        assert tree.digest == build(nodes, entries_of(table)).digest


def test_every_node_is_reachable_and_nothing_else_is_needed() -> None:
    memory = Memory()
    tree = build(Nodes(memory), thousands(3_000))
    memory.held = {digest: memory.held[digest] for digest in tree.node_digests()}
    assert len(list(Tree.open(Nodes(memory), tree.digest).entries())) == 3_000


def test_a_scratch_tree_leaves_the_store_alone() -> None:
    memory = Memory()
    tree = build(Nodes(memory), thousands(1_000))
    memory.puts = 0
    over = Tree.open(Nodes(Scratch(memory)), tree.digest)
    edited = apply(over, [("a", Entry("a", b"1"))])
    assert [e.key for e in islice(edited.entries(), 2)] == ["a", "shelf/0000000.jpg"]
    assert memory.puts == 0


def test_a_blob_that_is_no_node_is_called_corrupt() -> None:
    memory = Memory()
    with pytest.raises(Corrupt, match="not a tree node"):
        Tree.open(Nodes(memory), memory.put(b"something else"))
