"""The keys as a serving process holds them: looked up for every request, refreshed behind it."""

from __future__ import annotations

import ipaddress
import logging
import threading
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from visloop.errors import Forbidden, Unauthenticated, VisloopError
from visloop.ids import digest_of
from visloop.serve.errors import Busy, TooLarge
from visloop.serve.keys.keeping import COUNTS, usage
from visloop.serve.keys.signs import Counts, Floats, Pixels, Signs
from visloop.serve.tables import serve_key_usage, serve_keys

if TYPE_CHECKING:
    from visloop.events import Scope
    from visloop.serve.ports import ServePorts
    from visloop.serve.wire.http import Headers

log = logging.getLogger("visloop.serve")

Policy: TypeAlias = Literal["auto", "required", "off"]

HEADER: Final = b"x-api-key"
_BEARER: Final = b"bearer "
_MINUTE_S: Final = 60.0
_FLUSH_S: Final = 2.0


class KeyNeeded(Unauthenticated):
    """No API key, or one that is not known."""

    code = "serve.key_needed"


class NotForThisKey(Forbidden):
    """The key is for other deployments."""

    code = "serve.not_for_this_key"


class QuotaSpent(Busy):
    """The key has asked as much as it may for now."""

    code = "serve.quota_spent"


class Holder:
    """One key in use: its quotas, its counts of today, the signs in its questions.

    Quotas are of pictures: a request is one, and a worker that finds several in it takes the rest.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.per_minute: int | None = None
        self.per_day: int | None = None
        self.deployments: frozenset[str] = frozenset()
        self.counts = Counts()
        self.elsewhere = 0
        self._signs = Signs()
        self._allowed = 0.0
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def limit(self, per_minute: int | None, per_day: int | None) -> None:
        """New quotas; a fresh one is whole."""
        if per_minute != self.per_minute:
            self._allowed = float(per_minute or 0)
        self.per_minute, self.per_day = per_minute, per_day

    def take(self, pictures: int = 1) -> None:
        """So many more pictures, all or none; from any thread.

        Raises:
            QuotaSpent: of the minute or of the day.
        """
        with self._lock:
            if self.per_day is not None:
                left = self.per_day - self.counts.asked - self.elsewhere
                if left < pictures:
                    raise self._spent(f"{self.per_day} pictures a day", left, 3600)
            if self.per_minute is not None:
                now = time.monotonic()
                gained = (now - self._at) * self.per_minute / _MINUTE_S
                self._allowed = min(float(self.per_minute), self._allowed + gained)
                self._at = now
                if self._allowed < pictures:
                    wait_s = (pictures - self._allowed) * _MINUTE_S / self.per_minute
                    told = f"{self.per_minute} pictures a minute"
                    raise self._spent(told, int(self._allowed), int(wait_s) + 1)
                self._allowed -= pictures
            self.counts.asked += pictures

    def look(self, pixels: Pixels, probabilities: Floats | None) -> None:
        """An answer has gone out: what did its question look like?"""
        self._signs.look(self.counts, pixels, probabilities)

    def _spent(self, quota: str, left: int, retry_s: int) -> QuotaSpent:
        self.counts.refused += 1
        error = QuotaSpent(
            f"the key {self.name!r} may send {quota}, and {max(0, left)} are left",
            fix="wait for Retry-After",
        )
        error.retry_s = retry_s
        return error


class Visit:
    """One request of a key, let in as one picture; `shows` may be told again, by whoever reads it anew."""

    def __init__(self, holder: Holder) -> None:
        self.holder = holder
        self._taken = 1

    def shows(self, pictures: int, fewer: str) -> None:
        """It has so many pictures, and all of them count.

        Args:
            pictures: of the whole request.
            fewer: what to do where no wait would be long enough.

        Raises:
            TooLarge: more than the quota of a minute or of a day.
            QuotaSpent: more than is left of it.
        """
        holder = self.holder
        for quota, span in ((holder.per_minute, "a minute"), (holder.per_day, "a day")):
            if quota is not None and pictures > quota:
                raise TooLarge(
                    f"{pictures} pictures at once; the key {holder.name!r} may send {quota} {span}",
                    fix=fewer,
                )
        if pictures > self._taken:
            holder.take(pictures - self._taken)
            self._taken = pictures


class Keyring:
    """Who may ask this process. Without any need for keys everybody may, and no thread runs.

    The quota of a minute holds for each process by itself, that of a day for all of them together,
    within seconds.
    """

    def __init__(
        self, ports: ServePorts, scope: Scope, server: str, policy: Policy, host: str
    ) -> None:
        self._ports = ports
        self._scope = scope
        self._server = server
        self.needed = policy == "required" or (policy == "auto" and not _is_loopback(host))
        self._off = policy == "off"
        self._holders: Mapping[str, Holder] = {}
        self._day = ports.ledger.clock.now().date()
        self._seen: int | None = None
        self._flushed: dict[str, int] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="keys", daemon=True)

    def admit(self, headers: Headers, deployment: str) -> Holder | None:
        """Whose request this is; None: nobody's, and none is needed.

        Raises:
            KeyNeeded: no key, or not a known one.
            NotForThisKey: not for this deployment.
            QuotaSpent: it has asked enough.
        """
        if self._off:
            return None
        shown = _shown(headers)
        holder = self._holders.get(digest_of(shown)) if shown and self._holders else None
        if holder is None:
            if self.needed:
                raise KeyNeeded(
                    "this server wants an API key" if not shown else "this API key is not known",
                    fix="send it as 'Authorization: Bearer KEY'; make one: visloop key add NAME",
                )
            return None
        if holder.deployments and deployment not in holder.deployments:
            raise NotForThisKey(
                f"the key {holder.name!r} is not for {deployment!r}",
                fix=f"it is for: {', '.join(sorted(holder.deployments))}",
            )
        holder.take()
        return holder

    def start(self) -> None:
        """Know the keys, then keep knowing them."""
        if not self._off:
            self._refresh()
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the thread and write the last counts."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def series(self) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
        """What Prometheus is told."""
        asked: dict[tuple[tuple[str, str], ...], float] = {}
        signs: dict[tuple[tuple[str, str], ...], float] = {}
        for holder in self._holders.values():
            asked[(("key", holder.name),)] = holder.counts.asked
            for sign in ("refused", "repeated", "near", "unsure"):
                signs[("key", holder.name), ("sign", sign)] = getattr(holder.counts, sign)
        return {"visloop_key_requests": asked, "visloop_key_signs": signs} if asked else {}

    def _run(self) -> None:
        flush_at = time.monotonic() + _FLUSH_S
        while True:
            ending = self._stop.wait(0.25)
            try:
                if ending or time.monotonic() >= flush_at:
                    self._flush()
                    if any(holder.per_day for holder in self._holders.values()):
                        self._seen = None  # what other processes have counted of the day
                    flush_at = time.monotonic() + _FLUSH_S
                self._refresh()
            except (VisloopError, SQLAlchemyError, OSError) as error:
                self._seen = None
                log.warning("serve.keys_failed", extra={"error": str(error)})
            if ending:
                return

    def _refresh(self) -> None:
        decided = self._ports.ledger.changes(telemetry=False)
        if decided == self._seen:
            return
        with self._ports.ledger.read() as connection:
            query = select(serve_keys).where(serve_keys.c.project == self._scope.project)
            rows = connection.execute(query).mappings().all()
        used = usage(self._ports, self._scope, self._day, but=self._server) if rows else {}
        by_name = {holder.name: holder for holder in self._holders.values()}
        fresh: dict[str, Holder] = {}
        for row in rows:
            holder = by_name.get(row["name"]) or Holder(row["name"])
            holder.limit(row["per_minute"], row["per_day"])
            holder.deployments = frozenset(row["deployments"])
            holder.elsewhere = used.get(row["name"], {}).get("asked", 0)
            fresh[row["digest"]] = holder
        self._holders = fresh
        self._seen = decided

    def _flush(self) -> None:
        """Write what has changed; on a new day, begin anew."""
        today = self._ports.ledger.clock.now().date()
        for holder in self._holders.values():
            told = holder.counts.asked + holder.counts.refused + holder.counts.looked_at
            if self._flushed.get(holder.name, 0) != told:
                self._write(holder.name, holder.counts)
                self._flushed[holder.name] = told
            if today != self._day:
                holder.counts, holder.elsewhere = Counts(), 0
        self._day = today

    def _write(self, name: str, counts: Counts) -> None:
        where = {
            "project": self._scope.project,
            "name": name,
            "day": self._day,
            "server": self._server,
        }
        row = where | {field: getattr(counts, field) for field in (*COUNTS, "entropy")}
        same = [serve_key_usage.c[key] == value for key, value in where.items()]
        with self._ports.ledger.telemetry() as connection:
            connection.execute(delete(serve_key_usage).where(*same))
            connection.execute(insert(serve_key_usage), [row])


def _shown(headers: Headers) -> str:
    direct = headers.get(HEADER)
    if direct is not None:
        return direct.decode("latin-1")
    told = headers.get(b"authorization", b"")
    return told[len(_BEARER) :].strip().decode("latin-1") if told[:7].lower() == _BEARER else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
