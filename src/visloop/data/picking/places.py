"""Places in the answer to a question, as text: `0-99,105`; the first is 0, both ends belong to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from visloop.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_places(text: str, count: int) -> NDArray[np.int64]:
    """The places, ascending, each once.

    Args:
        text: `0-99,105`.
        count: how many the answer has.

    Raises:
        UsageError: it is no such text, or a place is none of the answer's.
    """
    taken = np.zeros(count, np.bool_)
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise UsageError(f"{part!r} are no places", fix="for example 0-99,105")
        start, end = int(first), int(last or first)
        if not start <= end < count:
            raise UsageError(
                f"there is no place {part!r} among {count}", fix=f"places are 0 to {count - 1}"
            )
        taken[start : end + 1] = True
    return np.flatnonzero(taken)


def told_places(mask: NDArray[np.bool_]) -> str:
    """The text of those places where a mask is true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    pairs = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)
    return ",".join(f"{start}-{end}" if start < end else str(start) for start, end in pairs)
