"""What a serving process and the process of a copy say to each other: frames of MessagePack.

A frame is its length, little-endian 32 bit, and a tagged record.
"""

from __future__ import annotations

import socket
import struct
from typing import Final

import msgspec

from visloop.vision import Annotation

_LENGTH: Final = struct.Struct("<I")


class Take(msgspec.Struct, frozen=True, tag="take"):
    """A model to answer with: the network, and its contract as JSON."""

    package: str
    model: str
    onnx: bytes
    contract: bytes


class Look(msgspec.Struct, frozen=True, tag="look"):
    """A picture, and what the client was told of it."""

    package: str
    image: bytes
    said: tuple[Annotation, ...]


class Seen(msgspec.Struct, frozen=True, tag="seen"):
    """What the copy answers; `error` when it could not, and then nothing else."""

    annotations: tuple[Annotation, ...] = ()
    label: str | None = None
    confidence: float | None = None
    agrees: bool | None = None
    agreement: float | None = None
    score_difference: float | None = None
    latency_ms: float = 0.0
    error: str | None = None


Message = Take | Look | Seen
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Message)


def send(link: socket.socket, message: Message) -> None:
    """Write one frame."""
    raw = _ENCODER.encode(message)
    link.sendall(_LENGTH.pack(len(raw)))
    link.sendall(raw)


def receive(link: socket.socket) -> Message:
    """Read one frame.

    Raises:
        EOFError: the other side is gone.
    """
    (length,) = _LENGTH.unpack(_exactly(link, _LENGTH.size))
    return _DECODER.decode(_exactly(link, length))


def _exactly(link: socket.socket, size: int) -> bytearray:
    raw = bytearray(size)
    view, got = memoryview(raw), 0
    while got < size:
        more = link.recv_into(view[got:])
        if not more:
            raise EOFError("the other side is gone")
        got += more
    return raw
