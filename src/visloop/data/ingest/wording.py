"""Notes in words that fit their number."""

from __future__ import annotations

import re
from typing import Final

_SINGULAR: Final = {
    "archives": "archive",
    "files": "file",
    "folders": "folder",
    "frames": "frame",
    "links": "link",
    "names": "name",
    "objects": "object",
    "pictures": "picture",
    "videos": "video",
    "have": "has",
    "are": "is",
    "were": "was",
}
_PLURAL: Final = re.compile(rf"\b({'|'.join(_SINGULAR)})\b")
_VERBS: Final = re.compile(r"\b(have|are|were)\b")


def counted(sentence: str, count: int) -> str:
    """`{n} files are no picture` with its number; of one, the subject and its verbs are singular.

    The subject is the first noun; other nouns stay as they are written.
    """
    said = sentence.format(n=count)
    if count != 1:
        return said
    subject = _PLURAL.search(said)
    if subject is None:
        return said
    said = said[: subject.start()] + _SINGULAR[subject[1]] + said[subject.end() :]
    return _VERBS.sub(lambda verb: _SINGULAR[verb[0]], said)
