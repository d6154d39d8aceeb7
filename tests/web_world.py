"""A real web server on a free port that is slow, lies, loops, or sends something else."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pages(BaseHTTPRequestHandler):
    """Answers as the path says; `asked` counts what was sent in full."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        name = self.path.partition("?")[0].strip("/").replace("/", "_").replace(".jpg", "")
        self.server.asked[self.path] += 1  # type: ignore[attr-defined]
        getattr(self, name, self.good)()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def good(self) -> None:
        body = self.server.bodies.get(self.path)  # type: ignore[attr-defined]
        if body is None:
            self.send_error(404)
            return
        etag = f'"{hash(body)}"'
        if self.headers.get("If-None-Match") == etag:
            self.server.unchanged[self.path] += 1  # type: ignore[attr-defined]
            self.send_response(304)
            self.end_headers()
            return
        self._send(body, ETag=etag)

    def slow(self) -> None:
        time.sleep(3)
        self.close_connection = True

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(100):
            try:
                self.wfile.write(b"\xff")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.1)

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        try:
            for _ in range(10_000):
                self.wfile.write(b"\xff" * 65536)
        except OSError:
            return

    def short(self) -> None:
        body = self.server.bodies["/a.jpg"]  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + 100))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(10**12))
        self.end_headers()
        self.close_connection = True

    def page(self) -> None:
        self._send(b"<html>please log in</html>", **{"Content-Type": "text/html"})

    def text(self) -> None:
        self._send(b"these are just words")

    def loop(self) -> None:
        self._to("/loop.jpg")

    def once(self) -> None:
        self._to("/a.jpg")

    def swamp(self) -> None:
        """Leads on, behind a body without an end."""
        self.send_response(302)
        self.send_header("Location", "/a.jpg")
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(600):
                self.wfile.write(b"\xff" * 65536)
                self.server.waded += 65536  # type: ignore[attr-defined]

    def packed(self) -> None:
        self._send(b"a bomb, maybe", **{"Content-Encoding": "zstd"})

    def ftp(self) -> None:
        self._to("ftp://example.org/a.jpg")

    def file(self) -> None:
        self._to("file:///etc/passwd")

    def flaky(self) -> None:
        if self.server.asked[self.path] < 2:  # type: ignore[attr-defined]
            self.send_error(503)
        else:
            self._send(self.server.bodies["/a.jpg"] + b"flaky")  # type: ignore[attr-defined]

    def _to(self, place: str) -> None:
        self.send_response(302)
        self.send_header("Location", place)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self, body: bytes, **headers: str) -> None:
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Web(ThreadingHTTPServer):
    daemon_threads = True
    bodies: dict[str, bytes]
    asked: Counter[str]
    unchanged: Counter[str]
    waded = 0

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{path}"


@contextlib.contextmanager
def server(bodies: Mapping[str, bytes]) -> Iterator[Web]:
    """It answers `bodies` by their paths; stopped at the end."""
    made = Web(("127.0.0.1", 0), Pages)
    made.bodies, made.asked, made.unchanged = dict(bodies), Counter(), Counter()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()
