"""COCO's results: what a model found, as pycocotools' `loadRes` and the evaluation servers read it.

Source: cocodataset.org, "Results Format": `[{image_id, category_id, bbox [x, y, width, height], score,
segmentation}]`; masks as `{size: [height, width], counts}` with the runs packed into a string.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from visloop.data.formats import rle
from visloop.vision import Annotation, Box, ClassLabel, Mask

_DECIMALS: Final = 3


def coco_results(
    said: Iterable[Annotation], classes: Sequence[str], image_id: int
) -> Iterator[dict[str, Any]]:
    """One entry for each thing found in a picture.

    Args:
        said: what a model said of it; what COCO has no place for (numbers, turned boxes) is left out.
        classes: the model's, in its order; ids count from 1.
        image_id: the picture's.
    """
    ids = {name: number for number, name in enumerate(classes, 1)}
    for each in said:
        if isinstance(each, Box | Mask | ClassLabel):
            yield {
                "image_id": image_id,
                "category_id": ids.get(each.label, 0),
                "category": each.label,
                "score": each.score,
                **_shape(each),
            }


def _shape(each: Box | Mask | ClassLabel) -> dict[str, Any]:
    match each:
        case Box():
            return {"bbox": _xywh(each.xyxy)}
        case Mask():
            told: dict[str, Any] = {"size": each.size_hw, "counts": rle.to_string(each.counts)}
            empty = sum(each.counts[1::2]) == 0
            box = (0.0, 0.0, 0.0, 0.0) if empty else rle.box_of(each.counts, each.size_hw)
            return {"bbox": _xywh(box), "segmentation": told}
        case ClassLabel():
            return {}


def _xywh(xyxy: tuple[float, float, float, float]) -> list[float]:
    x1, y1, x2, y2 = xyxy
    return [x1, y1, round(x2 - x1, _DECIMALS), round(y2 - y1, _DECIMALS)]
