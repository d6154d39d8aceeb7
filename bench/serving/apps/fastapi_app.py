"""What one writes first: a FastAPI route, a thread pool, a dict. `fastapi_app.py PORT`."""

from __future__ import annotations

import sys

import uvicorn
from common import Model
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool

app = FastAPI()
model = Model()


@app.post("/predict")
async def predict(request: Request) -> dict[str, object]:
    body = await request.body()
    return (await run_in_threadpool(model.of, [body]))[0]


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), loop="uvloop", http="httptools", log_level="error")
