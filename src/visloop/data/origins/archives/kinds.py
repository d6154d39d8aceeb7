"""Which files are archives, and which of those can be read."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, TypeAlias

Kind: TypeAlias = Literal["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "tar.zst"]

_ENDINGS: Final[dict[str, Kind]] = {
    ".zip": "zip",
    ".tar": "tar",
    ".tar.gz": "tar.gz",
    ".tgz": "tar.gz",
    ".tar.bz2": "tar.bz2",
    ".tbz2": "tar.bz2",
    ".tar.xz": "tar.xz",
    ".txz": "tar.xz",
    ".tar.zst": "tar.zst",
    ".tzst": "tar.zst",
}
_UNREAD: Final = (".7z", ".rar", ".iso", ".cab", ".lz4", ".arj")


def kind_by_name(name: str) -> Kind | None:
    """The kind of archive that a file's name promises."""
    lower = name.lower()
    return next((kind for ending, kind in _ENDINGS.items() if lower.endswith(ending)), None)


def kind_of(path: str) -> Kind | None:
    """The kind of archive that lies at `path`; None for folders and other files."""
    file = Path(path)
    if not file.is_file():
        return None
    named = kind_by_name(file.name)
    if named is not None or file.suffix:
        return named
    with file.open("rb") as opened:
        head = opened.read(512)
    if head[:4] in (b"PK\3\4", b"PK\5\6"):
        return "zip"
    return "tar" if head[257:262] == b"ustar" else None


def is_archive_name(name: str) -> bool:
    """Whether a name promises an archive, one that can be read or not."""
    return kind_by_name(name) is not None or name.lower().endswith(_UNREAD)


def unread(path: str) -> bool:
    """Whether the file is an archive of a kind that is known and not read."""
    return path.lower().endswith(_UNREAD) and Path(path).is_file()
