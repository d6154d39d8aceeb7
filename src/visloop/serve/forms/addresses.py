"""Pictures that a client names by their URL: fetched only from places that the operator listed.

A list (`serve.urls` of visloop.yaml) holds beginnings of URLs (`https://photos.example.com/cards/`), names of
hosts (`photos.example.com`, `*.example.com`, `*`), and addresses or networks (`10.0.0.0/8`). Whatever leads
to this machine or a private network is refused unless that address or network is listed itself, so that
a name which somebody else controls cannot be pointed inwards. Redirects are looked at like the first URL.
"""

from __future__ import annotations

import ipaddress
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote, urlsplit

from visloop import data
from visloop.errors import ConfigError, Forbidden, Refused, VisloopError

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

AT_ONCE: Final = 4
_PORTS: Final = {"http": 80, "https": 443}
_LISTED: Final = "the operator lists what may be fetched in serve.urls of visloop.yaml"


class UrlNotAllowed(Forbidden):
    """The server may not fetch that address."""

    code = "serve.url_not_allowed"


class UrlNotFetched(Refused):
    """The address is allowed, and no picture came from it."""

    code = "serve.url_not_fetched"


class Fetcher:
    """Fetches pictures from listed places; may be used by several threads.

    Args:
        listed: see above; empty: nothing is fetched.
        most_bytes: of one file.
        seconds: for one file, redirects included.

    Raises:
        ConfigError: an entry that means nothing.
    """

    def __init__(self, listed: Sequence[str], most_bytes: int, seconds: float) -> None:
        self._listed = [each.strip() for each in listed]
        self._networks = [network for each in self._listed if (network := _network(each))]
        self._prefixes = [_Prefix(each) for each in self._listed if "://" in each]
        named = [network for each in self._prefixes if (network := _network(each.host))]
        self._inside = [*self._networks, *named]
        self._names = [each.lower() for each in self._listed if _is_name(each)]
        self._limits = most_bytes, seconds
        self._lock = threading.Lock()
        self._net: data.Net | None = None

    def check(self, url: str) -> None:
        """Refuse what may not be fetched.

        Raises:
            UrlNotAllowed: it is not listed, or no list stands in the settings.
        """
        if not self._listed:
            raise UrlNotAllowed("this server fetches no addresses", fix=_LISTED)
        if not self._allows(url):
            raise UrlNotAllowed(f"{_shown(url)} is not listed", fix=_LISTED)

    def get(self, url: str) -> bytes:
        """The bytes that stand there.

        Raises:
            UrlNotAllowed: it, or where it redirects or leads to, is not listed.
            UrlNotFetched: it is not there, too large, too slow, or no answer of a web server.
        """
        self.check(url)
        with tempfile.NamedTemporaryFile(prefix="visloop-") as file:
            try:
                self._open().get(url, Path(file.name))
            except data.NotGot as problem:
                raise self._told(url, problem) from problem
            return Path(file.name).read_bytes()

    def close(self) -> None:
        """Let go of the connections."""
        if self._net is not None:
            self._net.close()

    def _open(self) -> data.Net:
        with self._lock:
            if self._net is None:
                most_bytes, seconds = self._limits
                limits = data.Limits(
                    fetch_at_once=4 * AT_ONCE,
                    fetch_mb=most_bytes / 1e6,
                    fetch_seconds=seconds,
                    fetch_tries=1,
                )
                self._net = data.Net(limits, self._gate, self._inside)
            return self._net

    def _gate(self, url: str) -> None:
        if not self._allows(url):
            raise data.NotGot(
                "not_listed", f"it leads to {_shown(url)}, which is not listed", _LISTED
            )

    def _told(self, url: str, problem: data.NotGot) -> VisloopError:
        what = f"{_shown(url)}: {problem.reason}"
        if problem.reason_code in {"not_listed", "private_address"}:
            return UrlNotAllowed(what, fix=_LISTED)
        if problem.reason_code == "too_large":
            return UrlNotFetched(what, fix="a smaller picture, or raise serve.body_limit_mb")
        return UrlNotFetched(what, fix="check the address: it must be the picture's own")

    def _allows(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host, port = (parts.hostname or "").lower(), parts.port
        except ValueError:
            return False
        if parts.scheme not in _PORTS or not host:
            return False
        place = parts.scheme, host, port or _PORTS[parts.scheme]
        if any(each.holds(place, parts.path) for each in self._prefixes):
            return True
        if any(_names(name, host) for name in self._names):
            return True
        address = _address(host)
        return address is not None and any(address in network for network in self._networks)


class _Prefix:
    """`https://host:port/path/`: that place, and what lies below the path."""

    def __init__(self, text: str) -> None:
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError as error:
            raise _senseless(text) from error
        if parts.scheme not in _PORTS or not parts.hostname or parts.query or parts.fragment:
            raise _senseless(text)
        self.host = parts.hostname.lower()
        self._place = parts.scheme, self.host, port or _PORTS[parts.scheme]
        self._path = parts.path or "/"

    def holds(self, place: tuple[str, str, int], path: str) -> bool:
        """Whether a URL of that scheme, host and port, with that path, begins like this one."""
        steps = unquote(path).replace("\\", "/").split("/")
        return place == self._place and (path or "/").startswith(self._path) and ".." not in steps


def _network(entry: str) -> Network | None:
    try:
        return ipaddress.ip_network(entry)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_name(entry: str) -> bool:
    if "://" in entry or _network(entry):
        return False
    if not entry or "/" in entry or ":" in entry:
        raise _senseless(entry)
    return True


def _names(entry: str, host: str) -> bool:
    if entry == "*":
        return True
    return host.endswith(entry[1:]) if entry.startswith("*.") else host == entry


def _shown(url: str) -> str:
    """Without what may be a secret: user, password, query."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the address"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"[:200]


def _senseless(entry: str) -> ConfigError:
    return ConfigError(
        f"serve.urls: {entry!r} is no place",
        fix="https://host/path/, a host's name, *.example.com, *, or a network such as 10.0.0.0/8",
    )
