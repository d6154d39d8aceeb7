"""What a task's `data.image` means as a file beside the export."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

_UPLOAD_MARK: Final = re.compile(r"^[0-9a-f]{8}-(?=.)")
_LOCAL: Final = "/data/local-files"
_UPLOADS: Final = "/data/upload/"


def names_of(address: str, file_upload: str = "") -> tuple[str, ...]:
    """Names that the picture may have, the likeliest first; none where it lies at a URL.

    `/data/local-files/?d=a/b.jpg` is a/b.jpg; `/data/upload/7/1f2e3d4c-b.jpg` is that, or b.jpg as it
    was uploaded; anything else without a scheme is a path.
    """
    try:
        parts = urlsplit(address)
        query = parse_qs(parts.query)
    except ValueError:
        return (address,)
    if parts.scheme in {"http", "https"} and parts.path.startswith("/data/"):
        parts = parts._replace(scheme="", netloc="")  # the server's own files
    if len(parts.scheme) > 1 and parts.scheme != "file":
        return ()
    if parts.path.rstrip("/").startswith(_LOCAL):
        found = [each.lstrip("/") for each in query.get("d", ())]
    elif parts.path.startswith(_UPLOADS):
        name = PurePosixPath(unquote(parts.path)).name
        found = [unquote(parts.path).removeprefix(_UPLOADS), name, file_upload]
        found += [_UPLOAD_MARK.sub("", name), _UPLOAD_MARK.sub("", file_upload)]
    else:
        plain = address.removeprefix("file://")
        found = [plain.lstrip("/"), unquote(plain).lstrip("/")]
    names = list(dict.fromkeys(each.replace("\\", "/") for each in found if each))
    tails = [PurePosixPath(each).name for each in names]
    return tuple(dict.fromkeys([*names, *(tail for tail in tails if tail)])) or (address,)
