"""What a window test found, and the same in words."""

from __future__ import annotations

from typing import Final

import msgspec

from visloop.ids import FORMAT


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was compared: its mean before and after, and the shift in standard deviations."""

    name: str
    p: float
    shift_sd: float
    before: float
    after: float


class FamilyVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """One family's p-value, its share of α, and what it looked at, the most moved first."""

    p: float
    weight: float
    moved: tuple[Moved, ...] = ()


class WindowVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of the window test: alarm when p ≤ α. `p` is already corrected for the families."""

    p: float
    alarm: bool
    alpha: float
    n: int
    families: dict[str, FamilyVerdict]
    mean_confidence: float | None = None
    reference_confidence: float | None = None
    format: int = FORMAT


_SAID: Final = {
    "brightness": ("got brighter", "got darker"),
    "contrast": ("have more contrast", "have less contrast"),
    "sharpness": ("got sharper", "got blurred"),
    "noise": ("got noisier", "got smoother"),
    "blockiness": ("show more compression blocks", "show fewer compression blocks"),
    "direction": ("show more upright edges", "show more level edges"),
    "warmth": ("turned redder", "turned bluer"),
    "clipping": ("have more burnt-out or black pixels", "have fewer burnt-out or black pixels"),
}
_MOST_SAID: Final = 3
_CLEAR_SD: Final = 0.2
_CLEAR_CONFIDENCE: Final = 0.03


def describe(verdict: WindowVerdict) -> str:
    """The verdict in one line: "pictures got darker (brightness −2.1 sd), predictions shifted …"."""
    if not verdict.alarm:
        return f"nothing moved: the last {verdict.n} pictures look like the reference (p {_p(verdict)})"
    parts = [_pictures(verdict), _predictions(verdict), _confidence(verdict)]
    said = ", ".join(part for part in parts if part)
    return said or f"pictures no longer look like the reference to the model (p {_p(verdict)})"


def _p(verdict: WindowVerdict) -> str:
    return f"{verdict.p:.2g}"


def _loud(verdict: WindowVerdict, family: str) -> FamilyVerdict | None:
    found = verdict.families.get(family)
    return found if found and found.p <= verdict.alpha * found.weight else None


def _pictures(verdict: WindowVerdict) -> str:
    family = _loud(verdict, "statistics")
    if family is None:
        return ""
    said = [_statistic(moved) for moved in family.moved if moved.p <= verdict.alpha * family.weight]
    return "pictures " + ", ".join(said[:_MOST_SAID])


def _statistic(moved: Moved) -> str:
    if abs(moved.shift_sd) < _CLEAR_SD:
        return f"vary differently in {moved.name}"
    up, down = _SAID.get(moved.name, (f"rose in {moved.name}", f"fell in {moved.name}"))
    return f"{up if moved.shift_sd > 0 else down} ({moved.name} {_signed(moved.shift_sd)} sd)"


def _predictions(verdict: WindowVerdict) -> str:
    family = _loud(verdict, "classes")
    if family is None:
        return ""
    up = max(family.moved, key=lambda m: m.shift_sd)
    return f"predictions shifted to {up.name!r} ({up.before:.0%} → {up.after:.0%})"


def _confidence(verdict: WindowVerdict) -> str:
    family = _loud(verdict, "softmax")
    if family is None:
        return ""
    before, after = verdict.reference_confidence, verdict.mean_confidence
    if before is not None and after is not None and abs(after - before) >= _CLEAR_CONFIDENCE:
        way = "surer" if after > before else "less sure"
        return f"the model is {way} (confidence {before:.2f} → {after:.2f})"
    top = family.moved[0]
    return f"its scores for {top.name!r} moved (mean {top.before:.2f} → {top.after:.2f})"


def _signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")
