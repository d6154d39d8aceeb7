"""Words → pictures without a network that was trained on both: the built-in encoder of search.

EfficientNet-Lite0 tells the thousand things of ImageNet apart; each is a direction in the space of
its embeddings, the row of its last layer. A sentence network says how near words are to the names
of those things. So words become the mean of the directions of what they are near to, and pictures
that lie that way are found by the same vectors as pictures that look alike. Classes that the data
set itself has labels of are directions too, with their names.

It knows nouns: things of ImageNet and what is near them in meaning, and the data's own classes. It
knows neither colours nor numbers, places, or who does what to whom.

Source: Norouzi et al. 2013 (ConSE: names near in meaning stand for what was never seen); here the
weights go to the classifier's directions, not to its answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np

from visloop.config import load_plugin
from visloop.ids import FORMAT
from visloop.infer.encoders import Meaning, TextNetwork, Vector
from visloop.infer.lite0 import imagenet_weights
from visloop.infer.networks import backbone
from visloop.infer.predictor import Predictor

if TYPE_CHECKING:
    from numpy.typing import NDArray

TEMPERATURE: Final = 0.07
"""How fast a thing's share falls with its distance in meaning: chosen by measurement."""
_TABLE: Final = Path(__file__).with_name("imagenet.concepts")
_TOLD: Final = 5
_LEAST_SHARE: Final = 0.04


class Concepts(msgspec.Struct, frozen=True, kw_only=True):
    """ImageNet's things in the order of the classifier's outputs: names, and what these mean.

    `vectors` are int8 (1000, D), row by row; times `scale`, of length about 1. Made by
    `tools/concepts.py`.
    """

    names: tuple[str, ...]
    scale: float
    vectors: bytes
    format: int = FORMAT

    def meanings(self) -> NDArray[np.float32]:
        """float32 (1000, D)."""
        whole = np.frombuffer(self.vectors, np.int8).reshape(len(self.names), -1)
        return whole.astype(np.float32) * self.scale


class Lite0Encoder:
    """The default encoder; pictures need nothing beside the core, words the extra `words`."""

    @property
    def pictures(self) -> Predictor:
        """The backbone that training starts from: its vectors are computed once for both."""
        return self._pictures

    @cached_property
    def _pictures(self) -> Predictor:
        start = backbone()
        return Predictor.load(start.onnx, start.contract)

    def words(self, text: str, own: Mapping[str, Vector]) -> Meaning:
        """The weighted mean of the directions of what the words are near to."""
        asked = self._meaning(text)
        names = (*self._concepts.names, *own)
        near = np.concatenate([self._meanings @ asked, [self._meaning(n) @ asked for n in own]])
        shares = np.exp((near - near.max()) / TEMPERATURE)
        shares /= shares.sum()
        ways = np.concatenate([self._directions, *(way[None] for way in own.values())])
        known = len(self._concepts.names)
        told = tuple(
            (names[at], round(float(shares[at]), 3), "label" if at >= known else "ImageNet")
            for at in np.argsort(-shares, kind="stable")[:_TOLD].tolist()
            if shares[at] >= _LEAST_SHARE
        )
        return Meaning((shares.astype(np.float32) @ ways).astype(np.float32), told, inner=True)

    @cached_property
    def _concepts(self) -> Concepts:
        return msgspec.msgpack.decode(_TABLE.read_bytes(), type=Concepts)

    @cached_property
    def _meanings(self) -> NDArray[np.float32]:
        return self._concepts.meanings()

    @cached_property
    def _directions(self) -> NDArray[np.float32]:
        """(1000, 1280): rows of the last layer from their mean, each of length 1."""
        weights = imagenet_weights()["_fc.weight"].astype(np.float32)
        ways = weights - weights.mean(axis=0)
        return ways / np.linalg.norm(ways, axis=1, keepdims=True)

    @cached_property
    def _text(self) -> TextNetwork:
        return load_plugin("texts", "minilm", extra="words")()

    @cached_property
    def _meaning(self) -> Callable[[str], Vector]:
        return lru_cache(maxsize=4096)(self._text.embed)
