"""The page of each deployment, `/try/NAME`, from a folder of files that whoever starts the server names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from visloop.serve.errors import NoSuchRoute, WrongMethod
from visloop.serve.wire.http import Application, Receive, Scope, Send, respond

_TRY: Final = "/try"
_FILES: Final = "/ui/"
_KINDS: Final = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
}
_HEADERS: Final = (
    (
        b"content-security-policy",
        (
            b"default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
            b"style-src 'self' 'unsafe-inline'"
        ),
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)


class Pages:
    """Answers `/try/NAME`; where nothing stands behind it, the files of that page under `/ui/` as well.

    Args:
        folder: has `try.html`, and what it asks for.
        behind: gets every other request.
    """

    def __init__(self, folder: Path, behind: Application | None) -> None:
        self._folder, self._behind = folder.resolve(), behind

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One file, or what stands behind.

        Raises:
            NoSuchRoute, WrongMethod: nothing answers.
        """
        path: str = scope["path"]
        if path == _TRY or path.startswith(f"{_TRY}/"):
            await self._file("try.html", scope, send)
        elif self._behind is not None:
            await self._behind(scope, receive, send)
        elif path.startswith(_FILES):
            await self._file(path.removeprefix(_FILES), scope, send)
        else:
            raise _no_route(path)

    async def _file(self, name: str, scope: Scope, send: Send) -> None:
        if scope["method"] not in {"GET", "HEAD"}:
            raise WrongMethod.of(scope["method"], "GET")
        file = (self._folder / name).resolve()
        kind = _KINDS.get(file.suffix)
        if kind is None or not file.is_relative_to(self._folder) or not file.is_file():
            raise _no_route(scope["path"])
        body = b"" if scope["method"] == "HEAD" else file.read_bytes()
        await respond(send, 200, body, content_type=kind, headers=_HEADERS)


def _no_route(path: str) -> NoSuchRoute:
    return NoSuchRoute(
        f"nothing answers at {path!r}",
        fix="POST a picture to /predict/NAME; a page for people is /try/NAME; V2 is under /v2",
    )
