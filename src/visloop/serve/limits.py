"""What one deployment lets itself be asked: tighter than the server, never wider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from visloop.errors import UsageError, did_you_mean

More = Annotated[float, msgspec.Meta(gt=0)]


class DeploymentLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one deployment; None: the server's own hold.

    `body_mb`: of a request, once unpacked, in MiB. `megapixels`: of a picture. `time_s`: until a request
    is told that it took too long. `queue`: so many requests may wait; `at_once`: so many are computed at a
    time, in each serving process.
    """

    body_mb: More | None = None
    megapixels: More | None = None
    time_s: More | None = None
    queue: Annotated[int, msgspec.Meta(ge=0)] | None = None
    at_once: Annotated[int, msgspec.Meta(ge=1)] | None = None

    def changed(self, given: Iterable[str]) -> DeploymentLimits:
        """With `NAME=NUMBER` in place of what stands there; `NAME=none` takes a limit away.

        Raises:
            UsageError: there is no such limit, or the number is out of its bounds.
        """
        now: dict[str, Any] = msgspec.structs.asdict(self)
        for text in given:
            name, _, value = text.partition("=")
            if name not in now:
                fix = did_you_mean(name, now, otherwise=f"one of: {', '.join(now)}")
                raise UsageError(f"there is no limit {name!r}", fix=fix)
            now[name] = None if value == "none" else value
        try:
            return msgspec.convert(now, DeploymentLimits, strict=False)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"not a limit: {error}", fix="for example --limit body_mb=2 --limit queue=8"
            ) from error

    def told(self) -> dict[str, float]:
        """Those that are set."""
        every: dict[str, float | None] = msgspec.structs.asdict(self)
        return {name: value for name, value in every.items() if value is not None}


FREE = DeploymentLimits()


def raise_it(name: str, limit: str) -> str:
    """How to let more in."""
    return f"or raise its limit: visloop deploy MODEL --as {name} --limit {limit}=NUMBER"
