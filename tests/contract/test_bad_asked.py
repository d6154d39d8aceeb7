"""Commands and pushes that cannot be meant: an error with a way on, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.bad import asked
from tests.journey import worlds
from visloop import app
from visloop.faces import cli

HEAD = "format: 1\nserve: {body_limit_mb: 1}\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the committed data sets `odd` and `taught`."""
    root = tmp_path_factory.mktemp("asked")
    app.create(root)
    (root / "visloop.yaml").write_text(HEAD, "utf-8")
    asked.pictures(root)
    asked.models(root)
    for name in ("odd", "taught"):
        where = ("--workspace", str(root), "--quiet")
        assert cli.run(["add", str(root / "in"), "--to", name, *where]) == 0
        assert cli.run(["commit", name, "-m", "first", *where]) == 0
    return root


@pytest.mark.parametrize("line", asked.LINES, ids=lambda each: each.title)
@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_a_command_line_that_cannot_be_meant(
    workspace: Path, line: asked.Line, as_json: bool, monkeypatch, capfd
) -> None:
    monkeypatch.chdir(workspace)
    code = cli.run([*line.words, *(["--json"] if as_json else [])])
    told = capfd.readouterr()
    assert code == (2 if line.code == "usage" else 1)
    assert "Traceback" not in told.err
    if not as_json:
        assert line.said in told.err
        assert "fix: " in told.err or "--help" in told.err
        return
    error = json.loads(told.out)["error"]
    assert error["code"] == line.code
    assert error["fix"]


def test_a_fault_of_our_own_shows_no_traceback_unless_asked(monkeypatch, capfd, tmp_path) -> None:
    app.create(tmp_path)
    ledger = next(tmp_path.rglob("*.db"))
    ledger.write_bytes(b"not a database at all" * 100)
    monkeypatch.chdir(tmp_path)
    assert cli.run(["status"]) == 1
    told = capfd.readouterr().err
    assert "fix: " in told
    assert "Traceback" not in told


@pytest.fixture(scope="module")
def door(workspace: Path) -> Iterator[httpx.Client]:
    with worlds.api(workspace) as url, httpx.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("push", asked.PUSHES, ids=lambda each: each.title)
def test_a_push_that_cannot_be_meant(door: httpx.Client, workspace: Path, push: asked.Push) -> None:
    headers = {"content-type": push.kind}
    if push.token:
        headers["authorization"] = f"Bearer {app.token_of(workspace)}"
    url = f"/api/v1/push/{push.where}"
    reply = door.post(url, content=push.body, headers=headers)
    assert reply.status_code == push.status, reply.text
    if push.status != 200:
        assert reply.json()["error"]["code"] == push.code
        assert reply.json()["error"]["fix"]
        return
    assert reply.json()["quarantined"] == 1
    assert any(push.code in note for note in reply.json()["notes"])
