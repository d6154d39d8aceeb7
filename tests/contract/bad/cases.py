"""The list of cases: each makes its input in an empty folder and says what `add` must do with it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from visloop import data

Becomes = Literal["refused file", "refused frames", "refused object", "refused whole", "kept"]
Make = Callable[..., Path | str | list[Path] | None]
World = Callable[[], AbstractContextManager[Any]]
Before = Callable[[data.DataPorts, Path], None]


@dataclass(frozen=True)
class Case:
    """One kind of input.

    `code` is the reason in the quarantine (of a file or an object) or that of the error; `said` must
    be found in the reason, the error or, where the input is kept, in the notes. `samples` are those
    that the data set holds afterwards.

    `world` is a server that runs meanwhile: `make` is given it after the folder. `before` is done
    to the data set `odd` first, with what `make` left in the folder; `change` follows it.
    """

    group: str
    title: str
    make: Make
    becomes: Becomes
    code: str = ""
    said: str = ""
    samples: int = 0
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    world: World | None = None
    before: Before | None = None
    change: Callable[[Path], None] | None = None

    @property
    def answer(self) -> str:
        """What happens, in words for the page."""
        match self.becomes:
            case "refused file":
                kept = f", {_pictures(self.samples)} beside it kept" if self.samples else ""
                return f"the file waits in quarantine: `{self.code}`{kept}"
            case "refused frames":
                return f"frames that suffer wait in quarantine: `{self.code}`; the others are kept"
            case "refused object":
                return f"the picture is kept, the object waits in quarantine: `{self.code}`"
            case "refused whole":
                return f"nothing is added, the error `{self.code}` says how to mend it"
            case _:
                return f"kept; a note says: “{self.said}”" if self.said else "kept"


def _pictures(count: int) -> str:
    return "one picture" if count == 1 else f"{count} pictures"


CASES: list[Case] = []


def case(group: str, title: str, becomes: Becomes, code: str = "", **more: Any):
    """Register the function below as the maker of a case's input."""

    def take(make: Make) -> Make:
        CASES.append(Case(group, title, make, becomes, code, **more))
        return make

    return take


def jpeg(size: tuple[int, int] = (64, 48), colour: int = 90, **how: Any) -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, (colour, 120, 40)).save(out, "JPEG", **how)
    return out.getvalue()


def png(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> bytes:
    """A small PNG."""
    out = io.BytesIO()
    Image.new(mode, size).save(out, "PNG")
    return out.getvalue()


def write(file: Path, data: bytes | str) -> Path:
    """The file, with its folders."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return file
