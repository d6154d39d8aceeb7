"""Words and pictures in one space: what an encoder is, and a pair of ONNX networks that is one.

An encoder is what search compares with: it turns a picture into a vector, and words into a vector
near those of the pictures that they describe. Others than the built-in one are plug-ins, entry
points in `visloop.encoders`; a CLIP-like pair is a few lines around `Pair`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

import numpy as np
import onnxruntime as ort

from visloop.infer.model_file import ModelRefused, check_model
from visloop.infer.predictor import Predictor, providers
from visloop.vision import ShapeError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.vision import Contract

Vector: TypeAlias = "NDArray[np.float32]"
Tokenize: TypeAlias = Callable[[str], Sequence[int]]
"""A text → the ids that a text network reads."""

_ERRORS_ONLY: Final = 3
_IDS, _MASK, _TYPES = "input_ids", "attention_mask", "token_type_ids"


@dataclass(frozen=True)
class Meaning:
    """Words as a vector among those of pictures.

    `understood` says what the words were taken for, the weightiest first: a name, its share, where
    the name comes from (empty where the encoder cannot tell). `inner`: pictures rank by the product
    with the vector, not by the cosine.
    """

    vector: Vector
    understood: tuple[tuple[str, float, str], ...] = ()
    inner: bool = False


class Encoder(Protocol):
    """What search compares pictures with pictures, and words with pictures, by."""

    @property
    def pictures(self) -> Predictor:
        """Picture → vector; its digest tells the encoder's vectors from those of others."""
        ...

    def words(self, text: str, own: Mapping[str, Vector]) -> Meaning:
        """Words → a vector among those of pictures.

        Args:
            text: what a person typed, not empty.
            own: the data's own class names → float32 (D): which way, from the mean of all, the
                pictures lie that are labelled so. An encoder may leave them out of account.

        Raises:
            MissingExtra: the text network is an extra that is not installed.
        """
        ...


class TextNetwork:
    """An ONNX network that turns token ids into one vector.

    Its inputs are `input_ids` and, where it has them, `attention_mask` and `token_type_ids`, each
    int64 (1, T). Its first output is float32 (1, D), or (1, T, D), of which the mean is taken.
    """

    def __init__(self, onnx: bytes, tokenize: Tokenize) -> None:
        self._tokenize = tokenize
        check_model(onnx)
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        try:
            self._session = ort.InferenceSession(onnx, options, providers=providers("cpu"))
        except Exception as error:  # ONNX Runtime has a class of its own for each kind of refusal
            raise _refused(f"ONNX Runtime cannot load it: {error}") from error
        self._inputs = [each.name for each in self._session.get_inputs()]
        if _IDS not in self._inputs or not {*self._inputs} <= {_IDS, _MASK, _TYPES}:
            raise _refused(f"its inputs are {self._inputs}, not {_IDS} ({_MASK}, {_TYPES})")

    def embed(self, text: str) -> Vector:
        """float32 (D), of length 1. One text at a time: what runs beside it cannot change it.

        Raises:
            ShapeError: the network's output is something else.
        """
        ids = np.asarray([list(self._tokenize(text))], np.int64)
        given = {_IDS: ids, _MASK: np.ones_like(ids), _TYPES: np.zeros_like(ids)}
        answers: Any = self._session.run(None, {name: given[name] for name in self._inputs})
        found = np.asarray(answers[0], np.float32)
        if found.ndim == len(("N", "T", "D")):
            found = found.mean(axis=1)
        if found.ndim != len(("N", "D")) or len(found) != 1:
            raise ShapeError(f"a text's vector is float32 (1, D), not {found.shape}")
        return found[0] / max(float(np.linalg.norm(found[0])), 1e-12)


class Pair:
    """A CLIP-like encoder: a picture network and a text network that share one space.

    Args:
        image: ONNX of the picture network.
        contract: what stands around it, with `decode=Decode(task="embed")`; see `Predictor.load`.
        text: ONNX of the text network; see `TextNetwork`.
        tokenize: a text → its token ids, with whatever marks its begin and end.

    Raises:
        ModelRefused: a file may not be loaded, or does not fit.
    """

    def __init__(self, image: bytes, contract: Contract, text: bytes, tokenize: Tokenize) -> None:
        self.pictures = Predictor.load(image, contract)
        self._text = TextNetwork(text, tokenize)

    def words(self, text: str, own: Mapping[str, Vector]) -> Meaning:
        """The text network's vector."""
        del own
        return Meaning(self._text.embed(text))


def _refused(because: str) -> ModelRefused:
    return ModelRefused(
        f"the text network is refused: {because}",
        fix="export it with one input of token ids and one vector as its first output",
    )
