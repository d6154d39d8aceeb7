"""Who may talk to a server that has no log-in: nobody that a foreign web page sends.

A page on the internet can point its own host name at 127.0.0.1 (DNS rebinding) and have the
browser call a local server. The `Host` header gives it away, and `Origin` gives away a
cross-site call to the right name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from visloop.serve.errors import StrangeOrigin

LOOPBACK: Final = ("127.0.0.1", "localhost", "[::1]")
_REMEMBERED: Final = 1024


class Guard:
    """Checks `Host` and `Origin`; what was found good once is remembered."""

    def __init__(self, hosts: Iterable[str] = (), origins: Iterable[str] = ()) -> None:
        self._hosts = {host.lower() for host in (*LOOPBACK, *hosts)}
        self._origins = {origin.lower().rstrip("/") for origin in origins}
        self._known: set[tuple[bytes | None, bytes | None]] = set()

    def check(self, host: bytes | None, origin: bytes | None) -> None:
        """Let the request pass, or refuse it. A request without `Host` is no browser's.

        Raises:
            StrangeOrigin: `host` is not one of ours, or `origin` is another site.
        """
        pair = (host, origin)
        if pair in self._known:
            return
        if host is not None:
            self._check_host(host.decode("latin-1").lower())
        if origin is not None:
            self._check_origin(origin.decode("latin-1").lower(), (host or b"").decode("latin-1"))
        if len(self._known) < _REMEMBERED:
            self._known.add(pair)

    def _check_host(self, host: str) -> None:
        if "*" in self._hosts or _without_port(host) in self._hosts:
            return
        raise StrangeOrigin(
            f"this server does not answer to the host name {host!r}",
            fix="call it as 127.0.0.1 or localhost, or add the name to serve.allowed_hosts",
        )

    def _check_origin(self, origin: str, host: str) -> None:
        scheme, _, netloc = origin.partition("://")
        same = scheme in {"http", "https"} and bool(netloc) and netloc == host.lower()
        if same or origin.rstrip("/") in self._origins or "*" in self._origins:
            return
        raise StrangeOrigin(
            f"a page of {origin!r} may not call this server",
            fix="open the page from this server, or let the site's own server ask",
        )


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[: host.find("]") + 1]
    return host.partition(":")[0]
