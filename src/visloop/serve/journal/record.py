"""What the spool keeps of a served picture until somebody decides whether it is worth keeping."""

from __future__ import annotations

import msgspec
import numpy as np
from numpy.typing import NDArray


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """One spool record, as MessagePack; arrays are little-endian bytes, empty where there is none.

    `image` is the encoded picture as it came (empty for a tensor that was sent ready-made),
    `statistics` float32 (8,), `embedding` float16 (D,), `probabilities` float32 (C,).
    """

    prediction: str
    image: bytes
    statistics: bytes = b""
    embedding: bytes = b""
    probabilities: bytes = b""
    format: int = 1

    def to_bytes(self) -> bytes:
        """The record as it is stored."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Captured:
        """Read what `to_bytes` wrote.

        Raises:
            msgspec.ValidationError: not a spool record.
        """
        return msgspec.msgpack.decode(raw, type=cls)

    def statistics_array(self) -> NDArray[np.float32]:
        """float32 (8,): the image statistics of the decoded picture; (0,) for a tensor."""
        return np.frombuffer(self.statistics, dtype="<f4")

    def embedding_array(self) -> NDArray[np.float32]:
        """float32 (D,), kept at half precision; (0,) where the model gives none."""
        return np.frombuffer(self.embedding, dtype="<f2").astype(np.float32)

    def probabilities_array(self) -> NDArray[np.float32]:
        """float32 (C,) over the contract's classes; (0,) where the model gives none."""
        return np.frombuffer(self.probabilities, dtype="<f4")
