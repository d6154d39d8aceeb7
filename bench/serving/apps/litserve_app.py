"""LitServe: a worker a core, batches of up to four, no waiting to fill them. `litserve_app.py PORT`."""

import sys
from typing import Any

import litserve
from common import Model
from fastapi import UploadFile


class Bench(litserve.LitAPI):
    def setup(self, _device: str) -> None:
        self.model = Model()

    def decode_request(self, request: UploadFile) -> bytes:
        return request.file.read()

    def predict(self, images: list[bytes]) -> list[dict[str, Any]]:
        return self.model.of(images)

    def unbatch(self, answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return answers

    def encode_response(self, answer: dict[str, Any]) -> dict[str, Any]:
        return answer


if __name__ == "__main__":
    api = Bench(max_batch_size=4, batch_timeout=0.0)
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=2)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), log_level="error", generate_client_file=False
    )
