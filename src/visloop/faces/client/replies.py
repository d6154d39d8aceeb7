"""What a deployment said of a picture, with types."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec

from visloop.vision import Annotation, Box, Mask, NumberValue

Kind = TypeVar("Kind", Box, Mask, NumberValue)


class PredictionReply(msgspec.Struct, frozen=True, kw_only=True):
    """One answer. What the model's task does not give is None or empty.

    `label` and `confidence` are the likeliest class's, `probabilities` every class's by name.
    `annotations` are boxes, masks or numbers in pixels of the upright picture of `width` × `height`.
    `id` is the answer's in the prediction log; `request_id` went with the request. `time_s` is a film's
    frame's, `url` where the server fetched the picture.
    """

    id: str
    deployment: str
    model: str
    time: datetime
    latency_ms: float
    label: str | None = None
    confidence: float | None = None
    probabilities: Mapping[str, float] | None = None
    annotations: tuple[Annotation, ...] = ()
    width: int | None = None
    height: int | None = None
    embedding: tuple[float, ...] | None = None
    request_id: str = ""
    time_s: float | None = None
    url: str = ""

    @property
    def version(self) -> str:
        """`v3` of `reader@v3`."""
        return self.model.rpartition("@")[2]

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Boxes, the likeliest first: `xyxy` in pixels, `label`, `score`."""
        return self._of(Box)

    @property
    def masks(self) -> tuple[Mask, ...]:
        """Masks; `visloop.vision.bitmap_of(mask.counts, mask.size_hw)` makes one an array."""
        return self._of(Mask)

    @property
    def values(self) -> tuple[NumberValue, ...]:
        """Numbers with their unit."""
        return self._of(NumberValue)

    @property
    def value(self) -> float | None:
        """The first number, of a model that reads one."""
        return next((each.value for each in self.values), None)

    def _of(self, kind: type[Kind]) -> tuple[Kind, ...]:
        return tuple(each for each in self.annotations if isinstance(each, kind))


class Several(msgspec.Struct, frozen=True, kw_only=True):
    """What came back for a film or a list of addresses: each an answer, or the error in its place."""

    frames: tuple[msgspec.Raw, ...] = ()
    pictures: tuple[msgspec.Raw, ...] = ()


class Failed(msgspec.Struct, frozen=True):
    """An error in the place of an answer."""

    error: Mapping[str, str] | None = None


read_several = msgspec.json.Decoder(Several).decode
read_failed = msgspec.json.Decoder(Failed).decode
read_reply = msgspec.json.Decoder(PredictionReply).decode
