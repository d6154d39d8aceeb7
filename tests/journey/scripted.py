"""An HTTP server that answers as it was told, request by request: for what a good server never does."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HANGS_UP, HANGS = "hangs up", "hangs"
Line = tuple[int, dict[str, str], bytes] | str


@dataclass
class Script:
    """What is answered next, and what came in; the last line is said for ever."""

    lines: Sequence[Line]
    heard: list[dict[str, str]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    url: str = ""
    over: threading.Event = field(default_factory=threading.Event)

    def next(self) -> Line:
        return self.lines[min(len(self.heard), len(self.lines)) - 1]


@contextlib.contextmanager
def scripted(*lines: Line) -> Iterator[Script]:
    script = Script(lines)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            script.times.append(time.monotonic())
            script.heard.append({k.lower(): v for k, v in self.headers.items()})
            match script.next():
                case (status, headers, body):
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                case "hangs":
                    script.over.wait(30)
                case _:
                    self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield script
    finally:
        script.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
