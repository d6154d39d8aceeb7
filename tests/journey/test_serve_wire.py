"""Connections as bad networks, hasty clients and attackers make them: raw bytes in, a clear word out."""

from __future__ import annotations

import json
import random
import socket
import struct
import zlib

import pytest

from tests.journey.serve_world import BLUE, GREEN, RED, World, picture, until
from visloop.serve.desk import PATIENCE, REQUEST_ID

BODY_TIMEOUT_S = 1.0
MIB = 1 << 20


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = World.create(tmp_path_factory.mktemp("wire"))
    one.deploy(one.register())
    one.deploy(one.register("slow", slow=24, size_px=64), "slow")
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve(
        body_timeout_s=BODY_TIMEOUT_S, max_body_bytes=4 * MIB, queue=4, threads=1, max_pixels=10**6
    )


def post(body, path="/predict/desk", **headers):
    told = {"host": "localhost", "content-length": str(len(body)), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


class Line:
    """A connection that sends what it is told and reads answers one by one."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        self._left = b""

    def send(self, raw):
        self.socket.sendall(raw)
        return self

    def answer(self):
        """(status, headers, body); None when the server has hung up."""
        while b"\r\n\r\n" not in self._left:
            if not self._more():
                return None
        head, _, rest = self._left.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        size = int(headers["content-length"])
        while len(rest) < size:
            assert self._more()
            rest = self._left.partition(b"\r\n\r\n")[2]
        self._left = rest[size:]
        return int(first.split()[1]), headers, rest[:size]

    def _more(self):
        try:
            part = self.socket.recv(1 << 16)
        except ConnectionError:
            part = b""
        self._left += part
        return bool(part)

    def close(self):
        self.socket.close()


@pytest.fixture
def lines(server):
    """`lines(3)`: so many connections."""
    made = []

    def connect(count):
        made.extend(Line(server) for _ in range(count))
        return made[-count:]

    yield connect
    for one in made:
        one.close()


@pytest.fixture
def line(lines):
    return lines(1)[0]


def label_of(answer):
    status, _, body = answer
    assert status == 200, body
    return json.loads(body)["label"]


def test_requests_sent_before_the_answers_are_answered_in_their_order(line):
    line.send(b"".join(post(image) for image in (RED, GREEN, BLUE, GREEN)))
    assert [label_of(line.answer()) for _ in range(4)] == ["red", "green", "blue", "green"]


def test_a_request_may_arrive_in_any_pieces(line):
    raw, chance = post(GREEN), random.Random(7)
    at = 0
    while at < len(raw):
        size = chance.randint(1, 60)
        line.send(raw[at : at + size])
        at += size
    assert label_of(line.answer()) == "green"


def test_chunks_queries_and_expect_take_the_long_way_to_the_same_answer(line):
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(RED), RED)
    head = post(b"", transfer_encoding="chunked").replace(b"content-length: 0\r\n", b"")
    assert label_of(line.send(head + chunked).answer()) == "red"
    assert label_of(line.send(post(BLUE, "/predict/desk?a=1")).answer()) == "blue"
    line.send(post(GREEN, expect="100-continue"))
    assert line.socket.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert label_of(line.answer()) == "green"


def test_a_client_that_wants_the_connection_closed_gets_its_answer_first(line):
    line.send(post(RED, connection="close"))
    answer = line.answer()
    assert label_of(answer) == "red"
    assert answer[1]["connection"] == "close"
    assert line.answer() is None


@pytest.mark.parametrize("body", [RED, b"no picture", bytes(2 * MIB)])
def test_the_id_of_a_request_comes_back_with_whatever_is_said(line, body):
    line.send(post(body, **{REQUEST_ID.decode(): "Order-66"}))
    _, headers, _ = line.answer()
    assert headers["x-request-id"] == "order-66"  # `Line` lowers what it reads


def test_patience_that_is_no_number_is_a_clear_error(line):
    for value in ("soon", "0", "-5", "1.5"):
        status, _, body = line.send(post(RED, **{PATIENCE.decode(): value})).answer()
        assert (status, json.loads(body)["error"]["code"]) == (400, "serve.bad_request")


def idle(server):
    text = server.ask("GET", "/metrics").body.decode()
    (row,) = (row for row in text.splitlines() if row.startswith("visloop_queue_length"))
    return float(row.split()[-1]) == 0


def test_what_nobody_waits_for_is_not_run(server, world, lines):
    before = len(world.logged("slow"))
    some = lines(5)
    for one in some:
        one.send(post(RED, "/predict/slow"))
    until(lambda: not idle(server))
    for one in some[1:]:
        one.close()
    assert label_of(some[0].answer())
    until(lambda: idle(server))
    until(lambda: len(world.logged("slow")) > before)
    # the one that was answered, and at most one that had begun when its client left
    assert len(world.logged("slow")) - before <= 2


def test_a_client_says_how_long_it_waits(server, lines):
    first, second = lines(2)
    first.send(post(RED, "/predict/slow"))
    until(lambda: not idle(server))
    second.send(post(RED, "/predict/slow", **{PATIENCE.decode(): "1"}))
    status, _, body = second.answer()
    assert (status, json.loads(body)["error"]["code"]) == (503, "serve.timed_out")
    assert label_of(first.answer())
    until(lambda: idle(server))


@pytest.mark.parametrize("sent", [0.3, 0.9])
def test_a_head_or_body_that_does_not_go_on_is_told_so_and_hung_up_on(line, sent):
    raw = post(picture(px=200))
    head = raw.index(b"\r\n\r\n")
    line.send(raw[: int(head * sent)] if sent < 0.5 else raw[: int(len(raw) * sent)])
    status, headers, body = line.answer()
    assert (status, headers["connection"]) == (400, "close")
    assert "did not arrive within 1 s" in json.loads(body)["error"]["what"]
    assert line.answer() is None


def test_many_slow_senders_do_not_stand_in_anybodys_way(server, lines):
    slow = [one.send(post(RED)[:-5]) for one in lines(60)]
    assert server.predict(GREEN)["label"] == "green"
    assert {one.answer()[0] for one in slow} == {400}


def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_read(line, server):
    line.send(post(b"", **{"content-length": str(100 * MIB)})[:-4] + b"\r\n\r\n")
    line.send(bytes(MIB))
    line.socket.shutdown(socket.SHUT_WR)
    answer = line.answer()
    assert answer is None or answer[0] == 413
    assert server.predict(RED)["label"] == "red"


def bomb_png(side):
    """A PNG of a few bytes that unpacks to side × side."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    rows = zlib.compress(bytes((side * 3 + 1) * 64), 9)
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_by_its_head(line):
    status, _, body = line.send(post(bomb_png(60_000))).answer()
    assert status in {413, 422}, body
    assert json.loads(body)["error"]["code"] == "infer.too_many_pixels"


def garbage(chance):
    kind = chance.randrange(6)
    noise = chance.randbytes(chance.randrange(400))
    if kind == 0:
        return noise
    if kind == 1:
        return post(noise)
    if kind == 2:
        return post(noise, "/v2/models/desk/infer")
    if kind == 3:
        raw = bytearray(post(GREEN))
        for _ in range(chance.randrange(1, 30)):
            raw[chance.randrange(len(raw))] = chance.randrange(256)
        return bytes(raw)
    if kind == 4:
        return post(RED[: chance.randrange(len(RED))])
    told = {"inputs": [{"name": "image", "shape": [1], "datatype": "BYTES", "data": [noise.hex()]}]}
    return post(json.dumps(told).encode(), "/v2/models/desk/infer")


def test_no_bytes_whatever_take_the_server_down(server):
    chance = random.Random(20_000)
    for _ in range(150):
        one = Line(server)
        try:
            one.send(garbage(chance))
            one.socket.shutdown(socket.SHUT_WR)
            answer = one.answer()
        except ConnectionError:
            answer = None
        one.close()
        assert answer is None or answer[0] < 500, answer
    assert server.predict(RED)["label"] == "red"
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text()


def test_more_than_it_can_do_is_refused_and_what_is_taken_is_answered(server, lines):
    some = lines(25)
    for one in some:
        one.send(post(RED, "/predict/slow"))
    answers = [one.answer() for one in some]
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 429}
    assert 5 <= statuses.count(200) < 25
    assert {headers.get("retry-after") for status, headers, _ in answers if status == 429} == {"1"}
    assert server.predict(RED)["label"] == "red"
