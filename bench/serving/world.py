"""What is served: a picture, two networks, and a workspace of ours that has one deployed."""

from __future__ import annotations

import base64
import io
import json
import time
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper
from PIL import Image

from visloop import infer, registry, serve
from visloop.events import Scope
from visloop.registry import tables as registry_tables
from visloop.serve import tables as serve_tables
from visloop.store import Ledger, PackBlobs, SystemClock, metadata
from visloop.vision import Contract, Decode, Resize

BOUNDARY = "visloop-bench"


def photo() -> bytes:
    """A JPEG of 500 × 375 with the detail of a photograph (about 57 KB)."""
    random = np.random.default_rng(7)
    coarse = random.integers(0, 255, (12, 16, 3), np.uint8)
    smooth = np.asarray(Image.fromarray(coarse).resize((500, 375), Image.Resampling.BICUBIC))
    noisy = np.clip(smooth + random.normal(0, 9, smooth.shape), 0, 255).astype(np.uint8)
    raw = io.BytesIO()
    Image.fromarray(noisy).save(raw, "JPEG", quality=88)
    return raw.getvalue()


def dot() -> bytes:
    """A JPEG of 8 × 8."""
    raw = io.BytesIO()
    Image.new("RGB", (8, 8)).save(raw, "JPEG")
    return raw.getvalue()


def real_network() -> tuple[bytes, Contract]:
    """EfficientNet-Lite0 with a head of ten classes."""
    random = np.random.default_rng(7)
    start = infer.backbone()
    onnx = infer.with_head(start.onnx, random.normal(0, 0.02, (10, 1280)), np.zeros(10))
    return onnx, Contract(classes=tuple(f"class-{n}" for n in range(10)))


def nothing() -> tuple[bytes, Contract]:
    """A network that does nothing, on a picture of one pixel."""
    nodes = [
        helper.make_node("Flatten", ["input"], ["flat"]),
        helper.make_node("Softmax", ["flat"], ["probabilities"], axis=1),
    ]
    given = helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, 1, 1])
    answer = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", 3])
    graph = helper.make_graph(nodes, "nothing", [given], [answer])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    resize = Resize(mode="squash", size_px=1, crop_px=None)
    return model.SerializeToString(), Contract(
        resize=resize, classes=("a", "b", "c"), decode=Decode()
    )


def write_model(folder: Path, onnx: bytes, contract: Contract, image: bytes) -> Path:
    """The model as two files, and the picture in each of the forms that the servers take."""
    folder.mkdir()
    (folder / "model.onnx").write_bytes(onnx)
    (folder / "contract.json").write_bytes(contract.to_json())
    (folder / "body.jpg").write_bytes(image)
    for field in ("images", "request"):
        (folder / f"body.{field}").write_bytes(multipart(field, image))
    (folder / "body.v2").write_text(v2(image), "utf-8")
    return folder


def multipart(field: str, image: bytes) -> bytes:
    """One file of a form, as a browser sends it."""
    head = (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + image + f"\r\n--{BOUNDARY}--\r\n".encode()


def v2(image: bytes) -> str:
    """An encoded picture in the Open Inference Protocol's JSON, base64 as MLServer's codec has it."""
    given = {
        "name": "image",
        "shape": [1, 1],
        "datatype": "BYTES",
        "parameters": {"content_type": "base64"},
        "data": [base64.b64encode(image).decode()],
    }
    return json.dumps({"inputs": [given]})


class Workspace:
    """A ledger, blobs and one deployment called `bench`."""

    def __init__(self, root: Path, onnx: bytes, contract: Contract) -> None:
        assert registry_tables.models is not None
        assert serve_tables.deployments is not None
        root.mkdir()
        self.root = root
        self.ledger = Ledger.open(f"sqlite:///{root / 'ledger.db'}", clock=SystemClock())
        with self.ledger.write(Scope()) as write:
            metadata.create_all(write.connection)
        self.ports = serve.ServePorts(self.ledger, PackBlobs(root / "blobs"), root)
        self._package = registry.Package(onnx=onnx, contract=contract)
        self.deploy()

    def deploy(self) -> serve.Deployment:
        """The same network as a new version, deployed."""
        ports = registry.RegistryPorts(self.ledger, self.ports.blobs)
        run = f"run-{time.monotonic_ns()}"
        version = registry.register(ports, Scope(), "bench", self._package, run=run)
        return serve.deploy(self.ports, Scope(), "bench", version)

    def settings(self, port: int = 0, **options: object) -> str:
        """What `python -m visloop.serve` is told."""
        where = {"ledger": str(self.ledger.url), "blobs": str(self.root / "blobs")}
        return json.dumps({**where, "state": str(self.root), "port": port, **options})
