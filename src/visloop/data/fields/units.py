"""Units that can be turned into one another; any other unit is a name that is only compared."""

from __future__ import annotations

import math
from typing import Final, NamedTuple


class _Unit(NamedTuple):
    """`value` of this unit is `value * factor + shift` of its dimension's base unit."""

    dimension: str
    factor: float
    shift: float = 0.0


_UNITS: Final = {
    **{
        name: _Unit("length", factor)
        for name, factor in {
            "nm": 1e-9,
            "um": 1e-6,
            "mm": 1e-3,
            "cm": 1e-2,
            "dm": 1e-1,
            "m": 1.0,
            "km": 1e3,
            "in": 0.0254,
            "ft": 0.3048,
        }.items()
    },
    **{
        name: _Unit("time", factor)
        for name, factor in {
            "ns": 1e-9,
            "us": 1e-6,
            "ms": 1e-3,
            "s": 1.0,
            "min": 60.0,
            "h": 3600.0,
            "d": 86400.0,
        }.items()
    },
    **{
        name: _Unit("mass", factor)
        for name, factor in {"mg": 1e-6, "g": 1e-3, "kg": 1.0, "t": 1e3, "lb": 0.45359237}.items()
    },
    **{name: _Unit("angle", f) for name, f in {"deg": math.pi / 180, "rad": 1.0}.items()},
    **{
        name: _Unit("frequency", factor)
        for name, factor in {"Hz": 1.0, "1/s": 1.0, "kHz": 1e3, "MHz": 1e6}.items()
    },
    **{
        name: _Unit("size", factor)
        for name, factor in {
            "bit": 0.125,
            "B": 1.0,
            "kB": 1e3,
            "MB": 1e6,
            "KiB": 2**10,
            "MiB": 2**20,
        }.items()
    },
    **{name: _Unit("share", factor) for name, factor in {"%": 0.01, "1": 1.0}.items()},
    **{name: _Unit("speed", factor) for name, factor in {"m/s": 1.0, "km/h": 1 / 3.6}.items()},
    **{name: _Unit("pressure", f) for name, f in {"Pa": 1.0, "kPa": 1e3, "bar": 1e5}.items()},
    **{name: _Unit("voltage", factor) for name, factor in {"mV": 1e-3, "V": 1.0}.items()},
    "K": _Unit("temperature", 1.0),
    "degC": _Unit("temperature", 1.0, 273.15),
    "degF": _Unit("temperature", 5 / 9, 459.67 * 5 / 9),
}
_SPELLINGS: Final = {
    "µm": "um",
    "μm": "um",
    "µs": "us",
    "μs": "us",
    "sec": "s",
    "°": "deg",
    "°C": "degC",
    "°F": "degF",
    '"': "in",
    "inch": "in",
    "fps": "1/s",
    "px": "px",
}
_DIGITS: Final = 12


def plain(unit: str) -> str:
    """The usual spelling: `°C` → `degC`, `µm` → `um`; what is not known stays as it is."""
    unit = unit.strip()
    return _SPELLINGS.get(unit, unit)


def convert(value: float, unit: str, into: str) -> float | None:
    """`value` of `unit` in `into`; None where the one is no measure of the other."""
    unit, into = plain(unit), plain(into)
    if unit == into:
        return value
    source, target = _UNITS.get(unit), _UNITS.get(into)
    if source is None or target is None or source.dimension != target.dimension:
        return None
    exact = (value * source.factor + source.shift - target.shift) / target.factor
    return float(f"{exact:.{_DIGITS}g}")  # 3 cm are 30 mm, not 29.999999999999996


def alike(unit: str) -> tuple[str, ...]:
    """The units that can be turned into this one, itself included."""
    known = _UNITS.get(plain(unit))
    if known is None:
        return (unit,)
    return tuple(name for name, each in _UNITS.items() if each.dimension == known.dimension)
