"""One world for all journeys of a session."""

from __future__ import annotations

import pytest

from tests.journey import worlds


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> worlds.World:
    """A workspace with a served model, some traffic, an alarm and a queue; copy it before use."""
    return worlds.build(tmp_path_factory.mktemp("world"))
