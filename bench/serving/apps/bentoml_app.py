"""BentoML as its guides have it: a service with a worker a core, an API that batches adaptively.

Access log, metrics and traces are off: ours has no access log either.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bentoml
from common import Model


@bentoml.service(
    workers=2,
    logging={"access": {"enabled": False}},
    metrics={"enabled": False},
)
class Bench:
    def __init__(self) -> None:
        self.model = Model()

    @bentoml.api(batchable=True, max_batch_size=4, max_latency_ms=10_000)
    def predict(self, images: list[Path]) -> list[dict[str, Any]]:
        return self.model.of([image.read_bytes() for image in images])
