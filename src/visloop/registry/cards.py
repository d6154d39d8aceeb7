"""The model card: what a stranger must know before trusting a model, written from facts alone.

Source: Mitchell et al. 2019 (Model Cards for Model Reporting).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from visloop.vision import Contract


@dataclass(frozen=True)
class CardFacts:
    """What is known when a model is made.

    `classes` counts the training pictures or objects of each class, `pictures` the pictures;
    `left_out` those that were not used, by reason; `metrics` are held-out figures of training;
    `limits` are sentences.
    """

    name: str
    recipe: str
    run: str
    data: str
    data_root: str
    contract: Contract
    classes: Mapping[str, int]
    left_out: Mapping[str, int] = field(default_factory=dict[str, int])
    metrics: Mapping[str, float] = field(default_factory=dict[str, float])
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    limits: tuple[str, ...] = ()
    pictures: int | None = None


def write_card(facts: CardFacts) -> str:
    """Markdown; the same facts give the same text."""
    parts = [
        f"# {facts.name}",
        f"Made by recipe `{facts.recipe}` in run `{facts.run}`."
        if facts.data
        else f"Imported: {facts.run}.",
        _section("Data", _data(facts) if facts.data else ""),
        _section("Measured on held-out pictures", _metrics(facts)),
        _section("From bytes to answer", _contract(facts.contract)),
        _section("Parameters", _table(("parameter", "value"), facts.parameters)),
        _section("Limits", "\n".join(f"- {limit}" for limit in facts.limits)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}" if body else ""


def _data(facts: CardFacts) -> str:
    total = sum(facts.classes.values())
    pictures = total if facts.pictures is None else facts.pictures
    counted = "pictures" if facts.contract.decode.task == "classify" else "objects"
    lines = [f"`{facts.data}` (root `{facts.data_root[:16]}`)"]
    if facts.classes:
        lines.append(f"{pictures} pictures of {len(facts.classes)} classes:")
        lines.append(_table(("class", counted), facts.classes))
    else:
        lines.append(f"{pictures} pictures.")
    if facts.left_out:
        lines.append(_table(("left out because", "pictures"), facts.left_out))
    return "\n\n".join(lines)


def _metrics(facts: CardFacts) -> str:
    shown = {name: f"{value:.4f}" for name, value in sorted(facts.metrics.items())}
    return _table(("metric", "value"), shown)


def _contract(contract: Contract) -> str:
    resize = contract.resize
    high, wide = resize.output_hw
    size = f"{wide} × {high} px"
    tiling = contract.tiling
    if resize.mode == "shorter":
        size = f"{resize.size_px} px, centre crop {resize.crop_px} px"
    return _table(
        ("step", "what"),
        {
            "decode": f"{contract.decoder.library}, orientation {contract.decoder.orientation}, "
            f"{contract.decoder.colour}",
            "resize": f"{resize.mode} to {size}, {resize.library} {resize.kernel}"
            + (
                f"; in tiles of {tiling.size_hw[1]} × {tiling.size_hw[0]} px that share "
                f"{tiling.overlap_px} px"
                if tiling
                else ""
            ),
            "answer": _answer(contract),
            "normalise": f"(pixel − {contract.normalise.mean}) / {contract.normalise.std}",
            "contract": f"`{contract.digest}`",
            "class dictionary": f"`{contract.class_dictionary or 'of its own'}`",
        },
    )


def _answer(contract: Contract) -> str:
    decode = contract.decode
    told = [decode.task, f"{len(contract.classes)} classes" if contract.classes else ""]
    if decode.task == "detect":
        told.append(f"layout {decode.layout}")
        told.append("no NMS" if decode.nms_iou is None else f"NMS above IoU {decode.nms_iou:g}")
    told += [f"score ≥ {decode.score_threshold:g}"] if decode.score_threshold else []
    return ", ".join(each for each in (*told, decode.unit) if each)


def _table(head: tuple[str, str], rows: Mapping[str, object]) -> str:
    if not rows:
        return ""
    lines = [f"| {head[0]} | {head[1]} |", "|---|---|"]
    lines += [f"| {_cell(key)} | {_cell(value)} |" for key, value in rows.items()]
    return "\n".join(lines)


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")
