"""Digests, names and references: how everything is called.

A reference is `[PROJECT/]NAME[@VERSION][:SPLIT]`: `cards@v3`, `cards@main:test`, `net@champion`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from blake3 import blake3

from visloop.errors import UsageError

FORMAT: Final = 1
DEFAULT_PROJECT: Final = "default"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_REF = re.compile(
    r"(?:(?P<project>[^/@:]+)/)?(?P<name>[^/@:]+)(?:@(?P<version>[^/@:]+))?(?::(?P<split>[^/@:]+))?"
)


def digest_of(*parts: bytes | memoryview | str) -> str:
    """BLAKE3 of the parts as 64 hex digits; several parts are framed by their length.

    Source: the BLAKE3 specification (O'Connor, Aumasson, Neves, Wilcox-O'Hearn 2020).
    """
    if len(parts) == 1:
        part = parts[0]
        return blake3(part.encode() if isinstance(part, str) else part).hexdigest()
    framed: list[bytes | memoryview] = []
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        framed += (len(raw).to_bytes(8, "little"), raw)
    return blake3(b"".join(framed)).hexdigest()


def new_id(kind: str) -> str:
    """A fresh random id, `run-9f3a0c21b7de44aa`; order comes from sequence numbers, never from ids."""
    return f"{kind}-{secrets.token_hex(8)}"


def sample_id(dataset: str, first_path: str, first_image: str) -> str:
    """Identity of a sample: a later move or new bytes keep it."""
    return digest_of(dataset, first_path, first_image)[:32]


def object_id(sample: str, ordinal: int, seed: str) -> str:
    """Identity of an object (box, polygon …) first seen as the `ordinal`-th of `sample`."""
    return digest_of(sample, str(ordinal), seed)[:32]


def object_ids(sample: str, seeds: Iterable[str]) -> list[str]:
    """`object_id(sample, 0, seed)` for each seed: an import makes five for every picture."""
    head = b"".join(len(raw).to_bytes(8, "little") + raw for raw in (sample.encode(), b"0"))
    ids: list[str] = []
    for seed in seeds:
        raw = seed.encode()
        ids.append(blake3(head + len(raw).to_bytes(8, "little") + raw).hexdigest()[:32])
    return ids


def frame_id(video: str, pts: int, decoder: str) -> str:
    """Identity of a video frame: video digest, presentation time stamp, decoder version."""
    return digest_of(video, str(pts), decoder)[:32]


def check_name(name: str, what: str = "name") -> str:
    """`name` itself when it may name a data set, model, deployment or project.

    Raises:
        UsageError: it is empty, too long, or has characters that do not travel in URLs.
    """
    if _NAME.fullmatch(name):
        return name
    mended = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._")[:63] or "my-data"
    raise UsageError(
        f"{name!r} cannot be a {what}",
        fix=f"use a-z, 0-9, '.', '_' and '-', at most 63 characters: {mended!r}",
    )


@dataclass(frozen=True)
class Ref:
    """A data set or model, a version of it, a split of that version."""

    name: str
    version: str | None = None
    split: str | None = None
    project: str | None = None

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Read `[PROJECT/]NAME[@VERSION][:SPLIT]`.

        Raises:
            UsageError: the text is not of that shape.
        """
        found = _REF.fullmatch(text)
        if not found:
            raise UsageError(
                f"{text!r} is not a reference",
                fix="write NAME@VERSION or NAME@VERSION:SPLIT, for example cards@v3:test",
            )
        project = found["project"]
        return cls(
            name=check_name(found["name"]),
            version=found["version"],
            split=found["split"],
            project=check_name(project, "project") if project else None,
        )

    def __str__(self) -> str:
        head = f"{self.project}/{self.name}" if self.project else self.name
        tail = f"@{self.version}" if self.version else ""
        return head + tail + (f":{self.split}" if self.split else "")
