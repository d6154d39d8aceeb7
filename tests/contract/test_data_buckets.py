"""Buckets on a real S3 server: listed page by page, fetched once, known again by their ETags."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests import bucket_world
from tests.data_world import SCOPE, close, folder_of, make_ports, picture, view
from visloop import data, store
from visloop.config import load_plugin
from visloop.data.origins.remote import bucket as module
from visloop.ids import Ref


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with bucket_world.server() as url:
        yield url


@pytest.fixture(autouse=True)
def _environment(endpoint, monkeypatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in bucket_world.environment(endpoint).items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    limits = data.Limits(fetch_tries=2, fetch_seconds=5)
    yield dataclasses.replace(made, scratch=tmp_path / "scratch", limits=limits)
    close(made)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return folder_of(tmp_path / "photos", cat=4, dog=3)


@pytest.fixture
def bucket(endpoint, photos, request) -> SimpleNamespace:
    name = "b-" + str(abs(hash(request.node.name)))
    bucket_world.upload(endpoint, photos, name, "sets/pets/")
    return SimpleNamespace(
        name=name, url=f"s3://{name}/sets/pets", s3=bucket_world.client(endpoint)
    )


class Counting:
    """A bucket that remembers what was fetched from it."""

    def __init__(self, plugin) -> None:
        self.plugin, self.keys = plugin, []

    def __call__(self, url, **settings):
        inner = self.plugin(url, **settings)

        def fetch(key, file, limit_bytes):
            self.keys.append(key)
            return inner.fetch(key, file, limit_bytes)

        return SimpleNamespace(list=inner.list, fetch=fetch)


@pytest.fixture
def fetched(monkeypatch) -> list[str]:
    counting = Counting(load_plugin("buckets", "s3"))
    monkeypatch.setattr(module, "load_plugin", lambda *_, **__: counting)
    return counting.keys


def test_class_folders_in_a_bucket_come_in_and_are_fetched_once(
    ports, photos, bucket, fetched
) -> None:
    done = data.add(ports, SCOPE, "pets", [bucket.url])
    assert (done.added, done.classes_added) == (7, ("cat", "dog"))
    samples = view(ports, "pets@work")
    one = samples["cat/cat1.jpg"]
    assert one.source == f"{bucket.url}/cat/cat1.jpg"
    assert ports.blobs.get(one.image) == (photos / "cat/cat1.jpg").read_bytes()
    assert one.annotations[0].label == "cat"
    assert len(fetched) == 7
    again = data.add(ports, SCOPE, "pets", [bucket.url + "/"])
    assert (again.added, again.updated, again.unchanged) == (0, 0, 7)
    assert len(fetched) == 7
    (folder,) = data.status(ports, SCOPE, "pets").folders
    assert (folder.root, folder.files, folder.remote) == (bucket.url, 7, True)
    assert not folder.missing


def test_only_what_changed_in_the_bucket_is_fetched(ports, tmp_path, bucket, fetched) -> None:
    data.add(ports, SCOPE, "pets", [bucket.url])
    before = view(ports, "pets@work")
    del fetched[:]
    new = picture(tmp_path / "new.jpg", 900)
    s3, name = bucket.s3, bucket.name
    s3.put_object(Bucket=name, Key="sets/pets/cat/cat0.jpg", Body=new.read_bytes())
    s3.copy_object(
        Bucket=name, CopySource=f"{name}/sets/pets/dog/dog0.jpg", Key="sets/pets/dog/moved.jpg"
    )
    s3.delete_object(Bucket=name, Key="sets/pets/dog/dog0.jpg")
    s3.delete_object(Bucket=name, Key="sets/pets/dog/dog1.jpg")
    done = data.add(ports, SCOPE, "pets", [bucket.url])
    assert (done.added, done.updated, done.unchanged) == (0, 2, 4)
    assert sorted(fetched) == ["cat/cat0.jpg", "dog/moved.jpg"]
    after = view(ports, "pets@work")
    assert after["cat/cat0.jpg"].id == before["cat/cat0.jpg"].id
    assert after["dog/moved.jpg"].id == before["dog/dog0.jpg"].id
    assert any("1 file is gone" in note for note in done.notes)
    assert "dog/dog1.jpg" in after


def test_a_coco_set_in_a_bucket_keeps_its_labels(ports, photos, tmp_path, endpoint) -> None:
    data.add(ports, SCOPE, "first", [photos])
    data.commit(ports, SCOPE, "first", "x")
    data.export(ports, SCOPE, Ref.parse("first@v1"), tmp_path / "coco", "coco")
    bucket_world.upload(endpoint, tmp_path / "coco", "coco-set")
    done = data.add(ports, SCOPE, "pets", ["s3://coco-set"])
    assert (done.added, done.quarantined) == (7, 0)
    was, now = view(ports, "first@v1"), view(ports, "pets@work")
    labels = {s.image: [a.label for a in s.annotations] for s in was.values()}
    assert {s.image: [a.label for a in s.annotations] for s in now.values()} == labels


def test_more_objects_than_a_page_holds(ports, endpoint, tmp_path) -> None:
    s3 = bucket_world.client(endpoint)
    s3.create_bucket(Bucket="many-objects")
    raw = picture(tmp_path / "one.jpg", 1).read_bytes()
    for number in range(1205):
        s3.put_object(
            Bucket="many-objects", Key=f"{number:04d}.jpg", Body=raw + f"{number}".encode()
        )
    assert data.add(ports, SCOPE, "pets", ["s3://many-objects"]).added == 1205


def test_what_is_fetched_never_piles_up(ports, bucket, monkeypatch) -> None:
    few = dataclasses.replace(ports, limits=data.Limits(fetch_at_once=1))
    most = 0
    fill = module._Tree._fill

    def watched(self, each, file):
        nonlocal most
        done = fill(self, each, file)
        most = max(most, sum(f.stat().st_blocks > 0 for f in self._folder.rglob("*.jpg")))
        return done

    monkeypatch.setattr(module._Tree, "_fill", watched)
    assert data.add(few, SCOPE, "pets", [bucket.url]).added == 7
    assert 0 < most <= 4


def test_hostile_and_odd_keys(ports, bucket, tmp_path) -> None:
    raw = picture(tmp_path / "x.jpg", 33).read_bytes()
    bucket.s3.put_object(Bucket=bucket.name, Key="sets/pets/empty/", Body=b"")
    for key in ("katze/größe 1.jpg", "cat/cat0.jpg/below.jpg", "a%20b/x.jpg"):
        bucket.s3.put_object(Bucket=bucket.name, Key="sets/pets/" + key, Body=raw + key.encode())
    done = data.add(ports, SCOPE, "pets", [bucket.url])
    samples = view(ports, "pets@work")
    assert "katze/größe 1.jpg" in samples
    assert "a%20b/x.jpg" in samples
    assert (done.added, done.quarantined) == (9, 1)
    (refused,) = data.quarantine_list(ports, SCOPE, "pets")
    assert refused.reason_code == "fetch_failed"


def test_too_large_an_object_waits_in_quarantine_until_it_may_come_in(ports, bucket) -> None:
    tight = dataclasses.replace(ports, limits=data.Limits(fetch_mb=0.0005, fetch_tries=1))
    done = data.add(tight, SCOPE, "pets", [bucket.url])
    assert done.quarantined == 7
    (first, *_) = data.quarantine_list(ports, SCOPE, "pets")
    assert first.reason_code == "too_large"
    assert "ingest.fetch_mb" in first.fix
    assert data.quarantine_retry(ports, SCOPE, "pets").added == 7
    assert {a.label for s in view(ports, "pets@work").values() for a in s.annotations} == {
        "cat",
        "dog",
    }


def test_no_such_bucket(ports) -> None:
    with pytest.raises(store.BucketNotFound, match="s3://no-such-bucket/x is not there"):
        data.add(ports, SCOPE, "pets", ["s3://no-such-bucket/x"])


def test_no_network(ports, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(store.BucketUnreachable) as caught:
        data.add(ports, SCOPE, "pets", ["s3://some-bucket/x"])
    assert "AWS_ENDPOINT_URL" in caught.value.fix


def test_secrets_are_told_nowhere(ports, bucket, tmp_path) -> None:
    data.add(ports, SCOPE, "pets", [bucket.url])
    ports.blobs.flush()
    held = b"".join(f.read_bytes() for f in (tmp_path / "ws").rglob("*") if f.is_file())
    assert b"secret-of-the-tester" not in held


def test_a_bucket_cannot_be_left_in_place(ports, bucket) -> None:
    with pytest.raises(Exception, match="in place"):
        data.add(ports, SCOPE, "pets", [bucket.url], data.AddOptions(in_place=True))
