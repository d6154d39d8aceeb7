"""MLServer as its guides have it: a runtime of one's own that decodes, adaptive batching, two workers."""

from __future__ import annotations

import json

from common import Model
from mlserver import MLModel
from mlserver.codecs import StringCodec
from mlserver.types import InferenceRequest, InferenceResponse


class Bench(MLModel):
    async def load(self) -> bool:
        self.model = Model()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        images = [
            one if isinstance(one, bytes) else one.encode()
            for one in self.decode(payload.inputs[0])
        ]
        said = [json.dumps(one) for one in self.model.of(images)]
        return InferenceResponse(
            model_name=self.name, outputs=[StringCodec.encode_output("answer", said)]
        )
