"""A version as one file, in another tool's format: `GET /exports?ref=photos@v1&format=coco`.

With `&where=QUESTION` only the pictures on which it holds.

It is exported to a folder of the workspace first, as `export` does, then sent as a zip while it is packed;
the folder is gone with the last byte, or with whoever asked. What the format cannot hold stands in the
zip, beside the folder.
"""

from __future__ import annotations

import io
import re
import shutil
import time
import zipfile
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.routing import Route

from visloop import app
from visloop.errors import VisloopError
from visloop.faces.web.acting import acting
from visloop.faces.web.api import failure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import Receive, Send
    from starlette.types import Scope as ASGIScope

    from visloop.app import Ports
    from visloop.events import Scope

_PIECE_BYTES: Final = 1 << 20
_FOLDER: Final = "downloads"
_LEFT_S: Final = 24 * 3600
REPORT: Final = "what-did-not-fit.txt"


def routes(ports: Ports) -> list[Route]:
    """The one address; what a server that was killed has left there goes after a day.

    Not at once: another server of the workspace may be sending it.
    """
    _sweep(ports.inner / _FOLDER)

    async def answered(request: Request) -> Response:
        said = request.query_params
        ref, kind = said.get("ref", ""), said.get("format", "coco")
        try:
            scope = acting(request, ports)
            folder = await run_in_threadpool(
                _exported, ports, scope, ref, kind, said.get("where", "")
            )
        except VisloopError as error:
            return failure(error)
        name = f"{named(ref)}-{named(kind)}.zip"
        return _Sent(folder, name)

    return [Route("/exports", answered)]


def named(text: str) -> str:
    """A part of a file's name: `photos@v1:train` is `photos-v1-train`."""
    return re.sub(r"[^\w.]+", "-", text).strip("-.") or "export"


def _sweep(folder: Path) -> None:
    """Remove what nothing was written to for a day."""
    for each in folder.glob("*"):
        with suppress(FileNotFoundError):  # it was sent meanwhile
            if time.time() - each.stat().st_mtime > _LEFT_S:
                shutil.rmtree(each, ignore_errors=True)


def _exported(ports: Ports, scope: Scope, ref: str, kind: str, where: str) -> Path:
    """The folder of one download: what was exported, beside it what did not fit."""
    (ports.inner / _FOLDER).mkdir(exist_ok=True)
    folder = Path(mkdtemp(dir=ports.inner / _FOLDER))
    try:
        target = folder / f"{named(ref)}-{named(kind)}"
        done = app.execute(ports, scope, app.export, app.Export(ref, str(target), kind, where))
        if done.losses or done.notes:
            (folder / REPORT).write_text("\n".join([*done.losses, *done.notes]) + "\n", "utf-8")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


class _Sent(StreamingResponse):
    """A folder as a zip; it is gone however that ends."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"}
        super().__init__(zipped(folder), media_type="application/zip", headers=headers)

    async def __call__(self, scope: ASGIScope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(shutil.rmtree, self._folder, ignore_errors=True)


def zipped(folder: Path) -> Iterator[bytes]:
    """Every file below a folder as a zip, a megabyte at a time; pictures are not packed again."""
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED, allowZip64=True) as packed:
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            info = zipfile.ZipInfo.from_file(
                path, path.relative_to(folder), strict_timestamps=False
            )
            if path.suffix in (".json", ".xml", ".txt", ".csv", ".jsonl"):
                info.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as source, packed.open(info, "w") as entry:
                while piece := source.read(_PIECE_BYTES):
                    entry.write(piece)
                    yield from out.taken()
    yield from out.taken(least=1)


class _Out(io.RawIOBase):
    """Where a zip is written that nobody seeks in: bytes wait here until they are sent."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._waiting += piece
        return len(piece)

    def taken(self, least: int = _PIECE_BYTES) -> Iterator[bytes]:
        """What waits, once it is worth sending."""
        if len(self._waiting) >= least:
            piece, self._waiting = bytes(self._waiting), bytearray()
            yield piece
