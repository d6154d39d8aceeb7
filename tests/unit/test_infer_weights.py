"""The weights reader gives tensors, and nothing that a file may ask for besides."""

from __future__ import annotations

import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visloop.infer import WeightsRefused, read_weights

HEAD = (
    pickle.dumps(0x1950A86A20F9469CFC6C, 2),
    pickle.dumps(1001, 2),
    pickle.dumps({"protocol_version": 1001, "little_endian": True, "type_sizes": {}}, 2),
)


def tensor(shape, strides, *, offset=0, elements=6, key="0", dtype="FloatStorage") -> bytes:
    """Pickle instructions that rebuild one tensor, as torch writes them."""
    numbers = [b"(" + b"".join(b"I%d\n" % n for n in ns) + b"t" for ns in (shape, strides)]
    storage = b"(Vstorage\nctorch\n%b\nV%b\nVcpu\nI%d\nNtQ" % (
        dtype.encode(),
        key.encode(),
        elements,
    )
    hooks = b"ccollections\nOrderedDict\n)R"
    offset_at = b"I%d\n" % offset
    rebuild = b"ctorch._utils\n_rebuild_tensor_v2\n("
    return rebuild + storage + offset_at + b"".join(numbers) + b"\x89" + hooks + b"tR"


def torch_file(value: bytes) -> bytes:
    """A file of the pre-zip format with one entry, `w`, that the instructions make."""
    state = b"\x80\x02}(Vw\n" + value + b"u."
    numbers = np.arange(6, dtype="<f4").tobytes()
    return b"".join(HEAD) + state + pickle.dumps(["0"], 2) + struct.pack("<q", 6) + numbers


def test_a_tensor_comes_back():
    found = read_weights(torch_file(tensor((2, 3), (3, 1))))
    assert found["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_view_into_a_storage_comes_back():
    found = read_weights(torch_file(tensor((3, 2), (1, 3))))
    assert found["w"].tolist() == [[0, 3], [1, 4], [2, 5]]


def test_a_number_and_nothing_at_all_come_back():
    assert read_weights(torch_file(tensor((), (), offset=5)))["w"] == 5
    assert read_weights(torch_file(tensor((0, 3), (3, 1))))["w"].shape == (0, 3)


@pytest.mark.parametrize("call", ["posix\nsystem", "builtins\neval", "torch\nload", "os\nabort"])
def test_a_file_that_wants_to_run_something_is_refused(call, tmp_path):
    marker = tmp_path / "owned"
    evil = b"c" + call.encode() + b"\n(Vtouch " + os.fsencode(marker) + b"\ntR"
    with pytest.raises(WeightsRefused, match="it wants to call"):
        read_weights(torch_file(evil))
    assert not marker.exists()


def test_a_plain_pickle_that_runs_something_is_refused(tmp_path):
    marker = tmp_path / "owned"

    class Evil:
        def __reduce__(self):
            return os.system, (f"touch {marker}",)

    with pytest.raises(WeightsRefused, match=r"it wants to call posix\.system"):
        read_weights(pickle.dumps(Evil()))
    assert not marker.exists()


@pytest.mark.parametrize(
    "value",
    [
        tensor((2, 4), (4, 1)),
        tensor((6,), (2,)),
        tensor((6,), (1,), offset=1),
        tensor((6,), (-1,), offset=5),
        tensor((2,), (1,), offset=-1),
        tensor((1 << 20, 1 << 20), (0, 0)),
        tensor((2, 3), (1,)),
        tensor((1,) * 40, (1,) * 40),
        tensor((6,), (1,), elements=1 << 40),
        tensor((2, 3), (3, 1)) + b"}Vshape\nI9\nsb",
        tensor((2, 3), (3, 1), dtype="UntypedStorage"),
        tensor((2, 3), (3, 1), key="elsewhere"),
        b"I7\n",
        b"ctorch._utils\n_rebuild_tensor_v2\n",
    ],
)
def test_tensors_that_lie_about_themselves_are_refused(value):
    with pytest.raises(WeightsRefused):
        read_weights(torch_file(value))


@given(cut=st.integers(0, 400), junk=st.binary(max_size=8))
@settings(max_examples=200)
def test_damaged_files_are_refused_and_nothing_else_happens(cut, junk):
    whole = torch_file(tensor((2, 3), (3, 1)))
    damaged = whole[:cut] + junk + whole[cut + len(junk) :]
    try:
        found = read_weights(damaged)
    except WeightsRefused:
        return
    assert all(isinstance(array, np.ndarray) for array in found.values())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(data):
    with pytest.raises(WeightsRefused):
        read_weights(data)
