"""WordPiece as BERT reads English without capitals: a text as ids of pieces from a fixed vocabulary.

Source: google-research/bert, `tokenization.py` (BasicTokenizer, WordpieceTokenizer).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

_LONGEST_WORD: Final = 100
_ASCII: Final = 128
_CHINESE: Final = ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))


class WordPiece:
    """Reads texts.

    Args:
        pieces: the vocabulary in the order of its ids; pieces within a word begin with `##`.
        longest: ids at most, with those that mark begin and end.
    """

    def __init__(self, pieces: list[str], *, longest: int = 128) -> None:
        self._ids = {piece: at for at, piece in enumerate(pieces)}
        self._longest = longest

    def __call__(self, text: str) -> list[int]:
        """The ids, from `[CLS]` to `[SEP]`; what does not fit is cut off."""
        found = [self._ids[piece] for word in _words(text) for piece in self._pieces(word)]
        return [self._ids["[CLS]"], *found[: self._longest - 2], self._ids["[SEP]"]]

    def _pieces(self, word: str) -> list[str]:
        """The longest known piece, then the longest of the rest …; `[UNK]` when none fits."""
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._ids), 0)
            if not end or len(word) > _LONGEST_WORD:
                return ["[UNK]"]
            found.append(mark + word[start:end])
            start = end
        return found


def _words(text: str) -> Iterator[str]:
    """Small letters without accents, cut at white space and around each sign."""
    word = ""
    for letter in unicodedata.normalize("NFD", text.lower()):
        kind = unicodedata.category(letter)
        if kind == "Mn":
            continue
        control = kind in {"Cc", "Cf"} or letter == "\ufffd"
        if letter.isspace() or not (control or _stands_alone(letter, kind)):
            if letter.isspace():
                yield from [word] if word else []
                word = ""
            else:
                word += letter
        elif not control:
            yield from [word, letter] if word else [letter]
            word = ""
    if word:
        yield word


def _stands_alone(letter: str, kind: str) -> bool:
    """Punctuation, any other sign of ASCII, and Chinese characters."""
    code = ord(letter)
    signs = kind[0] == "P" or (code < _ASCII and not letter.isalnum())
    return signs or any(first <= code <= last for first, last in _CHINESE)
