"""Clients in a closed loop: each sends its next picture when it has the answer to the one before."""

from __future__ import annotations

import selectors
import socket
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

_READ: Final = 1 << 16
_OK: Final = 200


@dataclass
class Stretch:
    """A short run of one level: seconds of every right answer, and how many of each other kind.

    `others` counts by HTTP status; 0 is a connection that broke or got nothing in time.
    """

    waits_s: list[float] = field(default_factory=list[float])
    others: Counter[int] = field(default_factory=Counter[int])
    seconds: float = 0.0
    cpu_s: float = 0.0
    elsewhere_s: float = 0.0


class _Client:
    """One connection with at most one request under way."""

    def __init__(self, port: int, requests: Sequence[bytes], first: int) -> None:
        self._port = port
        self._requests = requests
        self._next = first
        self._answer = b""
        self.sent = 0.0
        self.socket = self._connected()

    def send(self) -> None:
        """Ask the next picture."""
        request = self._requests[self._next % len(self._requests)]
        self._next += 1
        self._answer = b""
        self.sent = time.perf_counter()
        self.socket.sendall(request)

    def read(self) -> int | None:
        """The status of the answer when it is complete.

        Raises:
            OSError: the connection broke.
        """
        part = self.socket.recv(_READ)
        if not part:
            raise ConnectionResetError
        self._answer += part
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return None
        return int(head[9:12])

    def again(self) -> None:
        """A new connection."""
        self.socket.close()
        self.socket = self._connected()

    def _connected(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made


class Clients:
    """`count` connections to a server on this machine, kept between stretches."""

    def __init__(self, port: int, path: str, pictures: Sequence[bytes], count: int) -> None:
        requests = [_request(path, picture) for picture in pictures]
        self.every = [_Client(port, requests, n * 7) for n in range(count)]

    def run(self, seconds: float, most: int, patience_s: float) -> Stretch:
        """Ask for `seconds` or until `most` answers; then wait for what is under way."""
        done = Stretch()
        begun = time.perf_counter()
        end = begun + seconds
        with selectors.DefaultSelector() as selector:
            waiting: set[_Client] = set()
            for client in self.every[:most]:
                self._ask(client, selector, waiting, done)
            while waiting:
                ready = selector.select(patience_s)
                if not ready:
                    self._give_up(waiting, done)
                    break
                for key, _ in ready:
                    client: _Client = key.data
                    if not _take(client, done):
                        continue
                    selector.unregister(client.socket)
                    waiting.discard(client)
                    told = len(done.waits_s) + done.others.total()
                    if time.perf_counter() < end and told + len(waiting) < most:
                        self._ask(client, selector, waiting, done)
        done.seconds = time.perf_counter() - begun
        return done

    def close(self) -> None:
        """Hang up."""
        for client in self.every:
            client.socket.close()

    def _ask(
        self,
        client: _Client,
        selector: selectors.DefaultSelector,
        waiting: set[_Client],
        done: Stretch,
    ) -> None:
        try:
            client.send()
        except OSError:
            done.others[0] += 1
            client.again()
            return
        selector.register(client.socket, selectors.EVENT_READ, client)
        waiting.add(client)

    def _give_up(self, waiting: set[_Client], done: Stretch) -> None:
        for client in waiting:
            done.others[0] += 1
            client.again()


def _take(client: _Client, done: Stretch) -> bool:
    """Whether this request has ended, well or not."""
    try:
        status = client.read()
    except OSError:
        status = 0
    if status is None:
        return False
    if status == _OK:
        done.waits_s.append(time.perf_counter() - client.sent)
    else:
        done.others[status] += 1
    return True


def _request(path: str, picture: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(picture)}\r\n\r\n"
    return head.encode() + picture


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
