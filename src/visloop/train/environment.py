"""Where a run ran: Python, libraries, machine, threads, code commit. No names of people or hosts."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

PACKAGES: Final = (
    "visloop",
    "numpy",
    "scipy",
    "scikit-learn",
    "onnx",
    "onnxruntime",
    "opencv-python-headless",
    "simplejpeg",
    "pillow",
    "blake3",
    "torch",
    "albumentations",
    "transformers",
)
CPU_FEATURES: Final = (
    *("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512vl", "avx512_vnni", "avx512_bf16"),
    *("avx_vnni", "amx_bf16", "amx_int8", "asimd", "asimddp", "bf16", "i8mm", "sve"),
)
"""Instructions by which libraries choose how to compute, and so how they round."""
THREAD_VARIABLES: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_GIT_TIMEOUT_S = 10


@dataclass(frozen=True)
class About:
    """Where a script runs: its environment in short, and the state of its code."""

    environment: Mapping[str, Any]
    commit: str | None = None
    dirty: bool | None = None


@dataclass(frozen=True)
class Code:
    """The commit that the working folder stands at, and whether files differ from it."""

    commit: str | None
    dirty: bool | None


def describe_environment() -> dict[str, Any]:
    """Python, packages, operating system, processor, cores, thread settings."""
    return {
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := _version(name))},
        "os": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "cpu_features": _cpu_features(),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": {name: os.environ.get(name) for name in THREAD_VARIABLES},
    }


def _cpu_features() -> list[str]:
    """Those of `CPU_FEATURES` that the processor has, sorted; empty where it does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    told = next((s for s in text.splitlines() if s.startswith(("flags", "Features"))), "")
    return sorted(set(CPU_FEATURES) & set(told.split()))


def about(folder: Path) -> About:
    """This process, and the code in `folder`."""
    code = code_of(folder)
    return About(describe_environment(), code.commit, code.dirty)


def cpu_model() -> str:
    """The processor's name, as the system tells it."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return platform.processor()
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() == "model name":
            return value.strip()
    return platform.processor()


def code_of(folder: Path) -> Code:
    """The Git commit of `folder`; both fields None where there is no Git or no repository."""
    git = shutil.which("git")
    if git is None:
        return Code(None, None)
    commit = _git(git, folder, "rev-parse", "HEAD")
    if commit is None:
        return Code(None, None)
    changed = _git(git, folder, "status", "--porcelain", "--untracked-files=no")
    return Code(commit.strip(), None if changed is None else bool(changed.strip()))


def _git(git: str, folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [git, "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=_GIT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
