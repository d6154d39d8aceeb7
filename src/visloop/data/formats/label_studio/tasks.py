"""One task of Label Studio: which annotation counts, and what its results say."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final, NamedTuple

import msgspec

from visloop.data.formats.beside import FIELD, Whole, joined, typed
from visloop.data.formats.label_studio.film import FOLLOWED, Shown
from visloop.data.formats.label_studio.objects import (
    BARE,
    KINDS,
    TEXTS,
    WHOLE,
    decode,
    labels_in,
    whole_picture,
)
from visloop.data.formats.loose import BadObject, listing, mapping, score, size, storable, text
from visloop.data.formats.shapes import ELLIPSE_NOTE
from visloop.data.formats.stated import Objection
from visloop.vision import Annotation

BOTH: Final = "both"
EACH: Final = "each"
ATTRIBUTES: Final = "attributes"
_SHAPES: Final = frozenset((*KINDS, *BARE))
_MIN_KINDS: Final = (
    "rectanglelabels",
    "polygonlabels",
    "brushlabels",
    "keypointlabels",
    "ellipselabels",
)


class Told(NamedTuple):
    """What a task says: None for annotations where nobody looked at it."""

    annotations: tuple[Annotation, ...] | None
    declared: tuple[int, int] | None
    side: Whole
    objections: tuple[Objection, ...]
    notes: tuple[str, ...]


def tell(task: dict[str, Any], data: dict[str, Any], where: str) -> Told:
    """Everything that one task says."""
    said = _Said(where)
    meta = mapping(mapping(task.get("meta")).get(FIELD))
    side = typed(meta, Whole) or Whole()
    looked_at = True
    if "data" not in task:
        said.results(_from_min(data))
    else:
        looked_at = _read_full(task, said, both=meta.get(BOTH) is True)
    annotations = (*said.annotations(), *side.annotations)
    return Told(
        annotations=annotations if looked_at or annotations else None,
        declared=said.declared,
        side=side,
        objections=tuple(said.objections),
        notes=tuple(said.notes),
    )


def film_told(task: dict[str, Any], where: str) -> tuple[Shown, bool, tuple[str, ...]]:
    """What a task of a film says, whether somebody looked at it, and notes."""
    said = _Said(where)
    given = [mapping(each) for each in listing(task.get("annotations"))]
    chosen = _counting(given, said)
    shown = Shown(where, "" if chosen is None else _author(chosen))
    results = [mapping(each) for each in listing((chosen or {}).get("result"))]
    regions = {region_of(each) for each in results if each.get("type") == FOLLOWED}
    _, attributes = _of_regions(results, regions)
    for at, each in enumerate(results):
        if each.get("type") == FOLLOWED or region_of(each) not in regions:
            shown.take(at, each, attributes.get(region_of(each), {}) | _meta(each))
    if guesses := len(listing(task.get("predictions"))):
        said.notes.append(f"{guesses} predictions of a film were left out")
    return shown, chosen is not None, tuple(said.notes)


def _read_full(task: dict[str, Any], said: _Said, *, both: bool) -> bool:
    """Whether an annotation counts."""
    given = [mapping(each) for each in listing(task.get("annotations", task.get("completions")))]
    chosen = _counting(given, said)
    if chosen is not None:
        said.author = _author(chosen)
        said.results(listing(chosen.get("result")))
        said.author = ""
    predictions = [mapping(each) for each in listing(task.get("predictions"))]
    if chosen is not None and predictions and not both:
        said.notes.append(f"{len(predictions)} predictions beside its annotation were left out")
        return True
    for each in predictions:
        name = text(each.get("model_version")) or "label-studio"
        said.author, said.score = f"model:{name}", score(each.get("score"))
        said.results(listing(each.get("result")))
    return chosen is not None


def _counting(given: list[dict[str, Any]], said: _Said) -> dict[str, Any] | None:
    """The annotation that counts: a ground truth, else the one changed last."""
    kept = [each for each in given if not each.get("was_cancelled")]
    if skipped := len(given) - len(kept):
        said.notes.append(f"{skipped} annotations were skipped in Label Studio and do not count")
    if not kept:
        return None
    changed = [text(each.get("updated_at")) or text(each.get("created_at")) for each in kept]
    best = max(
        range(len(kept)), key=lambda at: (kept[at].get("ground_truth") is True, changed[at], at)
    )
    if len(kept) > 1:
        others = ", ".join(str(kept[at].get("id")) for at in range(len(kept)) if at != best)
        said.notes.append(
            f"{len(kept)} annotations of one task: {kept[best].get('id')} counts, not {others}"
        )
    return kept[best]


def _author(annotation: dict[str, Any]) -> str:
    by = annotation.get("completed_by")
    name = mapping(by).get("email") or mapping(by).get("id") if isinstance(by, dict) else by
    return f"user:{name}" if isinstance(name, str | int) and not isinstance(name, bool) else ""


class _Said:
    """Collects the results of a task."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._entries: list[tuple[object, Annotation]] = []
        self.author = ""
        self.score: float | None = None
        self.declared: tuple[int, int] | None = None
        self.objections: list[Objection] = []
        self.notes: list[str] = []

    def annotations(self) -> list[Annotation]:
        """All that was said, parts of one object joined."""
        return joined(self._entries)

    def results(self, raw: list[Any]) -> None:
        """The results of one annotation or prediction."""
        results = [mapping(each) for each in raw]
        regions = {region_of(each) for each in results if str(each.get("type")) in _SHAPES} - {""}
        labels, attributes = _of_regions(results, regions)
        ellipses = relations = 0
        for at, each in enumerate(results):
            kind = each.get("type")
            if kind == "relation":
                relations += 1
                continue
            shape = KINDS.get(str(kind), kind) in BARE
            if not shape and region_of(each) in regions:
                continue  # it speaks of a region
            try:
                self._take(each, labels, attributes, shape=shape)
            except BadObject as problem:
                reason = f"{self._where}, result {at}: {problem.reason}"
                self.objections.append(Objection(problem.code, reason))
            else:
                ellipses += KINDS.get(str(kind), kind) == "ellipse"
        if ellipses:
            self.notes.append(f"{ellipses} {ELLIPSE_NOTE}")
        if relations:
            self.notes.append(f"{relations} relations between regions were left out")

    def _take(
        self,
        each: dict[str, Any],
        labels: dict[str, list[str]],
        attributes: dict[str, dict[str, Any]],
        *,
        shape: bool,
    ) -> None:
        kind = str(each.get("type"))
        self._measure(each)
        side = mapping(each.get("meta")).get(FIELD)
        if shape:
            named = labels_in(mapping(each.get("value")), kind) or labels.get(region_of(each), [])
            more = attributes.get(region_of(each), {}) | _meta(each)
            native = decode(each, self.declared or (0, 0), named, more)
            self._entries.append((side, self._signed(native)))
        elif kind in WHOLE:
            found = whole_picture(each)
            each_side = listing(mapping(side).get(EACH))
            sides = each_side if len(each_side) == len(found) else [side] * len(found)
            self._entries += zip(sides, map(self._signed, found), strict=True)
        elif kind in TEXTS:
            raise BadObject("unsupported_shape", f"{kind} of the whole picture is not read")
        else:
            raise BadObject("unsupported_shape", f"no result is of the kind {kind[:40]!r}")

    def _measure(self, each: dict[str, Any]) -> None:
        width, height = size(each.get("original_width")), size(each.get("original_height"))
        if self.declared is None and width and height:
            self.declared = (width, height)

    def _signed(self, native: Annotation) -> Annotation:
        if not self.author:
            return native
        if not self.author.startswith("model:"):
            return msgspec.structs.replace(native, author=self.author)
        found = self.score if native.score is None else native.score
        return msgspec.structs.replace(native, author=self.author, score=found, review="proposed")


def region_of(result: dict[str, Any]) -> str:
    """The region that a result belongs to; nothing where it does not say."""
    identity = result.get("id")
    return identity if isinstance(identity, str) else ""


def _of_regions(
    results: list[dict[str, Any]], regions: set[str]
) -> tuple[dict[str, list[str]], dict[str, dict[str, Any]]]:
    """Classes and attributes that results beside a region give it, by the region's id."""
    labels: defaultdict[str, list[str]] = defaultdict(list)
    attributes: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for each in results:
        kind, region = str(each.get("type")), region_of(each)
        value = mapping(each.get("value"))
        if region not in regions or kind in BARE:
            continue
        if kind in KINDS or kind == "labels":
            labels[region] += [
                name for name in labels_in(value, kind) if name not in labels[region]
            ]
            continue
        said = value.get({"textarea": "text"}.get(kind, kind))
        said = said[0] if isinstance(said, list) and len(said) == 1 else said
        name = each.get("from_name")
        if said is not None and isinstance(name, str):
            attributes[region][name] = storable(said)
    return labels, attributes


def _meta(region: dict[str, Any]) -> dict[str, Any]:
    """What stands in a region's `meta`: our attributes, and notes that a person typed."""
    meta = mapping(region.get("meta"))
    found: dict[str, Any] = storable(mapping(meta.get(ATTRIBUTES)))
    notes = [each for each in listing(meta.get("text")) if isinstance(each, str)]
    return found | ({"note": "\n".join(notes)} if notes else {})


def _from_min(data: dict[str, Any]) -> list[dict[str, Any]]:
    """The results of a task in the short form, where each key holds the values of one control."""
    results: list[dict[str, Any]] = []
    for name, raw in data.items():
        for each in raw if isinstance(raw, list) else [raw]:
            value = mapping(each)
            kind = next((kind for kind in _MIN_KINDS if kind in value), "")
            if kind:
                results.append(
                    {
                        "type": kind,
                        "value": value,
                        "original_width": value.get("original_width"),
                        "original_height": value.get("original_height"),
                    }
                )
            elif "choices" in value:
                results.append({"type": "choices", "value": value})
        if name in {"choice", "choices"} and isinstance(raw, str):
            results.append({"type": "choices", "value": {"choices": [raw]}})
        if name == "number" and not isinstance(raw, dict | list):
            results.append({"type": "number", "value": {"number": raw}})
    return results
