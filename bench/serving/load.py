"""Closed-loop clients, in a process of their own: `load.py PORT PATH BODY TYPE CONNECTIONS SECONDS`.

By wrk where it is installed (`apt-get install wrk`: a tenth of the cost), else on raw sockets in one
thread. Says answers a second, latencies, and what the clients themselves cost of the processor.
"""

from __future__ import annotations

import json
import os
import selectors
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

WRK = """
wrk.method = "POST"; wrk.headers["Content-Type"] = "%s"
local file = io.open("%s", "rb"); wrk.body = file:read("*a"); file:close()
done = function(summary, latency, requests)
  local failed = summary.errors.status + summary.errors.connect + summary.errors.read
  io.write(string.format('{"rps": %%f, "p50_ms": %%f, "p99_ms": %%f, "failed": %%d, "answers": %%d}',
    summary.requests / summary.duration * 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, failed + summary.errors.timeout, summary.requests))
end
"""


def main() -> None:
    port, path, body, kind, connections, seconds = sys.argv[1:]
    by = with_wrk if shutil.which("wrk") else by_hand
    told = by(int(port), path, Path(body), kind, int(connections), float(seconds))
    spent = sum(os.times()[:4])
    told |= {"client": by.__name__, "client_cpu_ms": spent / max(1, told["answers"]) * 1e3}
    print(json.dumps(told))


def with_wrk(port: int, path: str, body: Path, kind: str, connections: int, seconds: float) -> dict:
    script = body.with_suffix(".lua")
    script.write_text(WRK % (kind, body))
    options = ["-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "30s"]
    line = ["wrk", *options, "-s", str(script), f"http://127.0.0.1:{port}{path}"]
    done = subprocess.run(line, capture_output=True, check=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def by_hand(port: int, path: str, body: Path, kind: str, connections: int, seconds: float) -> dict:
    data = body.read_bytes()
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n"
    request = f"{head}content-length: {len(data)}\r\n\r\n".encode() + data
    started = time.perf_counter()
    waits, failed = _turns(port, request, connections, started + seconds)
    spent = time.perf_counter() - started
    waits.sort()
    return {
        "rps": len(waits) / spent,
        "p50_ms": waits[len(waits) // 2] * 1e3,
        "p99_ms": waits[int(0.99 * (len(waits) - 1))] * 1e3,
        "failed": failed,
        "answers": len(waits),
    }


def _turns(port: int, request: bytes, connections: int, end: float) -> tuple[list[float], int]:
    """Each connection asks again as soon as it is answered."""
    selector = selectors.DefaultSelector()
    sent: dict[socket.socket, float] = {}
    parts: dict[socket.socket, bytes] = {}
    for _ in range(connections):
        one = socket.create_connection(("127.0.0.1", port))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(one, selectors.EVENT_READ)
        parts[one] = b""
        sent[one] = time.perf_counter()
        one.sendall(request)
    waits: list[float] = []
    failed = 0
    while sent:
        for key, _ in selector.select(5):
            one = key.fileobj
            parts[one] += one.recv(1 << 16)
            top, found, rest = parts[one].partition(b"\r\n\r\n")
            if not found or len(rest) < _length(top):
                continue
            now = time.perf_counter()
            failed += not top.startswith(b"HTTP/1.1 200")
            waits.append(now - sent.pop(one))
            parts[one] = b""
            if now < end:
                sent[one] = time.perf_counter()
                one.sendall(request)
    return waits, failed


def _length(head: bytes) -> int:
    at = head.lower().index(b"content-length:") + 15
    return int(head[at:].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    main()
