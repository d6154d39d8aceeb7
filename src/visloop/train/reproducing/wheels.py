"""Wheels made of files: of the Visloop that runs, and of an own recipe's kept sources.

A wheel is a ZIP with three files about itself, and pip installs it with what it asks for.

Source: https://packaging.python.org/specifications/binary-distribution-format
"""

from __future__ import annotations

import tomllib
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Final

_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: visloop\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_HOME: Final = Path(__file__).resolve().parents[2]


def own_wheel(folder: Path) -> Path:
    """The Visloop that runs as a wheel in `folder`, whatever way it was installed.

    Of a checkout what it asks for stands in its `pyproject.toml`, which is never stale.
    """
    version = metadata.version("visloop")
    head = f"Metadata-Version: 2.1\nName: visloop\nVersion: {version}\n"
    project = _HOME.parent.parent / "pyproject.toml"
    if project.is_file():
        told = tomllib.loads(project.read_text("utf-8"))["project"]
        about, points = head + _requires(told), _points(told["entry-points"])
    else:
        installed = metadata.distribution("visloop")
        about = installed.read_text("METADATA") or head
        points = installed.read_text("entry_points.txt") or ""
    files = {
        path.relative_to(_HOME.parent).as_posix(): path.read_bytes()
        for path in sorted(_HOME.rglob("*"))
        if path.is_file() and path.suffix != ".pyc"
    }
    return wheel(folder, "visloop", version, files, about, points)


def recipe_wheel(
    folder: Path, recipe: str, entry: str, needs: Mapping[str, str], sources: Mapping[str, bytes]
) -> Path:
    """An own recipe as a wheel: its sources, the entry point, and what they import."""
    name, version = "visloop_kept_recipe", "1"
    about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    about += "".join(f"Requires-Dist: {each}=={found}\n" for each, found in needs.items())
    points = f"[visloop.recipes]\n{recipe} = {entry}\n"
    return wheel(folder, name, version, sources, about, points)


def wheel(
    folder: Path, name: str, version: str, files: Mapping[str, bytes], about: str, points: str
) -> Path:
    """Write a wheel.

    Args:
        folder: where to.
        name: of the distribution, with _ in place of -.
        version: of the distribution.
        files: what it installs, by path.
        about: METADATA.
        points: entry_points.txt.
    """
    inside = f"{name}-{version}.dist-info"
    texts = {"METADATA": about, "WHEEL": _WHEEL, "entry_points.txt": points}
    whole = {**files, **{f"{inside}/{path}": text.encode() for path, text in texts.items()}}
    record = "".join(f"{path},,\n" for path in (*whole, f"{inside}/RECORD"))
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as written:
        for place, raw in {**whole, f"{inside}/RECORD": record.encode()}.items():
            written.writestr(zipfile.ZipInfo(place), raw)  # no time: the same files, the same wheel
    return path


def _requires(project: Mapping[str, Any]) -> str:
    lines = [f"Requires-Dist: {each}\n" for each in project["dependencies"]]
    for extra, wanted in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}\n")
        lines += [f'Requires-Dist: {each}; extra == "{extra}"\n' for each in wanted]
    return "".join(lines)


def _points(groups: Mapping[str, Mapping[str, str]]) -> str:
    said = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in groups.items()
    )
    return "\n".join(said)
