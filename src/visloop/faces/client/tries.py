"""What to do with one question until it is answered: when to try again, how long, with which error.

Without sockets and without waiting, so that both clients share it.

Unavailable ├── Unreachable        client.unreachable        nobody answers at that address
            └── DeadlineExceeded   client.deadline_exceeded  no answer within the time given

What a server refuses arrives as the class of its status (`NotFound`, `Refused`, `Unavailable` …) with
the server's own code, words and fix.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import msgspec

from visloop.errors import (
    Forbidden,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    UsageError,
    VisloopError,
)
from visloop.ids import new_id

REQUEST_ID: Final = "x-request-id"
PATIENCE: Final = "x-request-timeout-ms"
_AGAIN: Final = frozenset({429, 502, 503, 504})
_LONGEST_S: Final = 5.0
_KINDS: Final[Mapping[int, type[VisloopError]]] = {
    400: UsageError,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: Refused,
    406: Refused,
    413: Refused,
    422: Refused,
    429: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}


class Unreachable(Unavailable):
    """Nobody answers at that address, or the connection broke each time."""

    code = "client.unreachable"


class DeadlineExceeded(Unavailable):
    """No answer within the time that the caller gives."""

    code = "client.deadline_exceeded"


@dataclass(frozen=True)
class Patience:
    """`timeout_s` in all, at most `retries` more tries, the first pause about `backoff_s`."""

    timeout_s: float
    retries: int
    backoff_s: float

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.timeout_s <= 0 or self.retries < 0 or self.backoff_s < 0:
            raise UsageError(
                f"{self} is no patience", fix="timeout_s above 0, retries and backoff_s 0 or more"
            )


class Tries:
    """One question, from the first try to the answer or to the error that is raised."""

    def __init__(self, patience: Patience, url: str) -> None:
        self.request_id = new_id("req")
        self._patience = patience
        self._url = url
        self._until = time.monotonic() + patience.timeout_s
        self._failed = 0

    def left_s(self) -> float:
        """Seconds that this try may take.

        Raises:
            DeadlineExceeded: none are left.
        """
        left = self._until - time.monotonic()
        if left <= 0:
            raise self._late()
        return left

    def broken(self, error: Exception, *, late: bool) -> float:
        """The connection failed, or (`late`) was too slow: seconds to wait before the next try.

        Raises:
            Unreachable, DeadlineExceeded: there is no next try.
        """
        if late and time.monotonic() >= self._until:
            raise self._late() from error
        why = str(error) or type(error).__name__
        met = Unreachable(
            f"nobody answers at {self._url} ({self._failed + 1} tries): {why}",
            fix="check the address; start the server: visloop up",
        )
        return self._pause(met, 0.0)

    def refused(self, status: int, headers: Mapping[str, str], body: bytes) -> float:
        """The server said no: seconds to wait before the next try.

        Raises:
            VisloopError: what the server said, where another try would not help or is not left.
        """
        met = error_of(status, body)
        if status not in _AGAIN:
            raise met
        return self._pause(met, _retry_after_s(headers.get("retry-after", "")))

    def _pause(self, met: VisloopError, least_s: float) -> float:
        """Doubling, with jitter so that clients that failed together do not return together."""
        if self._failed >= self._patience.retries:
            raise met
        usual = min(_LONGEST_S, self._patience.backoff_s * 2**self._failed)
        wait = max(least_s, usual * random.uniform(0.5, 1.0))
        self._failed += 1
        if time.monotonic() + wait >= self._until:
            raise met
        return wait

    def _late(self) -> DeadlineExceeded:
        return DeadlineExceeded(
            f"{self._url} gave no answer within {self._patience.timeout_s:g} s",
            fix="give it longer: timeout_s=…; or send a smaller picture",
        )


def error_of(status: int, body: bytes) -> VisloopError:
    """A server's refusal as an exception: its code, words and fix, the class of its status."""
    kind = _KINDS.get(status, VisloopError)
    try:
        said: dict[str, Any] = msgspec.json.decode(body)
        inner = said["error"] if isinstance(said["error"], dict) else said  # V2 tells it flat
        error, code = kind(str(inner["what"]), fix=str(inner["fix"])), str(inner["code"])
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError):
        error = kind(f"the server answered {status}", fix="see its log")
        code = f"http.{status}"
    error.code, error.http_status = code, status  # pyright: ignore[reportAttributeAccessIssue] - this one's own
    return error


def _retry_after_s(text: str) -> float:
    """Seconds from now of a Retry-After, which is a number or a date (RFC 9110, 10.2.3); else 0."""
    if text.isdecimal():
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    moment = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
