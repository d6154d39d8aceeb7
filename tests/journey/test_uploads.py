"""Large files in pieces by tus, many small ones in a form, and what need not be sent again."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.data_world import picture
from tests.films import film
from tests.journey import worlds
from visloop import app
from visloop.faces.web.lines import Lines

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Door:
    """A server that may be killed and started again, and who asks it."""

    def __init__(self, root: Path) -> None:
        self.root, self.port = root, worlds.free_port()
        self.start()

    def start(self) -> None:
        self.process = worlds.start(self.root, "api", "--port", str(self.port))
        self.url = f"http://127.0.0.1:{self.port}"
        worlds.wait_for(f"{self.url}/", self.process)
        headers = {"Authorization": f"Bearer {app.token_of(self.root)}"}
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def kill(self) -> None:
        self.client.close()
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def begin(self, dataset: str, size: int, **said: str) -> httpx.Response:
        told = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items()
        )
        headers = {**TUS, "Upload-Length": str(size), "Upload-Metadata": told}
        return self.client.post(f"/api/v1/uploads/{dataset}", headers=headers)

    def more(self, place: str, at: int, data: bytes, **more: str) -> httpx.Response:
        headers = {**PIECE, "Upload-Offset": str(at), **more}
        return self.client.patch(place, content=data, headers=headers)

    def offset(self, place: str) -> int:
        return int(self.client.head(place, headers=TUS).headers["upload-offset"])

    def samples(self, ref: str) -> list[dict]:
        return self.client.post("/api/v1/samples", json={"ref": ref}).json()["rows"]


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    root = tmp_path_factory.mktemp("uploads")
    app.create(root)
    door = Door(root)
    yield door
    door.client.close()
    worlds.stop(door.process)


def test_a_film_in_pieces_over_a_killed_server(door: Door, tmp_path: Path) -> None:
    raw = film(tmp_path / "a.mp4", 20).read_bytes()
    third = len(raw) // 3
    how = {"path": "belt/a.mp4", "frames": "every:10frames", "modified": "1700000000000"}
    began = door.begin("films", len(raw), **how)
    assert began.status_code == 201
    place = began.headers["location"]
    assert door.more(place, 0, raw[:third]).status_code == 204
    assert door.client.get(place).status_code == 409, "it is not whole"
    door.kill()
    door.start()
    assert door.offset(place) == third
    again = door.begin("films", len(raw), **how)
    assert again.headers["location"] == place, "the same file is the same upload"
    assert int(again.headers["upload-offset"]) == third
    assert door.more(place, 0, raw[:third]).status_code == 409, "that is there already"
    sum_ = base64.b64encode(hashlib.sha256(raw[third:]).digest()).decode()
    damaged = raw[third:-1] + bytes([raw[-1] ^ 1])
    assert (
        door.more(place, third, damaged, **{"Upload-Checksum": f"sha256 {sum_}"}).status_code == 460
    )
    assert door.offset(place) == third
    last = door.more(place, third, raw[third:], **{"Upload-Checksum": f"sha256 {sum_}"})
    assert last.status_code == 204, last.text
    assert door.client.get(place).json()["added"] == 2
    assert [each["path"][:7] for each in door.samples("films@work")] == ["belt/a/"] * 2
    size = {"path": "belt/a.mp4", "size": len(raw), "modified": 1.7e12}
    asked = door.client.post(
        "/api/v1/push/films/missing", params={"frames": how["frames"]}, content=json.dumps([size])
    )
    assert asked.json() == {"missing": [], "unchanged": 1}


def test_a_whole_file_is_taken_when_the_server_comes_back(door: Door, tmp_path: Path) -> None:
    raw = picture(tmp_path / "a.jpg", 1).read_bytes()
    place = door.begin("late", len(raw), path="a.jpg", modified="1.7e12").headers["location"]
    folder = door.root / ".visloop" / "uploads" / place.rpartition("/")[2]
    door.kill()  # as right after the last byte was on the disk
    (folder / "bytes").write_bytes(raw)
    (folder / "offset").write_text(str(len(raw)))
    door.start()
    worlds.until((folder / "outcome.json").exists, what="the file to be taken")
    assert [each["path"] for each in door.samples("late@work")] == ["a.jpg"]


def test_a_line_that_was_cut_keeps_what_came_by_it(door: Door, tmp_path: Path) -> None:
    raw = picture(tmp_path / "a.jpg", 2, (640, 480)).read_bytes()
    place = door.begin("cut", len(raw), path="a.jpg").headers["location"]
    half = len(raw) // 2
    head = f"PATCH {place} HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n"
    head += f"Authorization: {door.client.headers['authorization']}\r\nTus-Resumable: 1.0.0\r\n"
    head += f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(raw)}\r\n"
    head += "Upload-Offset: 0\r\n\r\n"
    hung = socket.create_connection(
        ("127.0.0.1", door.port)
    )  # its other end never hears of the cut
    hung.sendall(head.encode() + raw[:half])
    bytes_ = door.root / ".visloop" / "uploads" / place.rpartition("/")[2] / "bytes"
    worlds.until(lambda: bytes_.exists() and bytes_.stat().st_size == half, what="the half")
    assert door.offset(place) == 0, "nothing was answered for yet"
    assert door.more(place, half, raw[half:]).status_code in (204, 409)
    now = door.offset(place)
    if now == half:
        assert door.more(place, half, raw[half:]).status_code == 204
    hung.close()
    assert door.client.get(place).json()["added"] == 1
    (sample,) = door.samples("cut@work")
    assert sample["bytes"] == len(raw)


@pytest.mark.parametrize(
    ("headers", "status", "says"),
    [
        ({}, 412, "tus 1.0.0"),
        (TUS, 400, "Upload-Length"),
        ({**TUS, "Upload-Length": "9"}, 400, "no path"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "path Li4vYQ=="}, 400, "no path inside"),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "path ?"}, 400, "base64"),
        (
            {**TUS, "Upload-Length": "9", "Upload-Metadata": "path YQ==,modified eA=="},
            400,
            "no time",
        ),
        ({**TUS, "Upload-Length": "9", "Upload-Metadata": "path YQ==,modified bmFu"}, 400, "time"),
        (
            {**TUS, "Upload-Length": "9", "Upload-Metadata": "path YQ==,modified MWUzMDA="},
            400,
            "no t",
        ),
        ({**TUS, "Upload-Length": str(1 << 50), "Upload-Metadata": "path YQ=="}, 413, "limit"),
    ],
)
def test_what_is_no_upload_is_told(door: Door, headers, status, says) -> None:
    reply = door.client.post("/api/v1/uploads/wrong", headers=headers)
    assert reply.status_code == status, reply.text
    assert says in reply.json()["error"]["what"]
    assert reply.headers["tus-resumable"] == "1.0.0"
    assert door.client.head("/api/v1/uploads/wrong/none", headers=TUS).status_code == 404
    assert door.client.options("/api/v1/uploads/wrong").headers["tus-version"] == "1.0.0"


def test_a_file_of_no_bytes_is_told_of_though_no_piece_comes(door: Door) -> None:
    assert door.begin("nothing", 0, path="a.jpg").status_code == 201
    waiting = door.client.post("/api/v1/quarantine/list", json={"dataset": "nothing"}).json()
    assert [each["path"] for each in waiting["rows"]] == ["a.jpg"]


def test_of_many_lines_one_writes_at_a_time() -> None:
    async def lines() -> list[str]:
        upload, happened = Lines(), list[str]()

        async def write(name: str) -> None:
            async with upload.alone("a") as line:
                happened.append(f"{name} begins")
                await line.cut.wait()
                await asyncio.sleep(0)  # what came is put on the disk
                happened.append(f"{name} ends")

        tasks = [asyncio.create_task(write(name)) for name in "abc"]
        for _ in range(20):
            await asyncio.sleep(0)
        async with upload.alone("a"):
            happened.append("the last")
        await asyncio.gather(*tasks)
        return happened

    told = asyncio.run(lines())
    assert told[-1] == "the last"
    assert [told[at : at + 2] for at in (0, 2, 4)] == [
        [f"{each} begins", f"{each} ends"] for each in (told[0][0], told[2][0], told[4][0])
    ]


def test_an_upload_is_let_go_and_is_nobody_elses(door: Door) -> None:
    place = door.begin("gone", 100, path="a.jpg").headers["location"]
    assert door.client.head(place.replace("gone", "other"), headers=TUS).status_code == 404
    assert door.more(place, 0, bytes(101)).status_code == 400
    assert door.client.delete(place, headers=TUS).status_code == 204
    assert door.client.head(place, headers=TUS).status_code == 404


def test_many_small_files_say_their_folders_and_are_not_asked_for_twice(
    door: Door, tmp_path: Path
) -> None:
    names = ("gear/0.jpg", "nut/0.jpg", "gear/1.jpg")
    raws = [picture(tmp_path / f"{n}.jpg", n).read_bytes() for n in range(3)]
    about = [
        {"path": name, "label": name.partition("/")[0], "modified": 1.7e12, "size": len(raw)}
        for name, raw in zip(names, raws, strict=True)
    ]
    files = [("file", ("x.jpg", raw)) for raw in raws]
    how = {"add_classes": "1"}
    url = "/api/v1/push/parts"
    promised = door.client.post(f"{url}/missing", params=how, content=json.dumps(about))
    assert promised.json()["missing"] == [0, 1, 2]
    reply = door.client.post(url, params=how, files=files, data={"about": json.dumps(about)})
    assert reply.json()["added"] == 3, reply.text
    rows = {each["path"]: each["annotations"][0]["label"] for each in door.samples("parts@work")}
    assert rows == {name: name.partition("/")[0] for name in names}
    about[1]["label"], about[2]["modified"] = "gear", 1.8e12
    promised = door.client.post(f"{url}/missing", params=how, content=json.dumps(about))
    assert promised.json() == {"missing": [1, 2], "unchanged": 1}
    for ms in ("1e305", "-1e20"):
        strange = f'[{{"path": "a.jpg", "size": 1, "modified": {ms}}}]'
        assert door.client.post(f"{url}/missing", content=strange).status_code == 400
    reply = door.client.post(url, files=files[:2], data={"about": json.dumps(about)})
    assert reply.status_code == 400
    assert "3 files and holds 2" in reply.json()["error"]["what"]
