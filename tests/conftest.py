"""Fixtures for every test: real pictures where they are, real ports on temporary folders."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("visloop", deadline=None)  # how long an example takes is the machine's
settings.load_profile("visloop")

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")


def pytest_collection_finish() -> None:
    """The collector looks at what tests leave, not at every module and test again and again."""
    gc.collect()
    gc.freeze()


_HERE = Path(__file__).resolve().parent


def _data_folder() -> Path:
    return Path(os.environ.get("VISLOOP_TEST_DATA", _HERE.parent.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real pictures for tests; absent in a stranger's clone, must be there in CI."""
    folder = _data_folder()
    if folder.is_dir():
        return folder
    if os.environ.get("CI"):
        pytest.fail(f"the real pictures are missing: {folder}")
    pytest.skip(f"real pictures not found at {folder} (set VISLOOP_TEST_DATA)")


@pytest.fixture(scope="session")
def peers() -> Path:
    """The Python of the environment that holds other people's tools."""
    known = _HERE.parent / ".venv-peers" / "bin" / "python"
    python = Path(os.environ.get("VISLOOP_PEERS", known))
    if not python.exists():
        if os.environ.get("CI"):
            pytest.fail("the peers are not installed: make peers")
        pytest.skip("the peers are not installed: make peers")
    return python
