"""How large a model is: bytes of its parts, parameters of its network."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import Any, Final

import onnx

from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, NoSettings, Outcome
from visloop.infer import check_model

_MOST_BYTES: Final = 100_000_000


def _assess(case: Case[NoSettings]) -> Outcome:
    package = case.package
    parts = {
        "network": package.onnx,
        "contract": package.contract.to_json(),
        "reference": package.reference or b"",
        "card": package.card.encode(),
        "lineage": package.lineage or b"",
    }
    weights = list(check_model(package.onnx).graph.initializer)
    kinds = Counter[str]()
    for each in weights:
        kinds[onnx.TensorProto.DataType.Name(each.data_type).lower()] += prod(each.dims)
    rows: list[dict[str, Any]] = [
        {"part": name, "bytes": len(raw)} for name, raw in parts.items() if raw
    ]
    return Outcome(
        figures={
            "package_bytes": Figure(value=sum(map(len, parts.values()))),
            "network_bytes": Figure(value=len(package.onnx)),
            "parameters": Figure(value=sum(kinds.values())),
        },
        rows=tuple(rows),
        notes=tuple(
            f"{number:,} numbers of the network are {kind}" for kind, number in kinds.items()
        ),
    )


KIND: Final = Kind(
    name="size",
    about="bytes of the package, parameters of the network",
    headline=Bound(
        "package_bytes",
        at_most=_MOST_BYTES,
        why="100 MB: an update of a device over a mobile link of 10 Mbit/s takes 80 s",
    ),
    assess=_assess,
    on_data=False,
)
