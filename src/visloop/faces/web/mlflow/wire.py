"""What stands on the wire: requests as JSON or query, answers, errors, numbers, times, pages."""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from starlette.responses import Response

from visloop.errors import Conflict, NotFound, Unavailable, UsageError, VisloopError

if TYPE_CHECKING:
    from visloop.app import Ports
    from visloop.events import Scope

S = TypeVar("S")
PAGE: Final = 1_000
LARGEST_PAGE: Final = 50_000


@dataclass(frozen=True)
class Call:
    """One request: whose, where, and what it says (its body, or its query as text)."""

    ports: Ports
    scope: Scope
    path: Mapping[str, str]
    said: bytes
    query: Mapping[str, str]

    def read(self, kind: type[S]) -> S:
        """What it says, as a record; numbers may be text (protobuf writes 64 bits so).

        Raises:
            UsageError: it does not fit.
        """
        try:
            if self.said.strip():
                return msgspec.json.decode(self.said, type=kind, strict=False)
            return msgspec.convert(dict(self.query), kind, strict=False)
        except msgspec.MsgspecError as error:
            raise UsageError(
                f"the request does not fit: {error}", fix="use MLflow's client"
            ) from error


class Pair(msgspec.Struct, frozen=True):
    """A parameter or tag."""

    key: str = ""
    value: str = ""


def pairs(given: list[Pair]) -> dict[str, str]:
    """As a mapping."""
    return {each.key: each.value for each in given}


def listed(given: Mapping[str, Any]) -> list[dict[str, str]]:
    """A mapping as MLflow lists parameters and tags; what is no text as JSON."""
    return [{"key": key, "value": text_of(value)} for key, value in given.items()]


def text_of(value: Any) -> str:
    """A value of ours as the text that MLflow shows."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def ms(moment: datetime | None) -> int | None:
    """Unix time in milliseconds."""
    return None if moment is None else round(moment.timestamp() * 1000)


def moment(unix_ms: int | None) -> datetime | None:
    """The reverse of `ms`; 0 and None are no time."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC) if unix_ms else None


def number(value: float) -> float | str:
    """A float as protobuf's JSON writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


def page(token: str, size: int) -> tuple[int, int]:
    """(offset, size) of a page.

    Raises:
        UsageError: a token that we did not give, or a size that cannot be.
    """
    if not 0 < size <= LARGEST_PAGE:
        raise UsageError(f"{size} at once", fix=f"1 to {LARGEST_PAGE}")
    try:
        return int(base64.b64decode(token, validate=True) or 0), size
    except (binascii.Error, ValueError) as error:
        raise UsageError(
            f"{token[:40]!r} is no page token", fix="the one that was given"
        ) from error


def next_page(offset: int, size: int, total: int) -> dict[str, str]:
    """What an answer says when there is more."""
    at = offset + size
    return {"next_page_token": base64.b64encode(str(at).encode()).decode()} if at < total else {}


def failed(error: VisloopError) -> Response:
    """An error as MLflow's client reads it; the mend stands in its message."""
    code, status = "INVALID_PARAMETER_VALUE", error.http_status
    if isinstance(error, NotFound):
        code = "RESOURCE_DOES_NOT_EXIST"
    elif isinstance(error, Conflict):
        code, status = "RESOURCE_ALREADY_EXISTS", 400
    elif isinstance(error, Unavailable):
        code = "TEMPORARILY_UNAVAILABLE"
    elif error.http_status == 403:  # noqa: PLR2004 - forbidden
        code = "PERMISSION_DENIED"
    elif error.http_status >= 500:  # noqa: PLR2004 - a fault of ours
        code = "INTERNAL_ERROR"
    elif error.http_status == 501 or error.code == "mlflow.not_spoken":  # noqa: PLR2004
        code, status = "ENDPOINT_NOT_FOUND", 404
    body = msgspec.json.encode({"error_code": code, "message": str(error)})
    return Response(body, status_code=status, media_type="application/json")


class NotSpoken(VisloopError):
    """A part of MLflow's protocol that this server does not speak."""

    code, http_status = "mlflow.not_spoken", 404
