"""Real requests of the virtual line: what was answered is known, however it ends."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from visloop import demo
from visloop.app import handlers
from visloop.errors import Unavailable
from visloop.ids import digest_of
from visloop.progress import Silent

LEAVES_AFTER = 3


class _Leaves(BaseHTTPRequestHandler):
    """Says "bolt" to a few pictures, and hangs up on those that follow."""

    protocol_version = "HTTP/1.1"
    seen: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.seen.append(digest_of(body))
        if len(self.seen) > LEAVES_AFTER:
            self.close_connection = True
            return
        said = json.dumps({"label": "bolt", "id": f"pred-{len(self.seen)}"}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def leaves() -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []
    handler = type("Handler", (_Leaves,), {"seen": seen})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/predict/belt", seen
        server.shutdown()
        thread.join()


def test_the_truth_of_what_was_answered_survives_a_server_that_goes(
    leaves: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, seen = leaves
    line = demo.Line(3, classes=("bolt",))
    frames = handlers.frames(line, (), 5, 10, clock=None)
    truth = tmp_path / "truth.csv"
    with pytest.raises(Unavailable, match="nobody answers"):
        handlers.exchange(url, frames, count=10, truth=truth, progress=Silent())
    with truth.open(newline="") as file:
        rows = list(csv.DictReader(file))
    own = [digest_of(demo.encode(line.frame(index))) for index in range(5, 5 + LEAVES_AFTER)]
    assert [row["image"] for row in rows] == seen[:LEAVES_AFTER] == own, "in the line's order"
    assert {row["answer"] for row in rows} == {"bolt"}
    assert [row["prediction"] for row in rows] == ["pred-1", "pred-2", "pred-3"]
