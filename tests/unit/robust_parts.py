"""Pictures that two models know by heart: one looks at all of a picture, one at a single pixel of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from visloop import registry
from visloop.vision import Contract, Decode, Resize

SIDE = 64
HALF = SIDE // 2
HUES = ("blue", "green", "red")  # in the order of their names, as folders are read
RESIZE = Resize(mode="squash", size_px=SIDE, crop_px=None)
FAINT = 3  # levels


def hue_pictures(root: Path, count: int = 6) -> Path:
    """Folders of pictures in a hue; the pixel in their middle says the class too, faintly."""
    for at, name in enumerate(HUES):
        (root / name).mkdir(parents=True)
        for seed in range(count):
            rng = np.random.default_rng((at, seed))
            pixels = rng.integers(70, 120, (1, 1, 3)) + np.zeros((SIDE, SIDE, 3))
            pixels += rng.normal(0, 8, (SIDE // 8, SIDE // 8, 1)).repeat(8, 0).repeat(8, 1)
            pixels[..., 2 - at] = pixels.mean() + 60
            pixels[HALF - 2 : HALF + 3, HALF - 2 : HALF + 3] = np.roll((230, 60, 60), 3 - at)
            pixels[HALF, HALF] = 128  # amid another hue
            pixels[HALF, HALF, 2 - at] += FAINT
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(root / name / f"{seed}.png")
    return root


def square_pictures(root: Path, count: int = 6) -> Path:
    """Pictures with a red square in one or two quarters, and a COCO file."""
    root.mkdir(parents=True)
    images, objects = [], []
    for at in range(count):
        rng = np.random.default_rng(at)
        pixels = rng.integers(60, 80, (SIDE, SIDE, 1)).repeat(3, 2)
        for quarter in rng.choice(4, 1 + at % 2, replace=False):
            x, y = (quarter % 2) * HALF, (quarter // 2) * HALF
            box = [int(x), int(y), HALF, HALF]
            pixels[y : y + HALF, x : x + HALF] = (200, 50, 50)
            y, x = y + HALF // 2, x + HALF // 2
            pixels[y - 1 : y + 2, x - 1 : x + 2] = (50, 200, 50)
            pixels[y, x] = (128 + FAINT, 128, 128)
            objects.append(
                {
                    "id": len(objects) + 1,
                    "image_id": at,
                    "category_id": 1,
                    "bbox": box,
                    "iscrowd": 0,
                }
            )
        Image.fromarray(pixels.astype(np.uint8)).save(root / f"{at}.png")
        images.append({"id": at, "file_name": f"{at}.png", "width": SIDE, "height": SIDE})
    told = {"images": images, "annotations": objects, "categories": [{"id": 1, "name": "square"}]}
    (root / "squares.json").write_text(json.dumps(told))
    return root


def hue_model(*, brittle: bool) -> registry.Package:
    """A classifier by the hue of the whole picture, or by that of the pixel in its middle."""
    nodes = [_patch("middle"), _mean("middle", "seen")] if brittle else [_mean("input", "seen")]
    gain = 200.0 if brittle else 20.0
    kept = [
        numpy_helper.from_array(np.array([2, 1, 0]), "order"),
        numpy_helper.from_array(np.array(gain, np.float32), "gain"),
        *_middle(),
    ]
    nodes += [
        helper.make_node("Gather", ["seen", "order"], ["by_name"], axis=1),
        helper.make_node("Mul", ["by_name", "gain"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    onnx = _model(nodes, kept, {"probabilities": ["N", 3]})
    return registry.Package(onnx, Contract(resize=RESIZE, classes=HUES))


def brightness_model(channels: int) -> bytes:
    """Three classes by how bright a picture is."""
    weights = np.array([[[[1]]], [[[-1]]], [[[0]]]], np.float32).repeat(channels, 1)
    nodes = [
        helper.make_node("Conv", ["input", "weights"], ["seen"]),
        _mean("seen", "logits"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    kept = [numpy_helper.from_array(weights, "weights")]
    return _model(nodes, kept, {"probabilities": ["N", 3]}, channels)


def square_model(*, brittle: bool) -> registry.Package:
    """A detector of red quarters, by all their pixels or by the one in the middle."""
    if brittle:
        look = [
            helper.make_node("Slice", ["input", "s0", "s1", "axes", "steps"], ["quarters"]),
        ]
    else:
        look = [
            helper.make_node(
                "AveragePool", ["input"], ["quarters"], kernel_shape=[HALF] * 2, strides=[HALF] * 2
            )
        ]
    corners = [[x, y, x + HALF, y + HALF] for y in (0, HALF) for x in (0, HALF)]
    weights = np.array([1, -0.5, -0.5], np.float32).reshape(1, 3, 1, 1)
    gain, limit = (100.0, FAINT / 128 / 2) if brittle else (20.0, 0.4)
    kept = [
        numpy_helper.from_array(np.array([HALF // 2] * 2), "s0"),
        numpy_helper.from_array(np.array([SIDE, SIDE]), "s1"),
        numpy_helper.from_array(np.array([2, 3]), "axes"),
        numpy_helper.from_array(np.array([HALF, HALF]), "steps"),
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array(-limit, np.float32), "limit"),
        numpy_helper.from_array(np.array(gain, np.float32), "gain"),
        numpy_helper.from_array(np.array([-1, 4, 1]), "flat"),
        numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
        numpy_helper.from_array(np.array(corners, np.float32)[None], "corners"),
    ]
    nodes = [
        *look,
        helper.make_node("Conv", ["quarters", "weights"], ["redness"]),
        helper.make_node("Add", ["redness", "limit"], ["above"]),
        helper.make_node("Mul", ["above", "gain"], ["steep"]),
        helper.make_node("Reshape", ["steep", "flat"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
        helper.make_node("Mul", ["logits", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "corners"], ["boxes"]),
    ]
    onnx = _model(nodes, kept, {"boxes": ["N", 4, 4], "scores": ["N", 4, 1]})
    decode = Decode(task="detect", score_threshold=0.5)
    return registry.Package(onnx, Contract(resize=RESIZE, classes=("square",), decode=decode))


def _patch(name):
    return helper.make_node("Slice", ["input", "start", "end", "sides"], [name])


def _middle():
    return [
        numpy_helper.from_array(np.array([HALF, HALF]), "start"),
        numpy_helper.from_array(np.array([HALF + 1] * 2), "end"),
        numpy_helper.from_array(np.array([2, 3]), "sides"),
    ]


def _mean(what, name):
    return helper.make_node("ReduceMean", [what], [name], axes=[2, 3], keepdims=0)


def _model(nodes, kept, told, channels=3) -> bytes:
    shape = ["N", channels, SIDE, SIDE]
    asked = helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)
    given = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in told.items()]
    graph = helper.make_graph(nodes, "known", [asked], given, kept)
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=8, opset_imports=opset).SerializeToString()
