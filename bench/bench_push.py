"""Sending many small pictures to a running server, beside `visloop add` of the same files.

    python bench/bench_push.py [--count 2000] [--rounds 3]

`visloop up` on loopback; forms of 200 files with what is said of each, two at a time, as the page sends
them; and a file a request, as it was before. The limit is `visloop add` as a command.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import figures
import httpx
import pictures

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.journey import worlds

from visloop import app

PARCEL, AT_ONCE, SINGLE = 200, 2, 200


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    many = figures.Row("push", "many small files, 200 a request", given.count, bar="ratio ≤ 2")
    single = figures.Row("push", "the same, one a request", SINGLE)
    with tempfile.TemporaryDirectory() as folder:
        drawn = pictures.draw(Path(folder) / "pictures", given.count)
        files = sorted(drawn.rglob("*.jpg"))[: given.count]
        root = Path(folder) / "workspace"
        app.create(root)
        port = worlds.free_port()
        server = worlds.start(root, "up", "--port", str(port))
        url = f"http://127.0.0.1:{port}/api/v1/push"
        try:
            worlds.wait_for(f"http://127.0.0.1:{port}/", server)
            headers = {"Authorization": f"Bearer {app.token_of(root)}"}
            with httpx.Client(headers=headers, timeout=120, trust_env=False) as client:
                for turn in range(given.rounds):
                    add = [
                        sys.executable,
                        "-m",
                        "visloop",
                        "add",
                        str(drawn),
                        "--to",
                        f"added{turn}",
                    ]
                    many.limit.append(figures.command(add, root)[0])
                    for row, some, size in ((many, files, PARCEL), (single, files[:SINGLE], 1)):
                        place = f"{url}/sent{turn}x{size}"
                        row.ours.append(
                            figures.timed(lambda p=place, s=some, n=size: sent(client, p, s, n))
                        )
        finally:
            worlds.stop(server)
    for row in (many, single):
        figures.keep(row.figures() | {"files_per_s": round(row.n / min(row.ours))})


def sent(client: httpx.Client, url: str, files: list[Path], parcel: int) -> None:
    """All of them, some parcels at a time."""

    def send(some: list[Path]) -> None:
        about = [{"path": each.name, "modified": each.stat().st_mtime_ns // 10**6} for each in some]
        parts = [("file", ("file", each.read_bytes())) for each in some]
        reply = client.post(url, files=parts, data={"about": json.dumps(about)})
        assert reply.json()["added"] == len(some), reply.text

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _ in pool.map(send, [files[k : k + parcel] for k in range(0, len(files), parcel)]):
            pass


if __name__ == "__main__":
    main()
