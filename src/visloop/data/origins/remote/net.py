"""One file over HTTP, within limits: bytes, seconds, redirects, tries, and where it may lead."""

from __future__ import annotations

import ipaddress
import random
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import httpcore
import httpx

from visloop.data.records import Limits

_REDIRECTS: Final = 5
_NOT_MODIFIED: Final = 304
_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT_S: Final = 30.0
_FIRST_WAIT_S: Final = 0.5
_STEP_S: Final = 15.0
_HEADERS: Final = {
    "User-Agent": "visloop",
    "Accept": "image/*,*/*;q=0.5",
    "Accept-Encoding": "identity",
}
_UNPACKED: Final = frozenset({"identity", "gzip", "deflate"})
"""What a server may send unasked: each piece of it unpacks to a thousand times its size at most."""


Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Got(NamedTuple):
    """What came: `same` when the server says that nothing changed; marks for the next time."""

    same: bool = False
    etag: str = ""
    modified: str = ""


class NotGot(Exception):
    """Why nothing came: a code, the reason, and how to mend it."""

    def __init__(self, reason_code: str, reason: str, fix: str, *, again: bool = False) -> None:
        super().__init__(reason)
        self.reason_code, self.reason, self.fix, self.again = reason_code, reason, fix, again
        self.wait_s = 0.0


class Net:
    """Fetches; may be used by several threads. Nothing of the environment (proxies, .netrc) is used.

    Args:
        limits: how much, how long, how often, and whether private addresses may be asked.
        gate: called with every URL before it is asked, those of redirects too; raises `NotGot`.
        inside: private networks that may be asked nevertheless.
    """

    def __init__(
        self,
        limits: Limits,
        gate: Callable[[str], None] | None = None,
        inside: Sequence[Network] = (),
    ) -> None:
        self._limits = limits
        step = min(_STEP_S, limits.fetch_seconds)
        self._client = httpx.Client(
            transport=_Transport(_Backend(limits.private_addresses, inside), limits.fetch_at_once),
            timeout=httpx.Timeout(step, pool=None),
            headers=_HEADERS,
            trust_env=False,
            event_hooks={"request": [_passing(gate)]} if gate else {},
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def get(self, url: str, file: Path, etag: str = "", modified: str = "") -> Got:
        """Write what the URL holds to `file`, trying again where that may help.

        Raises:
            NotGot: it is not there, too large, too slow, or may not be asked for.
        """
        for left in reversed(range(self._limits.fetch_tries)):
            try:
                return self._once(url, file, {"If-None-Match": etag, "If-Modified-Since": modified})
            except NotGot as problem:
                if not problem.again or left == 0:
                    raise
                done = self._limits.fetch_tries - 1 - left
                wait_s = problem.wait_s or _FIRST_WAIT_S * 2**done * random.uniform(0.5, 1.5)
                time.sleep(min(wait_s, _LONGEST_WAIT_S))
        raise AssertionError("one try at least")

    def _once(self, url: str, file: Path, headers: dict[str, str]) -> Got:
        given = {name: value for name, value in headers.items() if value}
        try:
            return self._followed(url, file, given)
        except _Private as problem:
            raise NotGot("private_address", str(problem), _PRIVATE_FIX) from problem
        except httpx.TimeoutException as problem:
            raise NotGot(
                "fetch_failed", "the server does not answer in time", _LATER, again=True
            ) from problem
        except httpx.UnsupportedProtocol as problem:
            told = "it cannot be fetched: it leads to something that is neither http nor https"
            raise NotGot("fetch_failed", told, _LOOK) from problem
        except (httpx.TransportError, OSError) as problem:
            told = re.sub(r"^\[Errno -?\d+\] ", "", str(problem)) or type(problem).__name__
            raise NotGot(
                "fetch_failed", f"it cannot be fetched: {told}", _LATER, again=True
            ) from problem
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as problem:
            raise NotGot("fetch_failed", f"it cannot be fetched: {problem}", _LOOK) from problem

    def _followed(self, url: str, file: Path, headers: dict[str, str]) -> Got:
        """What stands where the redirects lead; their own bodies, which may have no end, are not read."""
        end = time.monotonic() + self._limits.fetch_seconds
        request = self._client.build_request("GET", url, headers=headers)
        for _ in range(_REDIRECTS + 1):
            with closing(self._client.send(request, stream=True)) as reply:
                if reply.next_request is None:
                    return self._taken(reply, file, end, asked=bool(headers))
                request = reply.next_request
        raise NotGot("fetch_failed", f"it redirects more than {_REDIRECTS} times", _LOOK)

    def _taken(self, reply: httpx.Response, file: Path, end: float, *, asked: bool) -> Got:
        if reply.status_code == _NOT_MODIFIED and asked:
            return Got(same=True)
        _check(reply)
        self._save(reply, file, end)
        return Got(
            etag=reply.headers.get("etag", ""), modified=reply.headers.get("last-modified", "")
        )

    def _save(self, reply: httpx.Response, file: Path, end: float) -> None:
        limit = int(self._limits.fetch_mb * 1e6)
        large = NotGot(
            "too_large",
            f"it has more than {limit / 1e6:g} MB",
            "raise ingest.fetch_mb in visloop.yaml",
        )
        if int(reply.headers.get("content-length") or 0) > limit:
            raise large
        written = 0
        with file.open("wb") as out:
            for chunk in reply.iter_bytes():
                written += out.write(chunk)
                if written > limit:
                    raise large
                if time.monotonic() > end:
                    raise NotGot(
                        "fetch_failed",
                        f"it takes longer than {self._limits.fetch_seconds:g} s",
                        "raise ingest.fetch_seconds in visloop.yaml, or try later",
                    )


def _check(reply: httpx.Response) -> None:
    status = reply.status_code
    if status >= 400:  # noqa: PLR2004 - HTTP's errors begin here
        problem = NotGot(
            "fetch_failed",
            f"the server answers {status} {reply.reason_phrase}".rstrip(),
            _LATER if status in _AGAIN else _LOOK,
            again=status in _AGAIN,
        )
        after = reply.headers.get("retry-after", "")
        problem.wait_s = float(after) if after.isdigit() else 0.0
        raise problem
    packed = reply.headers.get("content-encoding", "identity").strip().lower()
    if packed not in _UNPACKED:
        raise NotGot("fetch_failed", f"it comes packed ({packed[:40]}), unasked", _LOOK)
    if reply.headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")):
        raise NotGot("not_an_image", "the server sends a web page, not a picture", _PAGE)


_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
_LOOK: Final = "check the URL; then: visloop quarantine retry"
_LATER: Final = "try later: visloop quarantine retry"
_PAGE: Final = "put the picture's own URL into the list; pages behind a login cannot be fetched"
_PRIVATE_FIX: Final = (
    "if the list can be trusted: ingest: {private_addresses: true} in visloop.yaml, then retry"
)


class _Private(Exception):
    """The name leads to this machine or its own network."""


class _Backend(httpcore.NetworkBackend):
    """Connects only where it is allowed to, to the very address that was looked at."""

    def __init__(self, private: bool, inside: Sequence[Network]) -> None:
        self._inner = httpcore.SyncBackend()
        self._private, self._inside = private, inside

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """As its parent, after the addresses of the name were looked at."""
        if not self._private:
            host = _public(host, port, self._inside)
        return self._inner.connect_tcp(host, port, timeout, local_address, socket_options)


def _public(host: str, port: int, inside: Sequence[Network] = ()) -> str:
    """An address of the name; none of its addresses may be private, but for those `inside`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise httpcore.ConnectError(f"no address is known for {host}") from problem
    addresses = [str(each[4][0]).partition("%")[0] for each in found]
    for text in addresses:
        address = _inner(ipaddress.ip_address(text))
        known = any(address in network for network in inside)
        if not known and (not address.is_global or address.is_multicast):
            raise _Private(f"{host} leads to {text}, an address of this machine or its own network")
    return addresses[0]


def _inner(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for (mapped, 6to4, NAT64), else itself."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


def _passing(gate: Callable[[str], None]) -> Callable[[httpx.Request], None]:
    def pass_on(request: httpx.Request) -> None:
        gate(str(request.url))

    return pass_on


class _Transport(httpx.HTTPTransport):
    """httpx's own, over connections that are looked at."""

    def __init__(self, backend: _Backend, at_once: int) -> None:
        super().__init__()
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(),
            max_connections=at_once,
            network_backend=backend,
        )
