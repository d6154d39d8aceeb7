"""What an own recipe needs is told also when it was installed a moment ago."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from visloop.train.reproducing import code


def _install(folder: Path, name: str, version: str) -> None:
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "top_level.txt").write_text(f"{name}\n")
    (info / "RECORD").write_text(f"{name}.py,,\n")


def test_what_was_installed_meanwhile_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    sources = {"recipe.py": b"import json\nimport numpy\nimport lenses\nfrom prisms import Prism\n"}
    numpy = code._needs(sources, "recipe")
    assert list(numpy) == ["numpy"]
    _install(tmp_path, "lenses", "1.2")
    importlib.invalidate_caches()
    assert code._needs(sources, "recipe") == {**numpy, "lenses": "1.2"}
    _install(tmp_path, "prisms", "3.0")
    importlib.invalidate_caches()
    assert code._needs(sources, "recipe") == {**numpy, "lenses": "1.2", "prisms": "3.0"}
