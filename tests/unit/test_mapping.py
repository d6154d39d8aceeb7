"""Maps: the same every time, kept for the same pictures, and honest about what they lose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from tests.data_world import SCOPE, close, folder_of, make_ports, picture, view
from visloop import data
from visloop.data.mapping.faithful import NEIGHBOURS, faithful
from visloop.data.mapping.projecting import components, project
from visloop.data.staging import stage
from visloop.errors import UsageError
from visloop.ids import Ref
from visloop.progress import Silent
from visloop.vision import Box


def clouds(count: int = 240, wide: int = 64) -> np.ndarray:
    """Unit vectors around six directions."""
    random = np.random.default_rng(3)
    middles = random.normal(size=(6, wide))
    found = middles[np.arange(count) % 6] + 0.5 * random.normal(size=(count, wide))
    return (found / np.linalg.norm(found, axis=1)[:, None]).astype(np.float32)


def blocks_of(vectors: np.ndarray):
    return lambda: iter(np.array_split(vectors, 3))


@pytest.mark.parametrize("count", [240, 30])
def test_components_are_those_of_everybody(count: int) -> None:
    vectors = clouds(count)
    mine = components(count, blocks_of(vectors), 5)
    theirs = PCA(5, svd_solver="full").fit_transform(vectors)
    assert np.allclose(np.abs(mine), np.abs(theirs), atol=1e-4)


def test_a_map_by_tsne_is_the_same_every_time_and_keeps_groups_together() -> None:
    vectors = clouds()

    def made(by: str) -> np.ndarray:
        return project(by, len(vectors), blocks_of(vectors), seed=1, progress=Silent())

    first = made("tsne")
    assert np.array_equal(first, made("tsne"))
    assert np.isclose(np.abs(first).max(), 1.0)
    apart = ((first[:, None] - first[None]) ** 2).sum(axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(axis=1)
    assert (nearest % 6 == np.arange(len(vectors)) % 6).mean() > 0.95

    def kept(points: np.ndarray) -> float:
        found = faithful(points, vectors.__getitem__, blocks_of(vectors), seed=0).kept
        assert found is not None
        return found

    assert kept(first) > kept(made("pca"))


def test_trustworthiness_is_that_of_everybody() -> None:
    vectors = clouds()
    points = vectors[:, :2].copy()
    found = faithful(points, vectors.__getitem__, blocks_of(vectors), seed=0)
    assert found.judged == len(vectors)
    known = trustworthiness(vectors, points, n_neighbors=NEIGHBOURS)
    assert found.trustworthiness == pytest.approx(known, abs=1e-5)  # ties of float32
    itself = faithful(vectors, vectors.__getitem__, blocks_of(vectors), seed=0)
    assert (itself.trustworthiness, itself.kept) == (1.0, 1.0)


@pytest.mark.parametrize("count", [0, 1, 2, 4, 11])
def test_few_pictures_have_a_map_too(count: int) -> None:
    vectors = clouds(count) if count else np.zeros((0, 64), np.float32)
    points = project("tsne", count, blocks_of(vectors), seed=0, progress=Silent())
    assert points.shape == (count, 2)
    assert np.isfinite(points).all()
    found = faithful(points, vectors.__getitem__, blocks_of(vectors), seed=0)
    assert (found.kept is None) == (count < 4)


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[data.DataPorts]:
    opened = replace(make_ports(tmp_path / "w"), finder=data.Finder(tmp_path / "search"))
    data.add(opened, SCOPE, "pets", [folder_of(tmp_path / "in", cat=3, dog=2)])
    yield opened
    close(opened)


def mapped(ports: data.DataPorts, ref: str = "pets@work", **how: object) -> data.PictureMap:
    return data.picture_map(ports, SCOPE, Ref.parse(ref), by="pca", **how)  # pyright: ignore[reportArgumentType]


def test_a_map_belongs_to_its_pictures_whatever_is_said_of_them(
    ports: data.DataPorts, tmp_path: Path
) -> None:
    first = mapped(ports)
    files = list((tmp_path / "search" / "maps").iterdir())
    dog = view(ports, "pets@work")["dog/dog0.jpg"]
    box = Box(id="b", label="cat", xyxy=(1, 1, 9, 9))
    with ports.ledger.write(SCOPE) as write:
        stage(
            ports,
            write,
            "pets",
            [msgspec.structs.replace(dog, annotations=(*dog.annotations, box))],
        )
    again = mapped(ports)
    assert (again.id, list((tmp_path / "search" / "maps").iterdir())) == (first.id, files)
    assert np.array_equal(again.points, first.points)
    words = data.colours(again.source, "label", np.ones(5, np.bool_))
    assert dict(zip(words.names, words.counts, strict=True)) == {"cat": 3, "dog": 1, "several": 1}
    figures = data.colours(again.source, "width", np.ones(5, np.bool_))
    assert figures.values.tolist() == [32.0] * 5
    files[0].write_bytes(b"torn")
    assert np.array_equal(mapped(ports).points, first.points)
    data.add(ports, SCOPE, "pets", [picture(tmp_path / "more" / "new.jpg", 77)])
    assert mapped(ports).id != first.id
    with pytest.raises(UsageError, match="no map is made by 'tsnee'"):
        data.picture_map(ports, SCOPE, Ref.parse("pets@work"), by="tsnee")


def test_a_picture_that_cannot_be_read_is_told_and_stands_nowhere(ports: data.DataPorts) -> None:
    sample = view(ports, "pets@work")["cat/cat1.jpg"]
    bad = ports.blobs.put(b"\xff\xd8 no picture")
    with ports.ledger.write(SCOPE) as write:
        stage(ports, write, "pets", [msgspec.structs.replace(sample, image=bad)])
    found = mapped(ports)
    assert list(found.problems) == [bad]
    assert np.isnan(found.points[:, 0]).tolist() == [False, True, False, False, False]
