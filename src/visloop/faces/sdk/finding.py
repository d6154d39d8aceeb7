"""Pictures found and laid out: `ws.search("a red shirt")`, `ws.map("photos")`."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

from visloop import app

if TYPE_CHECKING:
    from visloop.faces.sdk.connections import Connection
    from visloop.faces.sdk.workspace import VersionRef


class Finding:
    """What a workspace does to find pictures."""

    connection: Connection

    def search(
        self, words: str = "", *, image: str | Path | bytes = "", at: str = "", **options: Any
    ) -> app.SearchAnswer:
        """Pictures by plain words, or those most like a picture: a file, its bytes, or a sample.

        `options` are the fields of `visloop.app.Search`: `where`, `offset`, `limit`, `index`.
        """
        given = image if isinstance(image, bytes) else bytes_of(image)
        if given:
            options["picture"] = b64encode(given).decode()
        elif image:
            options["image"] = str(image)
        return self.connection.call(app.search, app.Search(words=words, at=at, **options))

    def map(self, ref: VersionRef | str = "", **options: Any) -> app.MapAnswer:
        """Every picture as a point; `options` are the fields of `visloop.app.Map`: `by`, `rows`, …"""
        return self.connection.call(app.map_, app.Map(ref=str(ref), **options))


def bytes_of(image: str | Path) -> bytes:
    """A file that lies here; of anything else nothing."""
    file = Path(image).expanduser()
    return file.read_bytes() if str(image) and file.is_file() else b""
