"""Every error a user can meet: what happened, how to mend it, and a stable code.

    VisloopError
    ├── UsageError            usage                 400  exit 2   the question itself is wrong
    ├── ConfigError           config.invalid        400  exit 1
    ├── NotFound              not_found             404  exit 1   (rooms subclass: data.version_not_found …)
    ├── Conflict              conflict              409  exit 1   somebody was faster, or it exists already
    ├── Forbidden             forbidden             403  exit 1
    ├── Unauthenticated       unauthenticated       401  exit 1
    ├── Refused               refused               422  exit 1   the input is understood, and not acceptable
    ├── SaidNo                said_no               200  exit 3   a gate or a check said no
    ├── Unavailable           unavailable           503  exit 1   a part is not running or is overloaded
    ├── LeaseLost             job.lease_lost        409  exit 1   another process took the work over
    ├── MissingExtra          extra.missing         501  exit 1   pip install 'visloop[…]'
    └── Corrupt               corrupt               500  exit 1   stored bytes are not what they must be

Rooms subclass these beside the code that raises them and give their own `code`.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class VisloopError(Exception):
    """What happened (`what`), how to mend it (`fix`) and a stable `code`."""

    code: ClassVar[str] = "error"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.fix = fix

    def to_dict(self) -> dict[str, dict[str, str]]:
        """The shape that every face prints: `{"error": {code, what, fix}}`."""
        return {"error": {"code": self.code, "what": self.what, "fix": self.fix}}

    def __str__(self) -> str:
        return f"{self.what}\n  fix: {self.fix}" if self.fix else self.what


class UsageError(VisloopError):
    """The question itself is wrong: a bad argument, name or reference."""

    code, http_status, exit_code = "usage", 400, 2


class ConfigError(VisloopError):
    """`visloop.yaml` says something that cannot be."""

    code, http_status = "config.invalid", 400


class NotFound(VisloopError):
    """Nothing by that name."""

    code, http_status = "not_found", 404


class Conflict(VisloopError):
    """It exists already, or somebody else was faster."""

    code, http_status = "conflict", 409


class Forbidden(VisloopError):
    """The actor is known and may not do this."""

    code, http_status = "forbidden", 403


class Unauthenticated(VisloopError):
    """No token, or one that is not known."""

    code, http_status = "unauthenticated", 401


class Refused(VisloopError):
    """The input is understood and not acceptable."""

    code, http_status = "refused", 422


class SaidNo(VisloopError):
    """A gate or a check said no: not a fault, but not a yes either."""

    code, http_status, exit_code = "said_no", 200, 3


class Unavailable(VisloopError):
    """A part that is needed is not running, or is overloaded."""

    code, http_status = "unavailable", 503


class LeaseLost(VisloopError):
    """The lease on a job ran out and another process took the work over."""

    code, http_status = "job.lease_lost", 409


class MissingExtra(VisloopError):
    """An optional library is not installed."""

    code, http_status = "extra.missing", 501


class Corrupt(VisloopError):
    """Stored bytes are not what they must be."""

    code = "corrupt"


def did_you_mean(wrong: str, known: Iterable[str], *, otherwise: str) -> str:
    """A fix line: the nearest known name, or `otherwise`."""
    near = get_close_matches(wrong, list(known), n=1)
    return f"did you mean {near[0]!r}?  {otherwise}" if near else otherwise
