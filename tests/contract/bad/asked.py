"""What people type and what machines send: commands and pushes that cannot be meant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.contract.bad.cases import jpeg, write
from tests.unit.test_infer_saying import BOXES, SCORES, always


@dataclass(frozen=True)
class Line:
    """A command line in a workspace with two pictures in `in`; it ends with `code` and a fix."""

    title: str
    words: tuple[str, ...]
    code: str = "usage"
    said: str = ""


LINES = (
    Line("no data set (`--to` left away)", ("add", "in"), said="--to"),
    Line("a data set's name with a space", ("add", "in", "--to", "my photos"), said="my photos"),
    Line("a data set's name that climbs (`../x`)", ("add", "in", "--to", "../x"), said="../x"),
    Line("a data set's name of 100 letters", ("add", "in", "--to", "a" * 100), said="aaa"),
    Line(
        "a path that is not there",
        ("add", "nowhere", "--to", "odd"),
        "data.source_not_found",
        said="nowhere",
    ),
    Line("an option that is misspelt", ("add", "in", "--to", "odd", "--formt", "coco")),
    Line("a format that is misspelt", ("add", "in", "--to", "odd", "--format", "cocoo")),
    Line("`--map` without a sign of equality", ("add", "in", "--to", "odd", "--map", "cat")),
    Line("`--set` without a value", ("add", "in", "--to", "odd", "--set", "height")),
    Line("`--frames 1s`", ("add", "in", "--to", "odd", "--frames", "1s")),
    Line("a version that is not there", ("export", "odd@v9", "out"), "data.version_not_found"),
    Line("a data set that is not there", ("commit", "od", "-m", "x"), "data.dataset_not_found"),
    Line("nothing to commit", ("commit", "odd", "-m", "x"), "data.nothing_to_commit"),
    Line("a version without a message", ("commit", "odd", "-m", " ")),
    Line("a sample that is not there", ("meta", "show", "odd", "x.jpg"), "data.sample_not_found"),
    Line(
        "a refused file that is not there",
        ("quarantine", "remove", "odd", "--id", "x", "-m", "no"),
        "data.quarantined_not_found",
    ),
    Line(
        "an export into a folder that is not empty",
        ("export", "odd@v1", "in"),
        "data.folder_not_empty",
    ),
    *(
        Line(title, ("model", "import", f"models/{model}", "--as", "m", *contract), code, said)
        for title, model, contract, code, said in (
            (
                "a model that is a pickle",
                "pickle.onnx",
                ("--contract", "models/pets.yaml"),
                "infer.model_refused",
                "pickle",
            ),
            (
                "a model that is cut short",
                "cut.onnx",
                ("--contract", "models/pets.yaml"),
                "infer.model_refused",
                "not ONNX",
            ),
            ("a model without a contract", "pets.onnx", (), "refused", "'scores' (N, 7, 2)"),
            (
                "a contract with a field that is misspelt",
                "pets.onnx",
                ("--contract", "models/misspelt.yaml"),
                "vision.contract_refused",
                "treshold",
            ),
            (
                "a contract that names an output which the model has not",
                "pets.onnx",
                ("--contract", "models/missing.yaml"),
                "infer.model_refused",
                "no output 'boxen'",
            ),
            (
                "a contract of more classes than the model tells apart",
                "pets.onnx",
                ("--contract", "models/three.yaml"),
                "infer.model_refused",
                "3 classes",
            ),
            (
                "a contract of another layout than the model's",
                "pets.onnx",
                ("--contract", "models/layout.yaml"),
                "infer.model_refused",
                "(N, 6, N)",
            ),
            (
                "a model whose numbers are none (NaN)",
                "nan.onnx",
                ("--contract", "models/number.yaml"),
                "refused",
                "not a number",
            ),
        )
    ),
    Line("a command that is misspelt", ("ad", "in", "--to", "odd")),
)


@dataclass(frozen=True)
class Push:
    """A request to `/api/v1/push/DATASET`; refused with a status, or in quarantine with a code."""

    title: str
    body: bytes
    status: int
    code: str
    where: str = "odd"
    token: bool = True
    kind: str = "application/octet-stream"


PUSHES = (
    Push("no token", jpeg(), 401, "unauthenticated", token=False),
    Push("an empty body", b"", 400, "usage"),
    Push("a body that is larger than `serve.body_limit_mb`", bytes(2 << 20), 413, "push.too_large"),
    Push("text instead of a picture", b"these are words", 200, "not_an_image"),
    Push("a picture that is cut short", jpeg()[:-50], 200, "truncated"),
    Push("a path that climbs (`?path=../a.jpg`)", jpeg(), 400, "usage", "odd?path=../a.jpg"),
    Push("a parameter that is not known", jpeg(), 400, "usage", "odd?pfad=a.jpg"),
    Push("a label that is no class", jpeg(), 422, "data.unknown_class", "taught?label=dog"),
    Push("a data set that cannot be called so", jpeg(), 400, "usage", "my%20photos"),
    Push("a form without a file", b"--x--", 400, "usage", kind="multipart/form-data; boundary=x"),
    Push("a form without a boundary", b"--x--", 400, "usage", kind="multipart/form-data"),
)


def pictures(folder: Path) -> None:
    """Two pictures of one class."""
    write(folder / "in" / "cat" / "a.jpg", jpeg())
    write(folder / "in" / "cat" / "b.jpg", jpeg(colour=9))


def models(folder: Path) -> None:
    """Models that lie, and contracts that do not fit."""
    pets = always(boxes=BOXES, scores=SCORES)
    plain = "resize: {mode: squash, size_hw: [32, 64]}\n"
    detect = plain + "decode: {task: detect}\nclasses: [cat, dog]\n"
    for name, content in {
        "pets.onnx": pets,
        "cut.onnx": pets[: len(pets) // 2],
        "pickle.onnx": b"\x80\x04\x95",
        "nan.onnx": always(value=[float("nan")]),
        "pets.yaml": detect.encode(),
        "misspelt.yaml": detect.replace("detect}", "detect, treshold: 1}").encode(),
        "missing.yaml": detect.replace("detect}", "detect, boxes: boxen}").encode(),
        "three.yaml": detect.replace("dog]", "dog, cow]").encode(),
        "layout.yaml": detect.replace("detect}", "detect, layout: yolov8}").encode(),
        "number.yaml": (plain + "decode: {task: regress}\n").encode(),
    }.items():
        write(folder / "models" / name, content)


def rows() -> dict[str, list[tuple[str, str]]]:
    """For the page: group → (what, what happens)."""
    return {
        "On the command line": [
            (each.title, f"nothing happens, the error `{each.code}` says how to mend it")
            for each in LINES
        ],
        "Pushed by HTTP": [(each.title, _answer(each)) for each in PUSHES],
    }


def _answer(each: Push) -> str:
    if each.status == 200:
        return f"200: it waits in quarantine: `{each.code}`"
    return f"{each.status}, the error `{each.code}` says how to mend it"
