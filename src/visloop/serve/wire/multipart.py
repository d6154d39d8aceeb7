"""The one field that we read from a form: a file called `file`. Source: RFC 7578."""

from __future__ import annotations

import re
from typing import Final

from visloop.serve.errors import BadRequest

_BOUNDARY: Final = re.compile(rb'boundary="?([^";,]{1,200})"?', re.IGNORECASE)
_NAME: Final = re.compile(rb'[;\s]name="?([^";\r\n]*)"?', re.IGNORECASE)
_FIELD: Final = b"file"


def is_form(content_type: bytes) -> bool:
    """Is the body a multipart form?"""
    return content_type[:19].lower() == b"multipart/form-data"


def file_of(body: bytes, content_type: bytes) -> bytes:
    """The bytes of the form's field `file`.

    Raises:
        BadRequest: no boundary, or no such field.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise BadRequest("the form has no boundary", fix="let your HTTP library set content-type")
    mark = b"--" + found[1]
    for part in (b"\r\n" + body).split(b"\r\n" + mark)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        disposition = _disposition(head)
        name = _NAME.search(disposition)
        if name and name[1] == _FIELD:
            return content
    raise BadRequest(
        "the form has no field called 'file'",
        fix="curl -F file=@a.jpg …, or send the bytes as they are: curl --data-binary @a.jpg …",
    )


def _disposition(head: bytes) -> bytes:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.strip().lower() == b"content-disposition":
            return value
    return b""
