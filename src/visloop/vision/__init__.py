"""Pure arrays and the records that describe pictures: boxes, metrics, statistics, the contract."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.vision.alike import Sketch as Sketch
    from visloop.vision.alike import likeness as likeness
    from visloop.vision.alike import mirrored as mirrored
    from visloop.vision.alike import sketch as sketch
    from visloop.vision.alike import thumbprint as thumbprint
    from visloop.vision.boxes import Boxes as Boxes
    from visloop.vision.boxes import ShapeError as ShapeError
    from visloop.vision.boxes import area as area
    from visloop.vision.boxes import clip as clip
    from visloop.vision.boxes import iou_matrix as iou_matrix
    from visloop.vision.boxes import nms as nms
    from visloop.vision.contract import Contract as Contract
    from visloop.vision.contract import ContractRefused as ContractRefused
    from visloop.vision.contract import Decode as Decode
    from visloop.vision.contract import Decoder as Decoder
    from visloop.vision.contract import Normalise as Normalise
    from visloop.vision.contract import Resize as Resize
    from visloop.vision.contract import Task as Task
    from visloop.vision.contract import Tiling as Tiling
    from visloop.vision.corruptions.every import CORRUPTIONS as CORRUPTIONS
    from visloop.vision.corruptions.every import SEVERITIES as SEVERITIES
    from visloop.vision.corruptions.every import Corruption as Corruption
    from visloop.vision.corruptions.every import corrupt as corrupt
    from visloop.vision.drawing import drawn as drawn
    from visloop.vision.layouts import Candidates as Candidates
    from visloop.vision.layouts import candidates as candidates
    from visloop.vision.layouts import fits as fits
    from visloop.vision.layouts import layout_shapes as layout_shapes
    from visloop.vision.layouts import sigmoid as sigmoid
    from visloop.vision.layouts import softmax as softmax
    from visloop.vision.masks import bitmap_of as bitmap_of
    from visloop.vision.masks import outline_bitmap as outline_bitmap
    from visloop.vision.masks import rings_of as rings_of
    from visloop.vision.masks import runs_of as runs_of
    from visloop.vision.masks import sampled as sampled
    from visloop.vision.placement import Placement as Placement
    from visloop.vision.placement import unmoved as unmoved
    from visloop.vision.records import Annotation as Annotation
    from visloop.vision.records import Box as Box
    from visloop.vision.records import ClassLabel as ClassLabel
    from visloop.vision.records import Followed as Followed
    from visloop.vision.records import Mask as Mask
    from visloop.vision.records import NumberValue as NumberValue
    from visloop.vision.records import OrientedBox as OrientedBox
    from visloop.vision.records import Points as Points
    from visloop.vision.records import Polygon as Polygon
    from visloop.vision.records import Prediction as Prediction
    from visloop.vision.records import Track as Track
    from visloop.vision.records import geometry_xyxy as geometry_xyxy
    from visloop.vision.statistics import STATISTIC_NAMES as STATISTIC_NAMES
    from visloop.vision.statistics import image_statistics as image_statistics
    from visloop.vision.tiles import Window as Window
    from visloop.vision.tiles import windows as windows
    from visloop.vision.tracks import Course as Course
    from visloop.vision.tracks import between as between
    from visloop.vision.tracks import course_of as course_of
    from visloop.vision.tracks import filled as filled
    from visloop.vision.tracks import is_followed as is_followed

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "boxes": ("Boxes", "ShapeError", "area", "clip", "iou_matrix", "nms"),
        "contract": (
            "Contract",
            "ContractRefused",
            "Decode",
            "Decoder",
            "Normalise",
            "Resize",
            "Task",
            "Tiling",
        ),
        "corruptions.every": ("CORRUPTIONS", "SEVERITIES", "Corruption", "corrupt"),
        "drawing": ("drawn",),
        "layouts": ("Candidates", "candidates", "fits", "layout_shapes", "sigmoid", "softmax"),
        "alike": ("Sketch", "likeness", "mirrored", "sketch", "thumbprint"),
        "masks": ("bitmap_of", "outline_bitmap", "rings_of", "runs_of", "sampled"),
        "placement": ("Placement", "unmoved"),
        "records": (
            "Annotation",
            "Box",
            "ClassLabel",
            "Followed",
            "Mask",
            "NumberValue",
            "OrientedBox",
            "Points",
            "Polygon",
            "Prediction",
            "Track",
            "geometry_xyxy",
        ),
        "statistics": ("STATISTIC_NAMES", "image_statistics"),
        "tiles": ("Window", "windows"),
        "tracks": ("Course", "between", "course_of", "filled", "is_followed"),
    },
)
