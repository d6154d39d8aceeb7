"""One world for all journeys of a session."""

from __future__ import annotations

import pytest

from tests.journey import killing, worlds


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> worlds.World:
    """A workspace with a served model, some traffic, an alarm and a queue; copy it before use."""
    return worlds.build(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> killing.Nursery:
    """Starts commands that can be killed; what they said lies beside each other."""
    return killing.Nursery(tmp_path_factory.mktemp("nursery"))


@pytest.fixture(scope="session")
def tally() -> killing.Tally:
    """Kills of this session, by what they hit."""
    return killing.KILLS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if killing.KILLS.kills:
        terminalreporter.write_line(str(killing.KILLS))
