"""What a request took is free once it is answered, whether or not the collector of cycles ever runs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.journey.serve_world import Served, World

SIDE_PX = 400
REQUESTS = 200
MORE_MB = 30
NO_COLLECTOR = (
    "-c",
    "import gc, sys; gc.disable(); from visloop.serve.__main__ import main; sys.exit(main(sys.argv))",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    world = World.create(tmp_path_factory.mktemp("served"))
    world.deploy(world.register(size_px=SIDE_PX))
    yield world.serve(program=NO_COLLECTOR, log=False)
    world.close()


def anonymous_mb(server: Served) -> float:
    rows = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().splitlines()
    return next(int(row.split()[1]) for row in rows if row.startswith("Anonymous:")) / 1024


def noise() -> bytes:
    """A picture whose file, pixels and tensor are 0.5, 0.5 and 1.9 MB."""
    raw = io.BytesIO()
    pixels = np.random.default_rng(3).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    Image.fromarray(pixels).save(raw, "PNG")
    return raw.getvalue()


def tensor() -> tuple[bytes, dict[str, str]]:
    """A tensor of 1.9 MB as V2 has it: a head in JSON, then its bytes."""
    values = np.random.default_rng(3).random((1, 3, SIDE_PX, SIDE_PX), np.float32).tobytes()
    told = {
        "name": "input",
        "datatype": "FP32",
        "shape": [1, 3, SIDE_PX, SIDE_PX],
        "parameters": {"binary_data_size": len(values)},
    }
    head = json.dumps({"inputs": [told]}).encode()
    return head + values, {"Inference-Header-Content-Length": str(len(head))}


def pictures() -> tuple[bytes, dict[str, str]]:
    return noise(), {}


def no_picture() -> tuple[bytes, dict[str, str]]:
    return b"no picture" * 100_000, {}


@pytest.mark.parametrize(
    ("path", "asked", "status"),
    [
        ("/predict/desk", pictures, 200),
        ("/predict/desk?as=v2", pictures, 200),
        ("/v2/models/desk/infer", tensor, 200),
        ("/predict/desk", no_picture, 422),
    ],
)
def test_answered_requests_leave_nothing_behind(server, path, asked, status):
    body, headers = asked()

    def ask(times: int) -> None:
        for _ in range(times):
            assert server.ask("POST", path, body, headers).status == status

    ask(20)
    before = anonymous_mb(server)
    ask(REQUESTS)

    assert anonymous_mb(server) - before < MORE_MB
