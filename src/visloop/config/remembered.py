"""`visloop.yaml` as it was when it was checked last: most commands need a few values and no checks."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop.lazy import lazy_vendor

if TYPE_CHECKING:
    from visloop.config import files
    from visloop.config.sections import Config
else:
    files = lazy_vendor("visloop.config.files")  # brings pydantic and a YAML reader along

FILE_NAME: Final = "visloop.yaml"


class Settings:
    """The settings of a workspace: `plain` at once, `config` with all its types when it is used.

    A file that was changed since it was remembered is read and checked before `Settings` is made.

    Args:
        path: `visloop.yaml`; it may be absent.
        memory: a file that may be deleted at any time.

    Raises:
        ConfigError: not YAML, an unknown key, or a value out of its bounds.
    """

    def __init__(self, path: Path, memory: Path) -> None:
        self._path = path
        written = self._written()
        told = _recalled(memory, written)
        if told is None:
            told = self.config.model_dump(mode="json", exclude={"plugins"})
            _remember(memory, written, told)
        self.plain: Mapping[str, Any] = told

    @cached_property
    def config(self) -> Config:
        """All of it.

        Raises:
            ConfigError: as above; also where a plug-in that reads a section is gone.
        """
        return files.load(self._path)

    def _written(self) -> str:
        try:
            return self._path.read_text("utf-8")
        except FileNotFoundError:
            return ""
        except UnicodeDecodeError:
            files.load(self._path)  # says so
            raise


def _reader() -> list[int]:
    """What tells the sections that this Visloop knows from those of another one."""
    stat = Path(__file__).with_name("sections.py").stat()
    return [stat.st_size, stat.st_mtime_ns]


def _recalled(memory: Path, written: str) -> dict[str, Any] | None:
    try:
        known = json.loads(memory.read_bytes())
        same = known["written"] == written and known["reader"] == _reader()
        return dict(known["plain"]) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None  # never written, torn, or let go


def _remember(memory: Path, written: str, plain: Mapping[str, Any]) -> None:
    """Through a temporary name; where nothing may be written the next command takes longer."""
    temporary = memory.with_name(f"{memory.name}.{os.getpid()}.tmp")
    told = {"written": written, "reader": _reader(), "plain": plain}
    try:
        memory.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(told), "utf-8")
        temporary.replace(memory)
    except OSError:
        return
