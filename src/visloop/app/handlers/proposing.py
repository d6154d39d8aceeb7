"""What a registered model would draw on one picture of a data set, for a person to take or leave."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from visloop import data, infer, label, registry
from visloop.ids import Ref, object_ids

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.vision import Annotation

LEAST_SCORE: Final = 0.05
"""Below that nobody wants to see a box; above, the person's own bar decides."""


def proposals(ports: Ports, scope: Scope, dataset: str, path: str, model: str) -> dict[str, Any]:
    """The model's answer to a picture, in the data set's classes; what has no class there is counted.

    Returns:
        `model`, its version; `proposals`, best first, each with an id, score and author;
        `left_out`, class → how many that the model itself holds for sure enough to say.

    Raises:
        NotFound: no such model, data set or picture.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(model))
    sample = label.read(ports.label, scope, dataset, path)
    package = registry.load(ports.registry, version)
    predictor = infer.Predictor.load(package.onnx, package.contract)
    array, placement = predictor.place(ports.blobs.get(sample.image))
    outputs = predictor.run(array[None])
    said = predictor.say(
        outputs, 0, placement, author=f"model:{version.ref}", threshold=LEAST_SCORE
    )
    with ports.ledger.read() as connection:
        names = data.class_names(connection, ports.blobs, scope.project, dataset)
    known = [
        msgspec.structs.replace(each, label=names[each.label])
        for each in said
        if each.label in names
    ]
    bar = package.contract.decode.score_threshold
    ids = object_ids(sample.id, [msgspec.json.encode(each).hex() for each in known])
    found = [msgspec.structs.replace(each, id=name) for each, name in zip(known, ids, strict=True)]
    found.sort(key=lambda each: -(each.score or 0.0))
    return {
        "model": version.ref,
        "proposals": tuple(found),
        "left_out": dict(Counter(each.label for each in said if _missed(each, names, bar))),
    }


def _missed(each: Annotation, names: Mapping[str, str], bar: float) -> bool:
    return each.label not in names and (each.score or 0.0) >= bar
