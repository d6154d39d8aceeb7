"""From characters to tokens, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from visloop.query.errors import QueryWrong, Span

Kind: TypeAlias = Literal["word", "name", "text", "number", "moment", "sign", "end"]
LONGEST: Final = 10_000
"""Characters of a question at most."""

_TOKEN: Final = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<moment>\d{4}-\d\d(?:-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d)?)?)?(?![\w.:-]))
  | (?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[^\W\d](?:\w|[.\-/](?=\w))*)
  | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>`[^`]+`)
  | (?P<sign><=|>=|!=|<>|==|°[CF]?|[=<>(),%])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_SAME: Final = {"==": "=", "<>": "!="}


@dataclass(frozen=True)
class Token:
    """A piece of a question; `text` is what it means, without quotes."""

    kind: Kind
    text: str
    at: Span

    @property
    def word(self) -> str:
        """In small letters, if it is a word; else nothing."""
        return self.text.lower() if self.kind == "word" else ""


def tokens(text: str) -> list[Token]:
    """The tokens of a question; the last one is its end.

    Raises:
        QueryWrong: a character that no token begins with, a quote that nobody closes.
    """
    if len(text) > LONGEST:
        raise QueryWrong(
            f"a question of {len(text)} characters", text, Span(LONGEST, LONGEST), fix="ask less"
        )
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise _stray(text, place)
        at, place = Span(place, found.end()), found.end()
        raw = found[0]
        match found.lastgroup:
            case "space":
                continue
            case "text":
                yield Token("text", _ESCAPED.sub(r"\1", raw[1:-1]), at)
            case "name":
                yield Token("name", raw[1:-1], at)
            case "sign":
                yield Token("sign", _SAME.get(raw, raw), at)
            case "word" | "number" | "moment" as kind:
                yield Token(kind, raw, at)
            case _:
                raise _stray(text, at.start)
    yield Token("end", "", Span(len(text), len(text)))


def _stray(text: str, place: int) -> QueryWrong:
    one = text[place]
    if one in "\"'`":
        return QueryWrong(
            "a quote that is not closed",
            text,
            Span(place, len(text)),
            fix=f"end the text with {one}",
        )
    hints = {"&": "write: and", "|": "write: or", "!": "write: not", "*": 'write: like "dock-%"'}
    return QueryWrong(
        f"{one!r} means nothing here",
        text,
        Span(place, place + 1),
        fix=hints.get(one, f'a text stands in quotes: "{one}"'),
    )
