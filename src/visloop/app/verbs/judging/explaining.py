"""Why a model answered so about one picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visloop import evaluate as judging
from visloop import registry
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_PAGE_PX = 640


@dataclass(frozen=True)
class Explain:
    """Say why a model answered so: where it looked, the nearest pictures it learnt from, its features.

    Methods by gradients (extra `torch`): gradcam, integrated-gradients, smoothgrad. By answers alone, for
    any model: rise (of boxes: D-RISE), occlusion. auto: gradcam where it can be, else rise.
    """

    model: str = arg("for example reader@v1")
    picture: str = arg(
        "a file, a sample by its path, or the id of a prediction", default="", file=True
    )
    method: Literal[
        "auto", "gradcam", "integrated-gradients", "smoothgrad", "rise", "occlusion"
    ] = opt("how to look", default="auto")
    label: str = opt("why (or why not) this class; default: what the model says", default="")
    object: int = opt("of several boxes, the so manyth likeliest, from 0", default=0)
    at: str = opt("where the sample is; default: the model's data set", default="")
    near: int = opt("so many training pictures", default=5)
    features: int = opt("so many features of a linear head", default=5)
    masks: int = opt("random masks of rise", default=1000)
    steps: int = opt("steps of integrated-gradients and smoothgrad", default=32)
    seconds: float = opt("rise ends after so long; 0: when all masks are asked", default=0.0)
    seed: int = opt("the same masks and noise again", default=0)
    png: str | None = opt("write the picture with its map", default=None, path=True)
    html: str | None = opt("write it all, one file with its pictures", default=None, path=True)
    drawn: bool = opt("answer the picture with its map too, in base64", default=False)
    data: str = opt("the picture itself in base64, in place of its name", default="")


@dataclass(frozen=True)
class Explained:
    """Why it answered so.

    `score`: of classes, boxes and masks in [0, 1]; of a gauge its number. `peak`: the pixel (x, y) that
    spoke most for it; `seen`: the share of the picture that the model was shown; `asked`: how often the
    network ran. `neighbours`: cosine `near`, `by` whose embedding. `features`: exact Shapley values
    (`push`, in logits) of a linear head, which add up, over all its features, from `usual_logit` to
    `logit`. `drawn`: a JPEG in base64 where it was asked for.
    """

    model: str
    picture: str
    method: str
    label: str
    score: float
    box: tuple[float, float, float, float] | None
    peak: tuple[int, int]
    seen: float
    asked: int
    seconds: float
    neighbours: tuple[dict[str, Any], ...]
    by: str
    features: tuple[dict[str, Any], ...]
    logit: float | None
    usual_logit: float | None
    notes: tuple[str, ...]
    png: str | None = None
    html: str | None = None
    drawn: str = field(default="", repr=False)


@operation("explain", permission="evaluate.run")
def explain(ports: Ports, scope: Scope, ask: Explain) -> Explained:
    """Nothing is stored: the same question gives the same answer."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.model))
    package = registry.load(ports.registry, version)
    looked = handlers.picture_to_explain(ports, scope, package, ask.picture, ask.at, ask.data)
    subject, found = judging.explain(
        ports.evaluate,
        scope,
        package,
        looked.picture,
        method=None if ask.method == "auto" else ask.method,
        label=ask.label,
        which=ask.object,
        near=ask.near,
        features=ask.features,
        settings=judging.ExplainSettings(ask.masks, ask.steps, ask.seconds, ask.seed),
    )
    plain: dict[str, Any] = handlers.told_explanation(found) | {
        "model": version.ref,
        "picture": looked.name,
    }
    if looked.answered_by not in {"", version.ref}:
        said = f"{looked.name} was answered by {looked.answered_by}, not by {version.ref}"
        plain["notes"] = (*plain["notes"], said)
    whole = handlers.overlay(subject, found, version.ref)
    if ask.png:
        handlers.write_png(whole, Path(ask.png))
    small = handlers.overlay(subject, found, version.ref, _PAGE_PX)
    if ask.html:
        handlers.write_explanation(ports, plain, small, Path(ask.html))
    drawn = handlers.encoded_jpeg(small) if ask.drawn else ""
    return Explained(**plain, png=ask.png, html=ask.html, drawn=drawn)
