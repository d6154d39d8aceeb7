"""TensorBoard's event files: records with check sums, each an `Event` with the values of one step.

Scalars and parameters are read and written; other values (pictures, histograms, texts, graphs) are
counted by kind. Source: tensorboard/compat/proto/{event,summary,tensor}.proto,
tensorboard/plugins/hparams/plugin_data.proto, and the TFRecord format (all Apache-2.0).
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

from visloop.train.exchange import protobuf

SUFFIX: Final = "tfevents"
_VERSION: Final = "brain.Event:2"
_SESSION: Final = "_hparams_/session_start_info"
_LENGTH: Final = struct.Struct("<QI")
_CRC: Final = struct.Struct("<I")
_LARGEST: Final = 1 << 30
# besides what is no protobuf: fields of other kinds than an event's have
_NO_EVENT: Final = (ValueError, struct.error, TypeError, AttributeError, StopIteration)
_OLD_KINDS: Final = {4: "images", 5: "histograms", 6: "audio"}


@dataclass(frozen=True)
class Scalar:
    """One number; `time` is Unix time in seconds."""

    tag: str
    value: float
    step: int
    time: float


@dataclass
class Told:
    """What a file says beside its numbers, filled while it is read.

    `others` counts values that are no numbers; `problem` says what could not be read, and why.
    """

    params: dict[str, str] = field(default_factory=dict[str, str])
    others: Counter[str] = field(default_factory=Counter[str])
    problem: str = ""
    kinds: dict[str, str] = field(default_factory=dict[str, str])


def read(file: BinaryIO, told: Told) -> Iterator[Scalar]:
    """The numbers of a file in order; it ends where nothing more can be read, and `told` says why."""
    for raw in _records(file, told):
        try:
            yield from _event(raw, told)
        except _NO_EVENT as error:
            told.others["records that are no events"] += 1
            told.problem = told.problem or f"a record is no event: {error}"


def write(
    file: BinaryIO, scalars: Iterator[Scalar], params: Mapping[str, str], started: float
) -> None:
    """An event file; numbers have 32 bits there, as TensorBoard's own writers leave them."""
    begun = protobuf.double(1, started)
    _put(file, begun + protobuf.message(3, _VERSION))
    if params:
        _put(file, begun + protobuf.message(5, _session(params, started)))
    for each in scalars:
        value = protobuf.message(1, each.tag) + protobuf.single(2, each.value)
        head = protobuf.double(1, each.time) + protobuf.number(2, each.step)
        _put(file, head + protobuf.message(5, protobuf.message(1, value)))


def _put(file: BinaryIO, raw: bytes) -> None:
    length = struct.pack("<Q", len(raw))
    file.write(length + _CRC.pack(_masked(length)) + raw + _CRC.pack(_masked(raw)))


def _records(file: BinaryIO, told: Told) -> Iterator[bytes]:
    at = 0
    while head := file.read(_LENGTH.size):
        if len(head) < _LENGTH.size:
            told.problem = f"it is cut off at byte {at:,}"
            return
        size, check = _LENGTH.unpack(head)
        if _masked(head[:8]) != check or size > _LARGEST:
            told.problem = f"from byte {at:,} on it is damaged: {_rest(file) + len(head):,} bytes"
            return
        raw, end = file.read(size), file.read(_CRC.size)
        if len(end) < _CRC.size:
            told.problem = f"it is cut off at byte {at:,}"
            return
        at += _LENGTH.size + size + _CRC.size
        if _masked(raw) != _CRC.unpack(end)[0]:
            told.others["damaged records"] += 1
            told.problem = told.problem or f"the record before byte {at:,} is damaged"
            continue
        yield raw


def _rest(file: BinaryIO) -> int:
    here = file.tell()
    return file.seek(0, 2) - here


def _event(raw: bytes, told: Told) -> Iterator[Scalar]:
    time, step, summary = 0.0, 0, b""
    for number, value in protobuf.fields(raw):
        if number == 1:
            (time,) = struct.unpack("<d", value)
        elif number == 2:  # noqa: PLR2004 - Event.step
            step = protobuf.signed(value)
        elif number == 5:  # noqa: PLR2004 - Event.summary
            summary = value
        elif number == 4:  # noqa: PLR2004 - Event.graph_def
            told.others["graphs"] += 1
    for number, value in protobuf.fields(summary):
        if number == 1:
            found = _value(dict(protobuf.fields(value)), told)
            if found is not None:
                yield Scalar(*found, step, time)


def _value(value: Mapping[int, Any], told: Told) -> tuple[str, float] | None:
    """(tag, number) of a `Summary.Value`; None where it is something else, which is counted."""
    tag = value.get(1, b"").decode()
    if 9 in value:  # noqa: PLR2004 - Value.metadata: with the first value of a tag only
        plugin = dict(protobuf.fields(dict(protobuf.fields(value[9])).get(1, b"")))
        told.kinds[tag] = plugin.get(1, b"").decode()
        if tag == _SESSION:
            told.params.update(_params(plugin.get(2, b"")))
    if 2 in value:  # noqa: PLR2004 - Value.simple_value
        return tag, struct.unpack("<f", value[2])[0]
    kind = told.kinds.get(tag, "")
    if 8 in value and kind in ("", "scalars"):  # noqa: PLR2004 - Value.tensor
        number = _number(dict(protobuf.fields(value[8])))
        if number is not None:
            return tag, number
    if kind != "hparams":
        old = next((name for at, name in _OLD_KINDS.items() if at in value), "other values")
        told.others[kind or old] += 1
    return None


def _floats(form: str) -> Callable[[bytes], float]:
    return lambda raw: float(struct.unpack_from(form, raw)[0])


_CONTENT: Final[Mapping[int, Callable[[bytes], float]]] = {
    1: _floats("<f"),
    2: _floats("<d"),
    3: _floats("<i"),
    9: _floats("<q"),
    14: lambda raw: float(struct.unpack("<f", b"\0\0" + raw[:2])[0]),  # bfloat16
    19: _floats("<e"),
}
_LISTED: Final = {5: _floats("<f"), 6: _floats("<d")}
_WHOLE: Final = (7, 10)


def _number(tensor: Mapping[int, Any]) -> float | None:
    """The one number of a `TensorProto` without dimensions; None where it has more, or none."""
    if 2 in dict(protobuf.fields(tensor.get(2, b""))):  # noqa: PLR2004 - TensorShapeProto.dim
        return None
    content, kind = tensor.get(4, b""), tensor.get(1, 0)
    if content:
        return _CONTENT[kind](content) if kind in _CONTENT else None
    for at, read_one in _LISTED.items():
        if at in tensor:
            return read_one(tensor[at])
    for at in _WHOLE:
        if at in tensor:
            raw = tensor[at]
            return float(
                protobuf.signed(raw if isinstance(raw, int) else next(protobuf.varints(raw)))
            )
    return None


def _session(params: Mapping[str, str], started: float) -> bytes:
    """The `Summary` by which the hyperparameters' page knows a run."""
    pairs = (
        protobuf.message(1, protobuf.message(1, key), protobuf.message(2, _typed(value)))
        for key, value in params.items()
    )
    session = protobuf.message(3, *pairs, protobuf.double(5, started))
    plugin = protobuf.message(1, protobuf.message(1, "hparams"), protobuf.message(2, session))
    return protobuf.message(1, protobuf.message(1, _SESSION), protobuf.message(9, plugin))


def _typed(text: str) -> bytes:
    """A `google.protobuf.Value`: a number where the text is one."""
    try:
        return protobuf.double(2, float(text))
    except ValueError:
        return protobuf.message(3, text)


def _params(content: bytes) -> Iterator[tuple[str, str]]:
    session = dict(protobuf.fields(content)).get(3, b"")
    for number, raw in protobuf.fields(session):
        if number == 1:
            pair = dict(protobuf.fields(raw))
            value = dict(protobuf.fields(pair.get(2, b"")))
            yield pair.get(1, b"").decode(), _plain(value)


def _plain(value: Mapping[int, Any]) -> str:
    if 2 in value:  # noqa: PLR2004 - Value.number_value
        return f"{struct.unpack('<d', value[2])[0]:.17g}"
    if 4 in value:  # noqa: PLR2004 - Value.bool_value
        return str(bool(value[4])).lower()
    return value.get(3, b"").decode()


def _table() -> tuple[int, ...]:
    found: list[int] = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        found.append(crc)
    return tuple(found)


_TABLE: Final = _table()


def _masked(raw: bytes) -> int:
    """CRC-32C, turned and shifted as TFRecord wants it."""
    crc = 0xFFFFFFFF
    for byte in raw:
        crc = _TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
