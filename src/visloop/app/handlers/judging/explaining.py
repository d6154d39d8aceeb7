"""Explanations: which picture is meant, and what is written of it."""

from __future__ import annotations

import base64
import binascii
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import cv2
import numpy as np

from visloop import data, evaluate, serve, store
from visloop.app.media import PictureGone, thumbnail
from visloop.errors import NotFound, UsageError, VisloopError
from visloop.ids import Ref

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.registry import Package

_SMALL_PX: Final = 160
_QUALITY: Final = 88


class Looked(NamedTuple):
    """What is explained: bytes, what they are called, and which model answered them, if one did."""

    picture: bytes
    name: str
    answered_by: str = ""


def picture_to_explain(
    ports: Ports, scope: Scope, package: Package, named: str, at: str, encoded: str
) -> Looked:
    """A picture by what a person calls it: a prediction's id, a sample's path, or a file.

    Raises:
        NotFound: it is none of these.
        PictureGone: the prediction's picture is not kept any more.
        UsageError: no picture is named, or not one only.
    """
    if encoded:
        try:
            return Looked(base64.b64decode(encoded, validate=True), named or "the picture sent")
        except binascii.Error as error:
            raise UsageError(f"`data` is no base64: {error}", fix="name a file instead") from error
    if not named:
        raise UsageError("no picture is named", fix="visloop explain MODEL a.jpg")
    try:
        found = serve.prediction(ports.serve, scope, named)
    except NotFound:
        return _sample_or_file(ports, scope, package, named, at)
    kept = serve.captured(ports.spool, found)
    if kept is not None and kept.image:
        return Looked(kept.image, named, found.model)
    try:
        return Looked(ports.blobs.get(found.image), named, found.model)
    except store.BlobNotFound as gone:
        raise PictureGone(
            f"the picture behind {named} is not kept any more",
            fix="capture more of them (capture in visloop.yaml)",
        ) from gone


def _sample_or_file(ports: Ports, scope: Scope, package: Package, named: str, at: str) -> Looked:
    ref = at or (Ref.parse(package.data).name if package.data else "")
    if ref:
        try:
            sample = data.open(ports.data, Ref.parse(ref), scope.project).get(named)
        except NotFound:
            if at:
                raise
            sample = None
        if sample is not None:
            return Looked(ports.blobs.get(sample.image), f"{ref}:{named}")
    file = Path(named).expanduser()
    if not file.is_file():
        raise NotFound(
            f"{named!r} is neither a prediction's id, nor a sample{f' of {ref}' if ref else ''}, "
            "nor a file",
            fix="visloop predictions NAME lists answers, visloop samples REF the samples",
        )
    return Looked(file.read_bytes(), named)


def overlay(
    subject: evaluate.Subject, found: evaluate.Explanation, model: str, px: int = 0
) -> NDArray[np.uint8]:
    """The picture with its map, RGB; its longer side at most `px` before the strip, where that is given."""
    pixels, saliency, target = subject.pixels, found.saliency, found.target
    scale = min(1.0, px / max(pixels.shape[:2])) if px else 1.0
    sheet = evaluate.overlaid(pixels, saliency, target, model)
    if scale == 1.0:
        return sheet
    size = (round(sheet.shape[1] * scale), round(sheet.shape[0] * scale))
    return np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), np.uint8)


def write_png(sheet: NDArray[np.uint8], file: Path) -> None:
    """The picture with its map, at its own size."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(cv2.imencode(".png", sheet[..., ::-1])[1].tobytes())


def encoded_jpeg(sheet: NDArray[np.uint8]) -> str:
    """The same as a JPEG in base64."""
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    return base64.b64encode(cv2.imencode(".jpg", sheet[..., ::-1], options)[1].tobytes()).decode()


def told_explanation(found: evaluate.Explanation) -> dict[str, Any]:
    """An explanation as the fields of the answer."""
    pushed = found.pushes
    return found.told() | {
        "neighbours": tuple(
            {"path": each.path, "labels": each.labels, "near": each.near, "image": each.image}
            for each in found.neighbours
        ),
        "by": found.by,
        "features": tuple(
            {
                "feature": each.index,
                "push": round(each.push, 4),
                "value": round(each.value, 4),
                "usual": round(each.usual, 4),
                "shown_by": each.shown_by,
                "images": each.images,
            }
            for each in (pushed.features if pushed else ())
        ),
        "logit": round(pushed.here, 4) if pushed else None,
        "usual_logit": round(pushed.usual, 4) if pushed else None,
        "notes": found.notes,
    }


def write_explanation(
    ports: Ports, plain: dict[str, Any], sheet: NDArray[np.uint8], file: Path
) -> None:
    """The explanation as one HTML file with its pictures in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_page(ports, plain, encoded_jpeg(sheet)), "utf-8")


def _page(ports: Ports, plain: dict[str, Any], drawn: str) -> str:
    title = f"Why {escape(plain['model'])} says {escape(plain['label'])}"
    near = "".join(
        f"<figure>{_small(ports, each['image'])}<figcaption>{escape(', '.join(each['labels']))}"
        f' <span class="muted">{each["near"]:.3f}</span>'
        f'<span class="path">{escape(each["path"])}</span></figcaption></figure>'
        for each in plain["neighbours"]
    )
    rows = "".join(
        f'<tr><td>{each["feature"]}</td><td class="n">{each["push"]:+.3f}</td>'
        f'<td class="n">{each["value"]:.3g}</td><td class="n">{each["usual"]:.3g}</td>'
        f'<td><div class="few">{"".join(_small(ports, image) for image in each["images"])}</div></td></tr>'
        for each in plain["features"]
    )
    notes = "".join(f'<p class="warning">{escape(each)}</p>' for each in plain["notes"])
    features = (
        "<section><h2>What pushed the head</h2><p>Exact Shapley values of the linear head, in logits: "
        f"from {plain['usual_logit']:.2f}, its mean over pictures, to {plain['logit']:.2f} here.</p>"
        '<table><thead><tr><th>feature</th><th class="n">push</th><th class="n">here</th>'
        '<th class="n">usual</th><th>pictures that have most of it</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></section>"
        if rows
        else ""
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{evaluate.POLICY}">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{evaluate.STYLE}{_STYLE}</style></head>\n<body><main>"
        f"<h1>{title}</h1><p class='muted'>{escape(plain['picture'])}</p>{notes}"
        f"<section><h2>What it looked at</h2><p>{escape(plain['method'])}, {plain['asked']} runs of the "
        f"network, {plain['seconds']} s. Light: this spoke for {escape(plain['label'])} "
        f"({plain['score']:.3f}). Dim and grey: the model was not shown it.</p>"
        f'<img class="map" alt="map over the picture" src="data:image/jpeg;base64,{drawn}"></section>'
        + (
            f"<section><h2>The nearest pictures that it learnt from</h2><p>By {escape(plain['by'])}; "
            f'1 is the same direction.</p><div class="sheet">{near}</div></section>'
            if near
            else ""
        )
        + f"{features}</main></body></html>\n"
    )


_STYLE: Final = """
.map { max-width: 100%; border-radius: 6px; } .sheet img { width: 100%; border-radius: 6px; }
.few { display: flex; gap: 6px; } .few img { height: 64px; border-radius: 4px; }
"""


def _small(ports: Ports, image: str) -> str:
    try:
        code = base64.b64encode(thumbnail(ports, image, _SMALL_PX)).decode()
    except VisloopError:  # gone, or no picture that can be drawn
        return '<span class="muted">cannot be shown</span>'
    return f'<img alt="" src="data:image/jpeg;base64,{code}">'
