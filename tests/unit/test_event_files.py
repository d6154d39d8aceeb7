"""TensorBoard's event files: what is written is read, whatever is broken is told and the rest read."""

from __future__ import annotations

import io
import math
import struct

from hypothesis import given
from hypothesis import strategies as st

from visloop.train.exchange import events
from visloop.train.exchange.events import Scalar, Told

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
FLOATS = st.floats(width=32)
TIMES = st.floats(0, 4e9)
STEPS = st.integers(-(2**63), 2**63 - 1)
SCALARS = st.lists(st.builds(Scalar, NAMES, FLOATS, STEPS, TIMES), max_size=8)


def written(scalars: list[Scalar], params: dict[str, str] | None = None) -> bytes:
    file = io.BytesIO()
    events.write(file, iter(scalars), params or {}, 1000.0)
    return file.getvalue()


def read(raw: bytes) -> tuple[list[Scalar], Told]:
    told = Told()
    return list(events.read(io.BytesIO(raw), told)), told


def same(a: list[Scalar], b: list[Scalar]) -> bool:
    def plain(each: Scalar) -> tuple[object, ...]:
        value = "nan" if math.isnan(each.value) else each.value
        return each.tag, value, each.step, each.time

    return [*map(plain, a)] == [*map(plain, b)]


@given(scalars=SCALARS, params=st.dictionaries(NAMES, NAMES, max_size=3))
def test_what_is_written_is_read(scalars: list[Scalar], params: dict[str, str]) -> None:
    found, told = read(written(scalars, params))
    assert same(found, scalars)
    assert set(told.params) == set(params)
    assert not told.problem
    assert not told.others


@given(scalars=SCALARS, cut=st.integers(1, 400))
def test_a_file_that_is_cut_off_gives_its_beginning(scalars: list[Scalar], cut: int) -> None:
    raw = written(scalars)
    found, told = read(raw[: -min(cut, len(raw) - 1)])
    assert same(found, scalars[: len(found)])
    whole = len(found) == len(scalars)
    assert bool(told.problem) or not whole or not scalars


@given(scalars=SCALARS.filter(len), at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_damaged_byte_costs_at_most_what_cannot_be_read(
    scalars: list[Scalar], at: float, bit: int
) -> None:
    raw = bytearray(written(scalars))
    raw[int(at * len(raw))] ^= 1 << bit
    found, told = read(bytes(raw))
    assert told.problem
    known = [(each.tag, each.step, each.time) for each in scalars]
    assert all((each.tag, each.step, each.time) in known for each in found)


def test_a_damaged_record_leaves_the_others() -> None:
    scalars = [Scalar("loss", 0.5, step, 1.0) for step in range(3)]
    raw = bytearray(written(scalars))
    middle = raw.rindex(b"loss", 0, raw.rindex(b"loss"))
    raw[middle] ^= 1
    found, told = read(bytes(raw))
    assert [each.step for each in found] == [0, 2]
    assert dict(told.others) == {"damaged records": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_no_crash(raw: bytes) -> None:
    _, told = read(raw)
    assert told.problem or not raw


@given(st.binary(max_size=60))
def test_any_record_is_no_crash(body: bytes) -> None:
    length = struct.pack("<Q", len(body))
    sums = [struct.pack("<I", events._masked(part)) for part in (length, body)]
    read(length + sums[0] + body + sums[1])


def test_the_check_sum_is_that_of_the_specification() -> None:
    """CRC-32C of 32 zero bytes (RFC 3720, B.4), masked as TFRecord masks it."""
    crc = 0x8A9136AA
    masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
    assert events._masked(bytes(32)) == masked
