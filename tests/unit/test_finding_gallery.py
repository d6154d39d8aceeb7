"""The gallery gives back the nearest vectors, whoever adds to it and whatever becomes of its files."""

from __future__ import annotations

import shutil
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest

from visloop.data.finding.gallery import Gallery
from visloop.data.finding.lists import LEAST
from visloop.data.finding.nearest import EXACT, Placed, nearest, nearest_of_all
from visloop.progress import Silent

D = 160


def names(count: int, start: int = 0) -> list[str]:
    return [
        blake2b(at.to_bytes(4), digest_size=32).hexdigest() for at in range(start, start + count)
    ]


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """As real ones are: around a few hundred centres, the first numbers far larger than the last."""
    centres = np.random.default_rng(99).normal(size=(300, D))
    random = np.random.default_rng(seed)
    found = centres[random.integers(0, 300, count)] + 0.6 * random.normal(size=(count, D))
    return (found * np.linspace(1, 0.05, D)).astype(np.float32)


def exact(of: np.ndarray, query: np.ndarray, count: int, *, inner: bool = False) -> set[int]:
    lengths = 1 if inner else np.linalg.norm(of, axis=1)
    return set(np.argsort(-(of @ query) / lengths, kind="stable")[:count].tolist())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "model"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Gallery, np.ndarray]:
    """More than are compared one by one; the second half comes when there is a sketch already."""
    gallery, known = Gallery(tmp_path_factory.mktemp("large"), D), vectors(EXACT + 3000)
    gallery.add([(names(4300), known[:4300])])
    gallery.sketched(known[0])
    gallery.add([(names(len(known) - 4300, 4300), known[4300:])])
    return gallery, known


def test_what_was_added_comes_back(folder: Path) -> None:
    gallery, known = Gallery(folder, D), vectors(50)
    gallery.add([(names(30), known[:30]), (names(25, 25), known[25:])])
    assert len(gallery) == 50
    rows = gallery.rows(names(50)[::-1])
    assert rows.tolist() == list(range(50))[::-1]
    assert gallery.rows(["f" * 64]).tolist() == [-1]
    found = gallery.units(rows) * gallery.lengths(rows)[:, None]
    assert np.allclose(found, known[::-1], rtol=2e-3, atol=2e-3)


def test_few_are_compared_exactly(folder: Path) -> None:
    gallery, known = Gallery(folder, D), vectors(400)
    gallery.add([(names(400), known)])
    for query in vectors(5, seed=7):
        for inner in (False, True):
            at, scores = nearest(gallery, query, np.arange(400), 10, inner=inner)
            assert set(at.tolist()) == exact(known, query, 10, inner=inner)
            assert (np.diff(scores) <= 0).all()


def test_many_are_sketched_first(large) -> None:
    gallery, known = large
    hits = {False: 0, True: 0}
    for query in vectors(20, seed=7):
        for inner in hits:
            at, _ = nearest(gallery, query, np.arange(len(known)), 10, inner=inner)
            hits[inner] += len(set(at.tolist()) & exact(known, query, 10, inner=inner))
    assert min(hits.values()) >= 198, hits


def test_only_the_rows_asked_for_are_found(large) -> None:
    gallery, known = large
    rows = np.arange(0, len(known), 3)
    at, _ = nearest(gallery, known[1], np.concatenate([rows, rows[:1]]), 10)
    assert set(at.tolist()) <= set(range(len(rows) + 1))
    some = np.concatenate([np.arange(4097), np.zeros(3, np.int64)])  # one picture of four samples
    at, scores = nearest(gallery, known[0], some, 4)
    assert at.tolist() == [0, 4097, 4098, 4099]
    assert np.allclose(scores, 1, atol=1e-3)


def test_no_rows_give_nothing(folder: Path) -> None:
    gallery = Gallery(folder, D)
    at, scores = nearest(gallery, np.ones(D, np.float32), np.zeros(0, np.int64), 5)
    assert len(at) == len(scores) == 0


def test_two_who_add_at_once_see_one_another(folder: Path) -> None:
    first, second, known = Gallery(folder, D), Gallery(folder, D), vectors(40)
    first.add([(names(30), known[:30])])
    second.add([(names(40), known)])
    assert first.rows(names(40)).tolist() == second.rows(names(40)).tolist() == list(range(40))
    assert np.allclose(first.units(np.arange(40)), second.units(np.arange(40)))


def test_a_torn_end_was_never_there(folder: Path) -> None:
    known = vectors(20)
    Gallery(folder, D).add([(names(10), known[:10])])
    for name in ("vectors", "pictures"):
        with (folder / name).open("ab") as file:
            file.write(b"torn")
    again = Gallery(folder, D)
    assert len(again) == 10
    again.add([(names(10, 10), known[10:])])
    fresh = Gallery(folder, D)
    rows = fresh.rows(names(20))
    assert np.allclose(fresh.units(rows) * fresh.lengths(rows)[:, None], known, atol=2e-3)


def test_an_emptied_folder_is_filled_again(folder: Path) -> None:
    gallery, known = Gallery(folder, D), vectors(30)
    gallery.add([(names(30), known)])
    shutil.rmtree(folder)
    assert gallery.rows(names(30)).tolist() == [-1] * 30
    gallery.add([(names(10, 5), known[5:15])])
    assert gallery.rows(names(10, 5)).tolist() == list(range(10))


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    """A gallery with an index, and 500 pictures that came after it was made."""
    folder, known = tmp_path_factory.mktemp("indexed"), vectors(LEAST + 1000)
    gallery = Gallery(folder, D)
    gallery.add([(names(LEAST + 500), known[:-500])])
    assert gallery.near(known[0], 10) is None
    assert gallery.index(Silent()) == LEAST + 500
    gallery.add([(names(500, LEAST + 500), known[-500:])])
    return folder, known


def test_an_index_finds_what_looking_at_everything_finds(indexed) -> None:
    folder, known = indexed
    gallery = Gallery(folder, D)
    placed = Placed(np.arange(len(known))[::-1].copy(), len(gallery))
    hits = {False: 0, True: 0}
    for query in vectors(30, seed=7):
        for inner in hits:
            at, scores = nearest_of_all(gallery, query, placed, 10, inner=inner) or ([], [])
            found = {len(known) - 1 - each for each in at.tolist()}
            hits[inner] += len(found & exact(known, query, 10, inner=inner))
            assert (np.diff(scores) <= 0).all()
    assert min(hits.values()) >= 294, hits
    newest = known[-1] / np.linalg.norm(known[-1])
    at, scores = nearest_of_all(gallery, newest, placed, 1)
    assert at.tolist() == [0]
    assert scores[0] == pytest.approx(1, abs=1e-3)


def test_an_index_finds_only_what_the_version_holds(indexed) -> None:
    folder, known = indexed
    gallery = Gallery(folder, D)
    rows = np.delete(np.arange(len(known)), 3)
    placed = Placed(np.concatenate([rows, [7, 7]]), len(gallery))
    at, _ = nearest_of_all(gallery, known[7], placed, 4)
    assert at.tolist()[:3] == [6, len(rows), len(rows) + 1]  # three samples show that picture
    at, _ = nearest_of_all(gallery, known[7], placed, 40, without=7)
    assert not {6, len(rows), len(rows) + 1} & {*at.tolist()}
    at, _ = nearest_of_all(gallery, known[3], placed, 40)
    assert 3 not in placed.rows[at]
    few = Placed(np.arange(EXACT + 1), len(gallery))
    assert nearest_of_all(gallery, known[7], few, 4) is None  # most that it finds is of others
    unseen = Placed(np.concatenate([rows, [-1]]), len(gallery))
    assert nearest_of_all(gallery, known[7], unseen, 4) is None


def test_an_index_that_is_torn_or_of_an_emptied_folder_is_none(indexed, tmp_path) -> None:
    folder, known = indexed
    shutil.copytree(folder, tmp_path / "copy")
    lists = tmp_path / "copy" / "lists"
    for damaged in (lists.read_bytes()[:-8], b"torn", b""):
        lists.write_bytes(damaged)
        assert Gallery(tmp_path / "copy", D).near(known[0], 10) is None
    shutil.copy(folder / "lists", lists)
    gallery = Gallery(tmp_path / "copy", D)
    assert gallery.near(known[0], 10) is not None
    shutil.rmtree(tmp_path / "copy")
    gallery.add([(names(10), known[:10])])
    assert gallery.near(known[0], 10) is None
    assert gallery.index(Silent()) == 0
