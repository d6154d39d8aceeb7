"""What the tests of the store and the data room begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.data_world import close, make_ports
from visloop.data import DataPorts


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[DataPorts]:
    """A data room on a real ledger and real packs, empty."""
    made = make_ports(tmp_path / "ws")
    yield made
    close(made)
