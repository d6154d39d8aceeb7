"""Plug-ins by entry point: a recipe, and a section of visloop.yaml, from an installed package."""

from __future__ import annotations

from pathlib import Path

import pytest

from visloop import app, config
from visloop.errors import ConfigError, MissingExtra

SOURCE = '''
from typing import Annotated
from pydantic import Field
from visloop.config import Section

class Greeting(Section):
    """A section of its own."""
    loud: bool = False
    times: Annotated[int, Field(ge=1)] = 1
'''


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    info = site / "greetings-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "greetings.py").write_text(SOURCE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[visloop.config]\ngreeting = greetings:Greeting\n"
        "[visloop.recipes]\nbroken = greetings_missing:Recipe\n"
    )
    monkeypatch.syspath_prepend(str(site))
    return tmp_path


def test_a_section_of_its_own(installed: Path) -> None:
    file = installed / "visloop.yaml"
    file.write_text("greeting: {loud: true, times: 3}\n")
    loaded = config.load(file).plugins["greeting"]
    assert (loaded.loud, loaded.times) == (True, 3)  # type: ignore[attr-defined]


def test_its_bounds_are_checked_too(installed: Path) -> None:
    file = installed / "visloop.yaml"
    file.write_text("greeting: {times: 0}\n")
    with pytest.raises(ConfigError, match="times"):
        config.load(file)


def test_without_the_package_the_section_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "visloop.yaml"
    file.write_text("greeting: {}\n")
    with pytest.raises(ConfigError, match="unknown section 'greeting'"):
        config.load(file)


def test_a_missing_library_names_the_cure(installed: Path) -> None:
    del installed
    with pytest.raises(MissingExtra) as caught:
        config.load_plugin("recipes", "broken")
    assert "pip install" in caught.value.fix


def test_a_workspace_sees_it(installed: Path) -> None:
    app.create(installed / "w")
    (installed / "w" / "visloop.yaml").write_text("greeting: {}\n")
    with app.opened(installed / "w") as ports:
        assert "greeting" in ports.config.plugins
