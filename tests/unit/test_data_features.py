"""Embeddings are computed once per (model, picture) and come back in the order asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.data_world import SCOPE, close, kept, make_ports
from visloop import data
from visloop.data import features
from visloop.errors import UsageError


@dataclass
class Answer:
    embedding: np.ndarray | None


@dataclass
class Averages:
    """A tiny real embedder: the byte histogram of a picture in eight bins."""

    digest: str = "m1"
    prepared: list[bytes] = field(default_factory=list)
    silent: bool = False

    def prepare(self, data: bytes) -> np.ndarray:
        self.prepared.append(data)
        histogram = np.bincount(np.frombuffer(data, np.uint8) // 32, minlength=8)
        return histogram.astype(np.float32).reshape(1, 1, 8)

    def run(self, batch: np.ndarray) -> Answer:
        return Answer(None if self.silent else batch.reshape(len(batch), 8))


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    yield made
    close(made)


def put(ports, number: int) -> list[str]:
    return [ports.blobs.put(bytes([n % 256, n // 256]) * 10) for n in range(number)]


def expected(ports, images) -> np.ndarray:
    model = Averages()
    return np.stack([model.prepare(ports.blobs.get(image)).ravel() for image in images])


def test_vectors_come_back_in_order_with_repeats(ports) -> None:
    images = put(ports, 600)
    asked = [*reversed(images), images[5], images[5]]
    model = Averages()
    found = data.embeddings(ports, SCOPE, model, asked)
    assert found.dtype == np.float32
    assert np.array_equal(found, expected(ports, asked))
    assert len(model.prepared) == 600


def test_what_is_kept_is_not_computed_again(ports) -> None:
    images = put(ports, 300)
    data.embeddings(ports, SCOPE, Averages(), images[:200])
    model = Averages()
    found = data.embeddings(ports, SCOPE, model, images)
    assert len(model.prepared) == 100
    assert np.array_equal(found, expected(ports, images))
    other = Averages(digest="m2")
    data.embeddings(ports, SCOPE, other, images[:3])
    assert len(other.prepared) == 3


def test_another_process_reads_them(ports, tmp_path) -> None:
    images = put(ports, 10)
    data.embeddings(ports, SCOPE, Averages(), images)
    second = make_ports(tmp_path / "ws")
    model = Averages()
    found = data.embeddings(second, SCOPE, model, images)
    assert model.prepared == []
    assert np.array_equal(found, expected(ports, images))
    assert all(second.blobs.has(digest) for digest in kept(second))
    close(second)


def test_two_who_compute_the_same_at_once_agree(ports) -> None:
    images = put(ports, 40)
    with ThreadPoolExecutor(4) as pool:
        jobs = [
            pool.submit(data.embeddings, ports, SCOPE, Averages(), images[start : start + 30])
            for start in (0, 5, 10, 0)
        ]
        results = [job.result() for job in jobs]
    assert np.array_equal(results[0], results[3])
    assert np.array_equal(
        data.embeddings(ports, SCOPE, Averages(), images), expected(ports, images)
    )


def test_no_picture_gives_no_vector(ports) -> None:
    assert data.embeddings(ports, SCOPE, Averages(), []).shape == (0, 0)


def test_a_model_without_embeddings_is_told(ports) -> None:
    with pytest.raises(UsageError, match="no embedding"):
        data.embeddings(ports, SCOPE, Averages(silent=True), put(ports, 1))


def test_a_chunk_has_at_most_so_many_rows(ports) -> None:
    data.embeddings(ports, SCOPE, Averages(), put(ports, features.CHUNK * 2 + 1))
    assert len(kept(ports)) == 3
