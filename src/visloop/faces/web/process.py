"""The API process: opened once, stopped by SIGTERM."""

from __future__ import annotations

import socket
from pathlib import Path

import uvicorn

from visloop import app, logs
from visloop.faces.web.server import build


def run(root: Path, *, port: int, fd: int | None, here: bool) -> None:
    """Serve the page and the API on loopback (or on an inherited socket) until told to stop.

    `here`: no part of what stands in front of it is reached by other machines.
    """
    logs.to_stderr()
    with app.opened(root) as ports:
        config = uvicorn.Config(
            build(ports, here=here),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        # not by `fd=`: uvicorn takes an inherited socket for a Unix one, without TCP_NODELAY, and every
        # answer waits 40 ms for a delayed acknowledgement
        sockets = None if fd is None else [socket.socket(fileno=fd)]
        uvicorn.Server(config).run(sockets=sockets)
