"""The least an ASGI application can do with the same body. `raw.py PORT`."""

from __future__ import annotations

import json
import sys

import uvicorn

SAID = json.dumps(
    {"label": "a", "confidence": 0.5, "probabilities": {"a": 0.5, "b": 0.25, "c": 0.25}}
).encode()
HEAD = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(SAID))]


async def app(_scope: dict, receive, send) -> None:  # noqa: ANN001
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEAD})
    await send({"type": "http.response.body", "body": SAID})


if __name__ == "__main__":
    options = {"loop": "uvloop", "http": "httptools", "ws": "none", "lifespan": "off"}
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", **options)
