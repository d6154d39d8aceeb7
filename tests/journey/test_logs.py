"""Logs of processes that nobody watches: JSON lines by Elastic Common Schema, without secrets."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import datetime

import pytest

from tests.journey import worlds
from tests.journey.serve_world import free_socket
from visloop import app, deploy, logs

KEY = "vlk_" + "k" * 43


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Name → the log of each process of `up`, after requests, a crash of one and an orderly end."""
    root = tmp_path_factory.mktemp("logs")
    app.create(root)
    port = worlds.free_port()
    process = worlds.start(root, "up", "--port", str(port))
    run, url = root / ".visloop" / "run", f"http://127.0.0.1:{port}"
    try:
        worlds.wait_for(f"{url}/health/ready", process)
        secret = app.token_of(root)
        for path in (f"/?token={secret}", "/predict/nobody", f"/api/v1/nothing?token={secret}"):
            asked = urllib.request.Request(
                f"{url}{path}", headers={"Authorization": f"Bearer {KEY}"}
            )
            try:
                urllib.request.urlopen(asked, timeout=10).close()
            except urllib.error.HTTPError as error:
                error.close()
        state = json.loads((run / "processes.json").read_text())
        worker = next(each["pid"] for each in state["children"] if each["name"] == "worker")
        os.kill(worker, signal.SIGKILL)
        worlds.until(lambda: (run / "up.log").read_text().count('"deploy.started"') >= 8)
    finally:
        worlds.stop(process)
    return secret, {each.stem: each.read_text() for each in run.glob("*.log")}


def test_every_process_of_up_writes_ecs_and_nothing_else(told):
    _, texts = told
    assert set(texts) == {"api", "serve-0", "worker", "up"}
    for name, text in texts.items():
        for line in text.splitlines():
            said = json.loads(line)
            assert datetime.fromisoformat(said["@timestamp"]).tzinfo is not None
            assert {"log.level", "message", "ecs.version", "process.pid"} <= said.keys(), name
    actions = {
        name: [json.loads(x)["event.action"] for x in t.splitlines()] for name, t in texts.items()
    }
    assert "serve.ready" in actions["serve-0"]
    assert actions["up"].count("deploy.started") == 4
    assert "deploy.child_died" in actions["up"]


def test_no_secret_stands_in_any_of_them(told):
    secret, texts = told
    for text in texts.values():
        assert secret not in text
        assert KEY not in text


@pytest.mark.parametrize(
    ("words", "hidden"),
    [
        (f"the key {KEY} is not known", KEY),
        ("Authorization: Bearer eyJhbGciOi.J9", "eyJhbGciOi.J9"),
        ("GET /?a=1&token=s3cr3t HTTP/1.1", "s3cr3t"),
        ("cannot reach postgresql://me:hunter2@db/visloop", "hunter2"),
        ("https://bucket/x?X-Amz-Signature=abc123&v=1", "abc123"),
    ],
)
def test_what_looks_like_a_secret_is_taken_out(words, hidden):
    record = logging.makeLogRecord({"msg": "it.failed", "error": words, "levelname": "ERROR"})
    line = logs.EcsFormatter().format(record)
    assert hidden not in line
    assert "***" in json.loads(line)["visloop"]["error"]


def test_what_nobody_catches_is_a_line_too():
    words = "from visloop import logs; import threading, warnings; logs.to_stderr()\n"
    words += "warnings.warn('odd')\n"
    words += "t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\n"
    words += "raise RuntimeError('broken')"
    done = subprocess.run(
        [sys.executable, "-c", words], capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["log.level"] for line in lines] == ["warning", "critical", "critical"]
    assert [line.get("error.type") for line in lines[1:]] == ["ZeroDivisionError", "RuntimeError"]
    assert "Traceback" in lines[2]["error.stack_trace"]


def test_why_a_child_cannot_start_is_told_in_its_log_and_by_up(tmp_path):
    app.create(tmp_path)
    settings = tmp_path / "visloop.yaml"
    settings.write_text(settings.read_text() + "serve: {urls: ['ftp://x/']}\n")
    with free_socket() as listening:
        fd = listening.fileno()
        words = worlds.command("serve", "--fd", str(fd), "--workspace", str(tmp_path))
        child = deploy.Child(name="serve-0", argv=tuple(words), fds=(fd,))
        policy = deploy.RestartPolicy(give_up_after=1)
        with pytest.raises(deploy.KeepsDying) as caught:
            deploy.Supervisor([child], tmp_path / "run", policy=policy).run()
    assert "'ftp://x/' is no place (fix: https://host/path/" in caught.value.what
    (line,) = (tmp_path / "run" / "serve-0.log").read_text().splitlines()
    assert json.loads(line)["visloop"]["said"]["code"] == "config.invalid"
