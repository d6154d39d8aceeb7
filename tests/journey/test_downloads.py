"""A version taken away over HTTP as one zip, by who may, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.data_world import picture
from tests.journey import worlds
from visloop import app
from visloop.faces import sdk
from visloop.faces.web.downloads import REPORT, routes, zipped

Place = tuple[Path, str, dict[str, str]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Boxes of the line, a server, an owner and somebody who may only look."""
    top = tmp_path_factory.mktemp("downloads")
    app.create(top / "ws")
    with sdk.local(top / "ws") as here:
        here.call(app.demo_images, app.DemoImages(str(top / "line"), count=4, layout="coco"))
        here.call(app.add, app.Add(paths=(str(top / "line"),), to="line"))
        here.call(app.commit, app.Commit(dataset="line", message="four"))
        seer = here.call(app.user_add, app.UserAdd(user="vic", role="viewer"))
    with worlds.api(top / "ws") as url:
        yield top, url, {"owner": app.token_of(top / "ws"), "vic": seer.secret}


def get(url: str, token: str, **query: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.get(f"{url}/exports", params=query, headers=headers, timeout=60)


def _nothing_is_left(top: Path) -> None:
    """The folder goes after the last byte."""
    folder = top / "ws" / ".visloop" / "downloads"
    worlds.until(lambda: not list(folder.iterdir()), timeout_s=10, what="an empty folder")


def test_what_comes_back_in_is_what_was_downloaded(place: Place, tmp_path: Path) -> None:
    top, url, tokens = place
    reply = get(url, tokens["owner"], ref="line@v1", format="voc")
    assert reply.headers["content-disposition"].endswith("line-v1-voc.zip")
    with zipfile.ZipFile(io.BytesIO(reply.content)) as zipped_:
        assert zipped_.testzip() is None
        assert REPORT in zipped_.namelist(), "Pascal VOC has no masks"
        assert "mask" in zipped_.read(REPORT).decode()
        zipped_.extractall(tmp_path)
    with sdk.local(top / "ws") as here:
        back = here.call(app.add, app.Add(paths=(str(tmp_path / "line-v1-voc"),), to="back"))
    assert back.added == 4
    _nothing_is_left(top)


def test_a_server_that_starts_leaves_what_another_is_sending(tmp_path: Path) -> None:
    app.create(tmp_path / "ws")
    with sdk.local(tmp_path / "ws") as here:
        now, old = (here.ports.inner / "downloads" / name for name in ("now", "old"))
        for folder in (now, old):
            folder.mkdir(parents=True)
        two_days_ago = time.time() - 2 * 24 * 3600
        os.utime(old, (two_days_ago, two_days_ago))
        routes(here.ports)
    assert (now.exists(), old.exists()) == (True, False)


def test_what_a_question_finds_is_downloaded_alone(place: Place) -> None:
    top, url, tokens = place
    with sdk.local(top / "ws") as here:
        path = here.call(app.samples, app.Samples(ref="line@v1", limit=1)).rows[0]["path"]
    reply = get(url, tokens["owner"], ref="line@v1", format="csv", where=f'path = "{path}"')
    with zipfile.ZipFile(io.BytesIO(reply.content)) as packed:
        pictures = [each for each in packed.namelist() if each.endswith(".jpg")]
    assert [Path(each).name for each in pictures] == [Path(path).name]
    refused = get(url, tokens["owner"], ref="line@v1", format="csv", where="width >")
    assert refused.json()["error"]["code"] == "query.wrong"
    _nothing_is_left(top)


def test_who_may_only_look_downloads_nothing_and_is_told(place: Place) -> None:
    top, url, tokens = place
    refused = get(url, tokens["vic"], ref="line@v1", format="coco")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    for ref, kind in (("nowhere@v1", "coco"), ("line@v1", "../x"), ("", "coco")):
        assert get(url, tokens["owner"], ref=ref, format=kind).status_code in (400, 404)
    assert httpx.get(f"{url}/exports?ref=line@v1").status_code in (401, 403)
    _nothing_is_left(top)


def test_a_zip_of_any_size_is_sent_in_pieces(tmp_path: Path) -> None:
    picture(tmp_path / "a" / "one.jpg", 1)
    (tmp_path / "a" / "large.bin").write_bytes(bytes(3 << 20))
    (tmp_path / "a" / "notes.json").write_text(json.dumps(["x" * 9000]))
    pieces = list(zipped(tmp_path))
    assert len(pieces) > 2
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as back:
        assert back.testzip() is None
        assert sorted(back.namelist()) == ["a/large.bin", "a/notes.json", "a/one.jpg"]
        assert back.getinfo("a/notes.json").compress_size < 1000
