from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.unit.observe_parts import SCOPE, Line
from visloop import observe
from visloop.errors import ConfigError

SECRET = "s3cret"


class Receiver:
    """A real HTTP server that gives the answers it is told to, then 200 for ever."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.posts = list(answers), []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((dict(self.headers), body))
                status = receiver.answers.pop(0) if receiver.answers else 200
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def bodies(self):
        return [json.loads(body) for _, body in self.posts]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def line(tmp_path):
    root = tmp_path / "ws"
    root.mkdir()
    line = Line(root)
    yield line
    line.close()


@pytest.fixture
def receiver():
    opened = []

    def make(*answers):
        opened.append(Receiver(*answers))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def happen(line, kind="alert.opened", subject="alert-1", **payload):
    with line.ledger.write(SCOPE) as write:
        return write.fact(kind, subject, **payload)


def deliver(line, *policies):
    return observe.deliver(line.observe, SCOPE, policies)


def test_news_is_posted_once_signed_and_in_order(line, receiver, monkeypatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    happen(line, subject="old news")
    there = receiver()
    policy = observe.WebhookPolicy(there.url, ("alert.opened", "model.promoted"), "HOOK_SECRET")
    assert deliver(line, policy) == observe.Delivered()
    first = happen(line, what="pictures got darker")
    happen(line, kind="label.queued", subject="cards")
    happen(line, kind="model.promoted", subject="net@v2")
    assert deliver(line, policy) == observe.Delivered(sent=2)
    assert deliver(line, policy) == observe.Delivered()
    assert [body["kind"] for body in there.bodies()] == ["alert.opened", "model.promoted"]
    headers, body = there.posts[0]
    news = json.loads(body)
    assert (news["subject"], news["payload"]) == ("alert-1", {"what": "pictures got darker"})
    assert (news["id"], news["format"]) == (f"default-{first}", 1)
    assert headers["X-Visloop-Event"] == "alert.opened"
    assert headers["X-Visloop-Delivery"] == f"default-{first}"
    expected = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Visloop-Signature"] == f"sha256={expected}"


def test_a_receiver_that_fails_is_tried_again_later_and_ever_more_rarely(line, receiver):
    there = receiver(500, 302, 404)
    policy = observe.WebhookPolicy(there.url)
    deliver(line, policy)
    happen(line)
    happen(line, subject="alert-2")
    assert deliver(line, policy) == observe.Delivered(failed=1, waiting=1)
    assert deliver(line, policy) == observe.Delivered(waiting=1)
    assert len(there.posts) == 1
    line.clock.advance(2.1)
    assert deliver(line, policy).failed == 1
    line.clock.advance(2.1)
    assert deliver(line, policy) == observe.Delivered(waiting=1)
    line.clock.advance(10)
    assert deliver(line, policy).failed == 1
    line.clock.advance(61)
    assert deliver(line, policy) == observe.Delivered(sent=2)
    assert [b["subject"] for b in there.bodies()] == ["alert-1"] * 4 + ["alert-2"]
    assert {headers["X-Visloop-Delivery"] for headers, _ in there.posts[:4]} == {
        there.posts[0][0]["X-Visloop-Delivery"]
    }
    assert "X-Visloop-Signature" not in there.posts[0][0]


def test_a_receiver_that_is_not_there_loses_nothing(line, receiver):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    there = receiver()
    gone, alive = observe.WebhookPolicy(url), observe.WebhookPolicy(there.url)
    deliver(line, gone, alive)
    happen(line)
    assert deliver(line, gone, alive) == observe.Delivered(sent=1, failed=1, waiting=1)


def test_a_day_of_failures_is_given_up_and_the_next_news_goes_out(line, receiver):
    there = receiver(*[503] * 30)
    policy = observe.WebhookPolicy(there.url)
    deliver(line, policy)
    happen(line)
    happen(line, subject="alert-2")
    for _ in range(30):
        line.clock.advance(3601)
        assert deliver(line, policy).failed == 1
    assert deliver(line, policy).sent == 1
    assert there.bodies()[-1]["subject"] == "alert-2"


@pytest.mark.parametrize("url", ["ftp://example.org/x", "file:///etc/passwd", "http://", "belt"])
def test_only_http_addresses_are_taken(line, url):
    with pytest.raises(ConfigError, match="not an address"):
        deliver(line, observe.WebhookPolicy(url))


def test_a_secret_that_is_not_set_is_said_before_anything_is_sent(line, receiver):
    there = receiver()
    with pytest.raises(ConfigError, match="secret") as error:
        deliver(line, observe.WebhookPolicy(there.url, secret_env="VISLOOP_NO_SUCH_SECRET"))
    assert "VISLOOP_NO_SUCH_SECRET" in error.value.fix
    assert there.posts == []


def test_a_hook_that_is_set_wrongly_does_not_hold_up_the_others(line, receiver):
    there = receiver()
    wrong = observe.WebhookPolicy(there.url, secret_env="VISLOOP_NO_SUCH_SECRET")
    right = observe.WebhookPolicy(there.url)
    deliver(line, right)
    happen(line)
    with pytest.raises(ConfigError, match="secret"):
        deliver(line, wrong, right)
    assert [body["subject"] for body in there.bodies()] == ["alert-1"]
