"""Bodies of requests that may be large: written to a file as they come, within a limit."""

from __future__ import annotations

import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from visloop.errors import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.requests import Request

    from visloop.app import Ports


class BodyTooLarge(Refused):
    """The body is larger than it may be."""

    code, http_status = "artifact.too_large", 413


@asynccontextmanager
async def spooled(ports: Ports, request: Request) -> AsyncGenerator[Path]:
    """A temporary file that holds the body.

    Raises:
        BodyTooLarge: there is too much of it.
    """
    limit = ports.config.tracking.artifact_limit_mb << 20
    folder = ports.inner / "scratch"
    folder.mkdir(exist_ok=True)
    size = 0
    with tempfile.NamedTemporaryFile(dir=folder, prefix="artifact-") as file:
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise BodyTooLarge(
                    f"the file is larger than {limit >> 20} MiB",
                    fix="raise tracking.artifact_limit_mb in visloop.yaml",
                )
            file.write(part)
        file.flush()
        yield Path(file.name)


async def bounded(request: Request, limit_bytes: int) -> bytes:
    """The whole body.

    Raises:
        BodyTooLarge: there is too much of it.
    """
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit_bytes:
            raise BodyTooLarge(
                f"the request is larger than {limit_bytes >> 20} MiB", fix="say less"
            )
        parts.append(part)
    return b"".join(parts)
