"""What is wrong with a question, and where in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from visloop.errors import UsageError

_WIDE: Final = 96


@dataclass(frozen=True)
class Span:
    """Characters of a question, from `start` to before `end`."""

    start: int
    end: int

    def to(self, other: Span) -> Span:
        """From here to the end of the other."""
        return Span(self.start, other.end)


class QueryWrong(UsageError):
    """A question cannot be understood: where, what was expected there, what may have been meant.

    `what` shows the question with a caret under the place; `problem` says the same in one line.
    """

    code = "query.wrong"

    def __init__(self, problem: str, text: str, at: Span, *, fix: str = "") -> None:
        super().__init__(f"{problem}\n{_pointed(text, at)}", fix=fix)
        self.problem = problem
        self.at = at


def _pointed(text: str, at: Span) -> str:
    """The part of the question around the place, and carets below it."""
    shown = "".join(each if each.isprintable() else " " for each in text)
    start = min(at.start, len(shown))
    cut = max(0, start - _WIDE // 2) if len(shown) > _WIDE else 0
    piece = shown[cut : cut + _WIDE]
    left, start = ("…" if cut else ""), start - cut
    marks = "^" * max(1, min(at.end - cut, len(piece)) - start)
    right = "…" if cut + _WIDE < len(shown) else ""
    return f"  {left}{piece}{right}\n  {' ' * (start + len(left))}{marks}"
