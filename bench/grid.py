"""A data set to look at: samples of five boxes each over a thousand real pictures; and one with 300.

For benches of the page, and for other tools beside it: the same pictures and boxes for everybody.
"""

from __future__ import annotations

import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pictures
import sets
from playwright.sync_api import Browser, Playwright

from visloop import app, data
from visloop.vision import Box

DIFFERENT = 1000
SHAPE = (120, 160)
WIDE = {"width": 1440, "height": 900}
BOXES = 300
CROWDED = "zz-crowded.jpg"
_AT_ONCE = 10_000


def fill(root: Path, n: int) -> None:
    """A workspace with `n` samples and the crowded one, committed."""
    app.create(root)
    with app.opened(root) as ports:
        scope = app.scope_for(None, ports)
        digests = [ports.blobs.put(raw) for raw in photos()]
        ports.blobs.flush()
        with ports.ledger.write(scope) as write:
            data.stage(ports.data, write, sets.DATASET, [])
        data.add_classes(ports.data, scope, sets.DATASET, sets.NAMES)
        part: list[data.Sample] = []
        for at, each in enumerate(samples(n)):
            part.append(msgspec.structs.replace(each, image=digests[at % DIFFERENT]))
            if len(part) == _AT_ONCE or at == n:
                sets.staged(ports, part)
                part = []
        data.commit(ports.data, scope, sets.DATASET, "bench")


def photos() -> list[bytes]:
    """A thousand JPEGs; the sample of number k shows the one of number k modulo a thousand."""
    rng = np.random.default_rng(0)
    drawn = (rng.integers(0, 255, (*SHAPE, 3), np.uint8) for _ in range(DIFFERENT))
    return [pictures.photo(pixels, k) for k, pixels in enumerate(drawn)]


def samples(n: int) -> Iterator[data.Sample]:
    """All of them, the crowded one last."""
    columns = drawn(n)
    for at in range(n):
        yield _real(sets.sample(at, columns))
    boxes = tuple(_crowd(k) for k in range(BOXES))
    last = _real(sets.sample(0, columns))
    yield msgspec.structs.replace(last, id="f" * 32, path=CROWDED, annotations=boxes)


def drawn(n: int) -> dict[str, Any]:
    """Columns as of `sets.drawn`, the boxes as small as the pictures."""
    columns = sets.drawn(n)
    columns["corner"] %= 100
    columns["size"] = 5 + columns["size"] % 50
    return columns


def _crowd(k: int) -> Box:
    """One of many boxes, side by side."""
    x, y = 8.0 * (k % 20), 8.0 * (k // 20)
    return Box(id=f"b{k}", label=sets.NAMES[k % 20], xyxy=(x, y, x + 6, y + 6))


def _real(sample: data.Sample) -> data.Sample:
    return msgspec.structs.replace(sample, width=SHAPE[1], height=SHAPE[0])


def chromium(playwright: Playwright) -> Browser:
    """The system's, without a graphics card; it asks nobody but this machine."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    home = "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost"
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", home]
    return playwright.chromium.launch(executable_path=path, args=quiet)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(url: str) -> None:
    for _ in range(1200):
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()
            return
        time.sleep(0.1)
