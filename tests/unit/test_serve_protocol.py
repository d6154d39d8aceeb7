"""The V2 protocol, forms, compression, host check and metrics: bytes in, bytes or a clear error out."""

import base64
import contextlib
import gzip
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from visloop.errors import VisloopError
from visloop.serve import errors
from visloop.serve.errors import BadRequest, StrangeOrigin, TooLarge
from visloop.serve.wire import multipart, v2
from visloop.serve.wire.guard import Guard
from visloop.serve.wire.http import BodyBound, unpack
from visloop.serve.wire.metrics import Metrics

FLOATS = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=1, max_dims=4, max_side=5),
    elements=st.floats(-1e6, 1e6, width=32),
)


def _request(inputs, raw=b"", **more):
    head = json.dumps({"inputs": inputs, **more}).encode()
    return v2.parse(head + raw, b"%d" % len(head) if raw else None)


@given(array=FLOATS, flat=st.booleans())
def test_a_json_tensor_arrives_as_it_was_sent(array, flat):
    data = array.ravel().tolist() if flat else array.tolist()
    request = _request([{"name": "input", "shape": array.shape, "datatype": "FP32", "data": data}])
    assert np.array_equal(request.tensors["input"], array)


@given(array=FLOATS, words=st.lists(st.binary(max_size=40), max_size=6))
def test_raw_tensors_arrive_as_they_were_sent_and_in_order(array, words):
    packed = b"".join(struct.pack("<I", len(word)) + word for word in words)
    request = _request(
        [
            {
                "name": "image",
                "shape": [len(words)],
                "datatype": "BYTES",
                "parameters": {"binary_data_size": len(packed)},
            },
            {
                "name": "input",
                "shape": array.shape,
                "datatype": "FP32",
                "parameters": {"binary_data_size": array.nbytes},
            },
        ],
        packed + array.tobytes(),
    )
    assert request.tensors["image"] == words
    assert np.array_equal(request.tensors["input"], array)


def test_pictures_in_json_are_base64():
    words = [b"\xff\xd8\x00", b""]
    data = [base64.b64encode(word).decode() for word in words]
    request = _request([{"name": "image", "shape": [2], "datatype": "BYTES", "data": data}])
    assert request.tensors["image"] == words


@given(body=st.binary(max_size=200), length=st.one_of(st.none(), st.integers(-5, 300)))
def test_any_bytes_at_all_are_a_request_or_a_bad_request(body, length):
    header = None if length is None else str(length).encode()
    with contextlib.suppress(BadRequest):
        v2.parse(body, header)


TENSOR = {"name": "input", "shape": [2], "datatype": "FP32"}


@pytest.mark.parametrize(
    ("inputs", "raw", "says"),
    [
        ([{**TENSOR}], b"", "neither"),
        ([{**TENSOR, "data": [1, 2, 3]}], b"", "data has 3"),
        ([{**TENSOR, "data": ["a", "b"]}], b"", "not numbers"),
        ([{**TENSOR, "data": [[1], [2, 3]]}], b"", "not numbers"),
        ([{**TENSOR, "datatype": "INT8", "data": [1, 2]}], b"", "INT8"),
        ([{**TENSOR, "shape": [-2], "data": [1, 2]}], b"", "negative"),
        ([{**TENSOR, "shape": [], "data": [1]}], b"", "empty"),
        ([{**TENSOR, "shape": [0, 1 << 62], "data": []}], b"", "or too large"),
        ([{**TENSOR, "shape": [0, *[(1 << 31) - 1] * 9], "data": []}], b"", "shape"),
        ([{**TENSOR, "shape": [1] * 65, "data": [1]}], b"", "too long"),
        ([{**TENSOR, "shape": [(1 << 63) - 1] * 9000, "data": [1]}], b"", "too large"),
        ([{**TENSOR, "parameters": {"binary_data_size": 8}}], b"12345678x", "left over"),
        ([{**TENSOR, "parameters": {"binary_data_size": 9}}], b"12345678", "binary_data_size"),
        ([{**TENSOR, "parameters": {"binary_data_size": 4}}], b"1234", "8 bytes"),
        ([{**TENSOR, "parameters": {"shared_memory_region": "r"}}], b"", "shared_memory"),
        (
            [{**TENSOR, "datatype": "BYTES", "parameters": {"binary_data_size": 6}}],
            b"\xff\xff\xff\xff12",
            "longer than",
        ),
        ([{**TENSOR, "datatype": "BYTES", "data": ["%%", "=="]}], b"", "base64"),
    ],
)
def test_a_malformed_tensor_is_named_with_its_fault(inputs, raw, says):
    with pytest.raises(BadRequest, match=says):
        _request(inputs, raw)


def test_json_nested_a_million_deep_is_refused():
    with pytest.raises(BadRequest):
        v2.parse(b'{"inputs":' + b"[" * 1_000_000, None)
    for depth in (300, 990):
        data = '{"inputs":[{"name":"i","shape":[1],"datatype":"BYTES","data":' + "[" * depth
        with pytest.raises(BadRequest):
            v2.parse((data + '"%"' + "]" * depth + "}]}").encode(), None)


def test_outputs_come_as_asked_each_in_its_own_form():
    request = _request(
        [],
        outputs=[
            {"name": "label"},
            {"name": "probabilities", "parameters": {"binary_data": True}},
        ],
        id="seven",
    )
    probabilities = np.array([[0.25, 0.75]], np.float32)
    outputs = {"probabilities": probabilities, "embedding": probabilities, "label": [b"cat"]}
    body, headers, kind = v2.encode(request, "desk", "3", outputs)
    length = int(dict(headers)[v2.HEADER_LENGTH])
    head = json.loads(body[:length])
    assert kind == b"application/octet-stream"
    assert (head["id"], head["model_name"], head["model_version"]) == ("seven", "desk", "3")
    assert head["outputs"][0] == {
        "name": "label",
        "datatype": "BYTES",
        "shape": [1],
        "data": ["cat"],
    }
    assert head["outputs"][1]["parameters"] == {"binary_data_size": 8}
    assert body[length:] == probabilities.tobytes()


def test_an_output_that_does_not_exist_is_refused_with_the_names_that_do():
    request = _request([], outputs=[{"name": "boxes"}])
    with pytest.raises(BadRequest) as caught:
        v2.encode(request, "desk", "1", {"probabilities": np.zeros((1, 2), np.float32)})
    assert "probabilities" in caught.value.fix


@given(content=st.binary(max_size=300), other=st.binary(max_size=30))
def test_the_file_of_a_form_is_found_among_other_fields(content, other):
    mark = b"----6f3a9c-not-in-the-content"
    body = b"".join(
        (
            b"--", mark, b'\r\nContent-Disposition: form-data; name="note"\r\n\r\n', other, b"\r\n",
            b"--", mark, b"\r\nContent-Type: image/jpeg\r\ncontent-disposition: form-data; ",
            b'filename="file"; name="file"\r\n\r\n', content, b"\r\n--", mark, b"--\r\n",
        )
    )  # fmt: skip
    assert multipart.file_of(body, b'multipart/form-data; boundary="' + mark + b'"') == content


def test_a_form_without_a_file_says_how_to_send_one():
    kind = b"multipart/form-data; boundary=x"
    assert multipart.is_form(kind)
    body = b'--x\r\nContent-Disposition: form-data; name="picture"\r\n\r\nabc\r\n--x--\r\n'
    with pytest.raises(BadRequest) as caught:
        multipart.file_of(body, kind)
    assert "file=@" in caught.value.fix
    with pytest.raises(BadRequest, match="boundary"):
        multipart.file_of(body, b"multipart/form-data")


@pytest.mark.parametrize(("name", "pack"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress)])
def test_compressed_bodies_unpack_up_to_the_limit_and_no_further(name, pack):
    assert unpack(pack(b"a" * 1000), name, BodyBound(1000)) == b"a" * 1000
    with pytest.raises(TooLarge):
        unpack(pack(b"a" * 1001), name, BodyBound(1000))
    with pytest.raises(BadRequest, match="ends too early"):
        unpack(pack(b"a" * 1000)[:-6], name, BodyBound(1000))
    with pytest.raises(BadRequest):
        unpack(b"not compressed", name, BodyBound(1000))


def test_plain_bodies_pass_and_unknown_encodings_do_not():
    assert unpack(b"abc", None, BodyBound(1)) == b"abc"
    with pytest.raises(BadRequest, match="br"):
        unpack(b"abc", b"br", BodyBound(10))


@pytest.mark.parametrize(
    "host", [b"127.0.0.1:8484", b"localhost", b"LOCALHOST:1", b"[::1]:80", b"dock.example:8484"]
)
def test_our_own_names_are_let_in(host):
    Guard(["dock.example"]).check(host, None)


@pytest.mark.parametrize("host", [b"evil.example", b"127.0.0.1.evil.example", b"", b"[::2]:80"])
def test_a_foreign_host_name_is_refused(host):
    with pytest.raises(StrangeOrigin):
        Guard().check(host, None)


@pytest.mark.parametrize(
    ("origin", "passes"),
    [
        (b"http://127.0.0.1:8484", True),
        (b"https://127.0.0.1:8484", True),
        (b"http://127.0.0.1:9999", False),
        (b"http://evil.example", False),
        (b"null", False),
        (b"file://", False),
        (b"http://dash.example", True),
    ],
)
def test_pages_of_other_sites_are_refused(origin, passes):
    guard = Guard(origins=["http://dash.example/"])
    for _ in range(2):  # the second time from memory
        if passes:
            guard.check(b"127.0.0.1:8484", origin)
        else:
            with pytest.raises(StrangeOrigin):
                guard.check(b"127.0.0.1:8484", origin)


def test_a_client_without_a_host_header_is_no_browser():
    Guard().check(None, None)


def test_metrics_are_prometheus_text_with_cumulative_buckets():
    metrics = Metrics("server-1")
    metrics.count("visloop_requests_total", (("deployment", 'a"b\n'), ("code", "200")), 3)
    for seconds in (0.0001, 0.004, 99.0):
        metrics.histogram("visloop_request_seconds", (("deployment", "d"),)).observe(seconds)
    lines = metrics.render({"visloop_queue_length": {(): 2}}).decode().splitlines()
    assert 'visloop_requests_total{server="server-1",deployment="a\\"b\\n",code="200"} 3' in lines
    assert 'visloop_queue_length{server="server-1"} 2' in lines
    head = 'visloop_request_seconds_bucket{server="server-1",deployment="d",le='
    assert head + '"0.0005"} 1' in lines
    assert head + '"0.005"} 2' in lines
    assert head + '"+Inf"} 3' in lines
    assert 'visloop_request_seconds_count{server="server-1",deployment="d"} 3' in lines


def test_every_error_of_this_room_has_its_own_code_and_status():
    kinds = [
        kind
        for kind in vars(errors).values()
        if isinstance(kind, type) and kind.__module__ == errors.__name__
    ]
    assert all(issubclass(kind, VisloopError) and kind.code.startswith("serve.") for kind in kinds)
    assert len({kind.code for kind in kinds}) == len(kinds) >= 10
