"""The API process: opened once, stopped by SIGTERM."""

from __future__ import annotations

from pathlib import Path

import uvicorn

from visloop import app
from visloop.faces.web.server import build


def run(root: Path, *, port: int, fd: int | None) -> None:
    """Serve the page and the API on loopback (or on an inherited socket) until told to stop."""
    with app.opened(root) as ports:
        uvicorn.run(
            build(ports),
            host="127.0.0.1",
            port=port,
            fd=fd,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
