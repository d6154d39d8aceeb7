"""What a run ran in: every package, the processor, the code and what was changed in it.

Kept as files of the run (`environment.json`, `code.diff`): equal ones are stored once. Files that
Git ignores, and files and lines that look like secrets, stay out.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from visloop.train.environment import describe_environment

DIFF_BYTES: Final = 1 << 20
NEW_FILE_BYTES: Final = 64 << 10
_NEW_FILES: Final = 200
_GIT_TIMEOUT_S: Final = 10
_SECRET_FILES: Final = (
    "*.env",
    ".env*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "id_rsa*",
    "id_ed25519*",
    "*secret*",
    "*credential*",
    "*password*",
    "*token*",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".visloop/**",
)
_NAMES: Final = r"(?:password|passwd|secret|token|api_?key|access_?key)\w*"
_KEYS: Final = (
    r"AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_\w{30,}|xox[abprs]-[\w-]{10,}"
    r"|://[^\s/:@]+:[^\s/@]+@"
)
_SECRET_LINE: Final = re.compile(rf"{_KEYS}|(?i:{_NAMES}[\"']?\s*[:=]\s*[\"']?[^\s\"']{{8,}})")
_SECRET_VALUE: Final = re.compile(rf"{_KEYS}|(?i:{_NAMES}[\"']?\s*[:=]\s*[\"'][^\s\"']{{8,}}[\"'])")
_LEFT_OUT: Final = "[left out: looks like a secret]"


def environment_file() -> bytes:
    """Everything about Python and the machine, as JSON."""
    known = describe_environment()
    full = {
        **known,
        "implementation": platform.python_implementation(),
        "packages": installed_packages(),
        "cpu": {"model": known["cpu"], "features": cpu_features()},
    }
    return msgspec.json.format(msgspec.json.encode(full, order="sorted"))


def installed_packages() -> dict[str, str]:
    """Name → version of every distribution on the path, read off the names of its folders."""
    found: dict[str, str] = {}
    for folder in sys.path:
        try:
            names = [path.name for path in Path(folder or ".").iterdir()]
        except OSError:
            continue
        for name in names:
            stem, dot, kind = name.rpartition(".")
            if dot and kind in ("dist-info", "egg-info"):
                package, _, version = stem.partition("-")
                found.setdefault(package.lower().replace("_", "-"), version.partition("-")[0])
    return dict(sorted(found.items()))


def cpu_features() -> list[str]:
    """The processor's instruction sets, as Linux names them; empty where it does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return []
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return sorted(value.split())
    return []


def code_diff(folder: Path) -> bytes | None:
    """What the working tree has that the commit has not, as a patch; None where there is nothing.

    Tracked files as `git diff` shows them, new ones in full where they are small. Cut at 1 MiB.
    """
    git = shutil.which("git")
    if git is None:
        return None
    top = _git(git, folder, "rev-parse", "--show-toplevel")
    if not top:
        return None
    root = Path(os.fsdecode(top.strip()))
    without = [f":(exclude,icase,glob)**/{name}" for name in _SECRET_FILES]
    options = ("--no-color", "--no-ext-diff", "--no-textconv")
    parts = [_git(git, root, "diff", *options, "HEAD", "--", ".", *without) or b""]
    listed = _git(
        git, root, "ls-files", "-z", "--others", "--exclude-standard", "--", ".", *without
    )
    names = [name for name in (listed or b"").split(b"\0") if name]
    left = DIFF_BYTES - len(parts[0])
    for name in names[:_NEW_FILES]:
        shown = _new_file(root, os.fsdecode(name)) if left > 0 else b""
        parts.append(shown)
        left -= len(shown)
    patch = b"".join(parts)
    return _without_secrets(patch)[:DIFF_BYTES] or None


def _new_file(root: Path, name: str) -> bytes:
    path = root / name
    try:
        if path.is_symlink() or not path.is_file():
            return b""
        size = path.stat().st_size
        data = path.read_bytes() if size <= NEW_FILE_BYTES else b""
    except OSError:
        return b""
    head = f"diff --git a/{name} b/{name}\nnew file mode 100644\n"
    if size > NEW_FILE_BYTES or b"\0" in data:
        return f"{head}Binary or large file of {size} bytes: left out\n".encode()
    if not data:
        return head.encode()
    lines = data.split(b"\n")
    ends = not lines[-1]
    body = b"".join(b"+" + line + b"\n" for line in (lines[:-1] if ends else lines))
    count = len(lines) - ends
    tail = b"" if ends else b"\\ No newline at end of file\n"
    return f"{head}--- /dev/null\n+++ b/{name}\n@@ -0,0 +1,{count} @@\n".encode() + body + tail


def holds_secret(source: bytes) -> bool:
    """Whether a Python file spells out what looks like a key or a password."""
    return _SECRET_VALUE.search(source.decode("utf-8", "replace")) is not None


def _without_secrets(patch: bytes) -> bytes:
    lines = patch.decode("utf-8", "replace").split("\n")
    kept = (f"{line[:1]}{_LEFT_OUT}" if _SECRET_LINE.search(line) else line for line in lines)
    return "\n".join(kept).encode()


def _git(git: str, folder: Path, *words: str) -> bytes | None:
    command = [git, "-c", "core.fsmonitor=false", "-c", "core.quotepath=off", "-C", str(folder)]
    try:
        done = subprocess.run(  # noqa: S603 - fixed words, no shell
            [*command, *words], capture_output=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
