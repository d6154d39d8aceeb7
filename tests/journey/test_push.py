"""Pictures in by HTTP: one, several, a video; what is refused, and that nothing answered is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.data_world import picture
from tests.films import film
from tests.journey import worlds
from visloop import app


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    root = tmp_path_factory.mktemp("push")
    app.create(root)
    with worlds.api(root) as url:
        yield url, app.token_of(root)


def push(door: tuple[str, str], dataset: str, params: dict[str, str], **more) -> httpx.Response:
    url, token = door
    headers = {"Authorization": f"Bearer {token}"}
    address = f"{url}/api/v1/push/{dataset}"
    return httpx.post(address, params=params, headers=headers, timeout=60, **more)


def samples(door: tuple[str, str], ref: str) -> list[dict]:
    url, token = door
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.post(f"{url}/api/v1/samples", json={"ref": ref}, headers=headers).json()["rows"]


def counts(reply: httpx.Response) -> dict[str, int]:
    assert reply.status_code == 200, reply.text
    names = ("added", "updated", "unchanged", "quarantined")
    return {name: reply.json()[name] for name in names if reply.json()[name]}


def test_one_picture_with_its_place_label_and_split(door, tmp_path) -> None:
    raw = picture(tmp_path / "a.jpg", 1).read_bytes()
    how = {"path": "line3/a.jpg", "label": "ok", "split": "train"}
    assert counts(push(door, "one", how, content=raw)) == {"added": 1}
    assert counts(push(door, "one", how, content=raw)) == {"unchanged": 1}
    (sample,) = samples(door, "one@work")
    assert (sample["path"], sample["split"]) == ("line3/a.jpg", "train")
    assert [each["label"] for each in sample["annotations"]] == ["ok"]
    reply = push(door, "one", {"path": "b.jpg", "label": "unheard"}, content=raw)
    assert reply.status_code >= 400
    assert "unheard" in reply.text
    how = {"path": "b.jpg", "label": "unheard", "add_classes": "1"}
    assert counts(push(door, "one", how, content=raw)) == {"added": 1}


def test_several_pictures_in_a_form_one_of_them_broken(door, tmp_path) -> None:
    good = [picture(tmp_path / f"{n}.jpg", n).read_bytes() for n in range(3)]
    tricky = good[2] + b"\r\n--x\r\n"  # bytes that look like the end of a part
    files = [
        ("file", ("a.jpg", good[0])),
        ("file", ("C:\\camera\\b ü.jpg", good[1])),
        ("file", ("c.jpg", tricky)),
        ("file", ("broken.jpg", good[0][:200])),
    ]
    assert counts(push(door, "form", {}, files=files)) == {"added": 3, "quarantined": 1}
    assert [each["path"] for each in samples(door, "form@work")] == ["a.jpg", "b ü.jpg", "c.jpg"]
    assert [each["bytes"] for each in samples(door, "form@work")][2] == len(tricky)


def test_a_form_of_very_many_parts_is_refused(door) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=a"}
    url, token = door
    reply = httpx.post(
        f"{url}/api/v1/push/form",
        content=b"--a\r\n\r\n\r\n" * 20_100 + b"--a--",
        headers=kind | {"Authorization": f"Bearer {token}"},
    )
    assert reply.status_code == 400
    assert "over 20,000 files" in reply.json()["error"]["what"]


def test_a_pushed_file_that_is_tried_again_keeps_its_reason(door, tmp_path) -> None:
    whole = picture(tmp_path / "a.jpg", 1).read_bytes()
    assert counts(push(door, "again", {"path": "cut.jpg"}, content=whole[:300])) == {
        "quarantined": 1
    }
    assert counts(push(door, "again", {"path": "a.dcm"}, content=b"DICM")) == {"quarantined": 1}

    def ask(verb: str, **said: object) -> dict:
        headers = {"Authorization": f"Bearer {door[1]}"}
        return httpx.post(f"{door[0]}/api/v1/quarantine/{verb}", json=said, headers=headers).json()

    before = ask("list", dataset="again")["rows"]
    done = ask("retry", dataset="again")
    assert (done["added"], done["quarantined"]) == (0, 2)
    assert any("a.dcm: no bytes of it were kept; send it again" in each for each in done["notes"])
    after = ask("list", dataset="again")["rows"]
    told = [
        [each[key] for key in ("path", "reason_code", "reason", "fix")]
        for each in (*before, *after)
    ]
    assert told[:2] == told[2:]
    assert counts(push(door, "again", {"path": "cut.jpg"}, content=whole)) == {"added": 1}
    assert [each["path"] for each in ask("list", dataset="again")["rows"]] == ["a.dcm"]


def test_a_video_with_its_frames(door, tmp_path) -> None:
    raw = film(tmp_path / "a.mp4", 20).read_bytes()
    how = {"path": "a.mp4", "frames": "every:10frames"}
    assert counts(push(door, "film", how, content=raw)) == {"added": 2}


@pytest.mark.parametrize(
    ("params", "content", "says"),
    [
        ({}, b"", "empty"),
        ({"path": "../../x.jpg"}, b"x", "no path"),
        ({"colour": "red"}, b"x", "colour"),
        ({"frames": "often"}, b"x", "often"),
    ],
)
def test_what_is_asked_wrongly_is_told(door, params, content, says) -> None:
    reply = push(door, "wrong", params, content=content)
    assert reply.status_code == 400
    assert says in reply.json()["error"]["what"]


def test_a_body_too_large_and_a_stranger_are_refused(door) -> None:
    assert push(door, "large", {}, content=bytes((32 << 20) + 1)).status_code == 413
    url, _ = door
    assert httpx.post(f"{url}/api/v1/push/large", content=b"x").status_code == 401


def test_watch_ends_on_a_signal_and_keeps_what_came(tmp_path) -> None:
    app.create(tmp_path)
    folder = tmp_path / "in"
    picture(folder / "a.jpg", 1)
    command = [sys.executable, "-m", "visloop", "watch", str(folder), "--to", "line"]
    command += ["--settle", "0.2", "--commit-every", "1h", "--json"]
    running = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    try:
        with app.opened(tmp_path) as ports:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                if any(each["staged"]["added"] for each in _status(ports)):
                    break
                time.sleep(0.1)
        os.kill(running.pid, signal.SIGTERM)
        said, _ = running.communicate(timeout=60)
    finally:
        running.kill()
    assert running.returncode == 0
    assert '"added":1' in said.replace(" ", "")
    assert "line@v1" in said


def _status(ports: app.Ports) -> list:
    asked = app.execute(ports, app.scope_for(None, ports), app.status, app.Status())
    return list(asked.rows)
