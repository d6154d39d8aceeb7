"""The file: a zip that any tool opens, of known names, and the same bytes for the same model."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Final

from visloop.errors import Refused

SUFFIX: Final = ".visloop"
ONNX: Final = "model.onnx"
CONTRACT: Final = "contract.json"
CARD: Final = "card.md"
PAGE: Final = "card.html"
REFERENCE: Final = "reference.npz"
LINEAGE: Final = "lineage.json"
BOM: Final = "bom.cdx.json"
ABOUT: Final = "package.json"
SIGNER: Final = "signer.pub"
SIGNATURE: Final = "model.sig"

_MIB: Final = 1 << 20
LIMITS: Final[Mapping[str, int]] = {
    ONNX: 1 << 30,
    CONTRACT: _MIB,
    CARD: 4 * _MIB,
    PAGE: 16 * _MIB,
    REFERENCE: 1 << 28,
    LINEAGE: 64 * _MIB,
    BOM: 16 * _MIB,
    ABOUT: _MIB,
    SIGNER: 1 << 14,
    SIGNATURE: _MIB,
}
"""Every name that a package may hold, and how many bytes it may have."""
REQUIRED: Final = (ONNX, CONTRACT, CARD, LINEAGE, BOM, ABOUT)
_FOLDER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR: Final = 0o100644 << 16


class PackageRefused(Refused):
    """A file that is no model package, or not as it was made."""

    code = "registry.package_refused"


def looks_packed(start: bytes) -> bool:
    """Whether these first bytes of a file may begin a package."""
    return start.startswith(b"PK\x03\x04") and f"/{BOM}".encode() in start[:300]


def pack(folder: str, parts: Mapping[str, bytes]) -> bytes:
    """The archive's bytes; the parts in alphabetical order, uncompressed, without times."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(parts):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _EPOCH)
            entry.external_attr, entry.create_system = _REGULAR, 3
            archive.writestr(entry, parts[name])
    return raw.getvalue()


def unpack(raw: bytes) -> tuple[str, dict[str, bytes]]:
    """The folder's name and the parts, when the file is as `pack` writes it, to the byte.

    Nothing is written to disk, and no name leads anywhere.

    Raises:
        PackageRefused: another kind of file, a part too many, too large or missing, or any byte that
            `pack` would have written otherwise.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            folder, parts = _read(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError) as error:
        raise refused(f"it cannot be read: {error}") from error
    if pack(folder, parts) != raw:
        raise refused("it is not as it was written: bytes between its parts were changed")
    return folder, parts


def _read(archive: zipfile.ZipFile) -> tuple[str, dict[str, bytes]]:
    folders: set[str] = set()
    parts: dict[str, bytes] = {}
    for entry in archive.infolist():
        folder, _, name = entry.filename.partition("/")
        if name not in LIMITS or not _FOLDER.fullmatch(folder) or name in parts:
            raise refused(f"it holds {entry.filename!r}, which has no place in a package")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size > LIMITS[name]:
            raise refused(f"its {name} is compressed, or too large ({entry.file_size:,} bytes)")
        folders.add(folder)
        parts[name] = archive.read(entry)
    missing = [name for name in REQUIRED if name not in parts]
    if missing or len(folders) != 1:
        raise refused(f"it lacks {', '.join(missing)}" if missing else "it holds several models")
    return folders.pop(), parts


def refused(because: str) -> PackageRefused:
    """The error, with what helps."""
    return PackageRefused(
        f"the model package is refused: {because}",
        fix="have it exported and sent again: visloop model export REF FILE",
    )
