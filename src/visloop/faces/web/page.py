"""The page's own files: as they are written at `/ui/…`, and linked at `/ui/page/DIGEST.js` and `.css`.

`/` names the linked ones. Their addresses hold the digest of what is in them, so a browser keeps
them for good, and never has half of an old page beside half of a new one. Nothing is built before:
whoever edits a module loads the page again, and has it.
"""

from __future__ import annotations

import gzip
import logging
import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from visloop.errors import NotFound, VisloopError
from visloop.faces.web.api import failure
from visloop.faces.web.linking import link
from visloop.ids import digest_of

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.routing import BaseRoute
    from starlette.staticfiles import PathLike
    from starlette.types import Scope

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        "style-src 'self' 'unsafe-inline'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_ASK_AGAIN: Final = {"Cache-Control": "no-cache"}
_FOREVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_KINDS: Final = {"js": "text/javascript", "css": "text/css", "js.map": "application/json"}
_FOLDER: Final = "/ui/"
_SHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="/ui/([^"]+)">\n')
_ENTRY = re.compile(r'(<script type="module" src=")/ui/([^"]+)(">)')
_log = logging.getLogger("visloop.web")


@dataclass(frozen=True)
class Linked:
    """`/`, and the files that it names: their bytes, gzipped, by the end of their names."""

    index: bytes
    digest: str = ""
    files: Mapping[str, bytes] | None = None


class Page:
    """The files of a folder with an `index.html`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._state: object = None
        self._linked = Linked(b"")

    def routes(self) -> list[BaseRoute]:
        """Both kinds of addresses; whoever says what `/` answers asks for `index`."""
        return [
            Route("/ui/page/{name}", self._file),
            Mount("/ui", _Files(directory=self._folder)),
        ]

    def index(self) -> Response:
        """`/`."""
        return Response(
            self._now().index, media_type="text/html", headers={**HEADERS, **_ASK_AGAIN}
        )

    def _now(self) -> Linked:
        """Linked again if a file has changed: a page's files are looked at in two milliseconds."""
        with self._lock:
            state = _state(self._folder)
            if state != self._state:
                self._linked, self._state = _linked(self._folder), state
            return self._linked

    def _file(self, request: Request) -> Response:
        """A linked file; one of a page that is no longer there is the present one, not to be kept."""
        given, _, kind = request.path_params["name"].partition(".")
        linked = self._now()
        body = (linked.files or {}).get(kind)
        if body is None:
            return failure(NotFound(f"the page has no {request.url.path}", fix="load it again"))
        headers = {**HEADERS, **(_FOREVER if given == linked.digest else _ASK_AGAIN)}
        headers["Vary"] = "Accept-Encoding"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = gzip.decompress(body)
        return Response(body, media_type=_KINDS[kind], headers=headers)


class _Files(StaticFiles):
    """The files as they are written, under the same rules; asked for again each time, as they change."""

    def file_response(
        self, full_path: PathLike, stat_result: os.stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """A file with the page's headers."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        answer.headers.update({**HEADERS, **_ASK_AGAIN})
        return answer


def _state(folder: Path) -> object:
    """Another one as soon as a file is."""
    found = (
        (str(path), path.stat())
        for kind in ("html", "js", "css")
        for path in folder.rglob(f"*.{kind}")
    )
    return sorted((path, told.st_mtime_ns, told.st_size) for path, told in found)


def _linked(folder: Path) -> Linked:
    """The page in three files; as it is written, where its modules cannot be linked."""
    index = (folder / "index.html").read_text("utf-8")
    entry = _ENTRY.search(index)
    assert entry is not None
    modules = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*.js")
    }
    try:
        script = link(entry[2], modules)
    except VisloopError as problem:
        _log.warning("page.not_linked", extra={"why": problem.what})
        return Linked(index.encode())
    text = script.text()
    sheets = "\n".join((folder / each).read_text("utf-8") for each in _SHEET.findall(index))
    digest = digest_of(text, sheets)[:16]
    index = _SHEET.sub("", index, count=len(_SHEET.findall(index)) - 1)
    at = f"{_FOLDER}page/{digest}"
    index = _SHEET.sub(f'  <link rel="stylesheet" href="{at}.css">\n', index)
    index = _ENTRY.sub(rf"\g<1>{at}.js\g<3>", index)
    files = {
        "js": f"{text}//# sourceMappingURL={digest}.js.map\n",
        "js.map": script.source_map(lambda name: _FOLDER + name),
        "css": sheets,
    }
    packed = {kind: gzip.compress(body.encode(), mtime=0) for kind, body in files.items()}
    return Linked(index.encode(), digest, packed)
