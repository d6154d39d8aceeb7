"""One member after the other into a private folder, never beside it, and never more than is allowed.

A member that cannot be taken safely is a Refusal, an archive that cannot is an error. The time of an
unpacked file stands for its content (a hash of it): equal times mean equal bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from blake3 import blake3

from visloop.data.ingest.probe import refuse
from visloop.data.ingest.walk import clean
from visloop.data.origins.scratch import free_bytes
from visloop.data.records import Limits, Refusal
from visloop.errors import Refused

_CHUNK_BYTES: Final = 1 << 20
_SPARE_BYTES: Final = 256 << 20
_RATIO_FROM_BYTES: Final = 64 << 20
_LOOK_EVERY_BYTES: Final = 64 << 20
_DRIVE: Final = re.compile(r"^[A-Za-z]:")


class ArchiveRefused(Refused):
    """An archive cannot be taken as a whole: damaged, or larger than is allowed."""

    code = "data.archive_refused"


class BadMember(Exception):
    """One member cannot be taken: its reason code, the reason, how to mend it."""

    def __init__(self, reason_code: str, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.reason_code, self.reason, self.fix = reason_code, reason, fix


@dataclass(frozen=True)
class Member:
    """One entry of an archive; `open` raises BadMember where it cannot be read.

    `problem` says why it must not be unpacked at all (a link, a device, encrypted).
    """

    name: str
    open: Callable[[], IO[bytes]]
    problem: BadMember | None = None


@dataclass
class Unpacking:
    """Takes members into `folder`; `refusals` are those that stayed behind."""

    archive: str
    folder: Path
    limits: Limits
    packed_bytes: int
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    notes: list[str] = field(default_factory=list[str])
    total_bytes: int = 0
    _members: int = 0
    _looked_at: int = -_LOOK_EVERY_BYTES

    def take_all(self, members: Iterable[Member]) -> Iterator[str]:
        """Unpack one by one; the names as they come (of those left behind, too).

        Raises:
            ArchiveRefused: too many members, too many bytes, or the disk is full.
        """
        for member in members:
            self._members += 1
            if self._members > self.limits.archive_members:
                raise self._refused(
                    f"holds more than {self.limits.archive_members} files",
                    "archive_members",
                )
            try:
                self._take(member)
            except BadMember as problem:
                self._left_behind(member.name, problem)
            yield member.name

    def reserve(self, declared_bytes: int) -> None:
        """Refuse at once what the archive itself says is too much."""
        self._check(declared_bytes)
        free = free_bytes(self.folder)
        if declared_bytes > free - _SPARE_BYTES:
            raise self._no_room(free)

    def _take(self, member: Member) -> None:
        if member.problem is not None:
            raise member.problem
        target = self.folder / safe_name(member.name)
        if len(os.fsencode(target)) > 3800:  # noqa: PLR2004 - PATH_MAX less what is added later
            raise BadMember("unsafe_path", "its name is too long")
        try:
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise BadMember(
                "duplicate_name",
                "the archive has another file of this name (on this disk)",
                "rename one of them and pack again; the first one was taken",
            ) from None
        except OSError as problem:
            raise BadMember("unsafe_path", f"it cannot be unpacked: {problem.strerror}") from None
        try:
            with os.fdopen(handle, "wb") as out:
                stamp = self._copy(member, out)
            os.utime(target, ns=(stamp, stamp))
        except BaseException:
            target.unlink(missing_ok=True)
            raise

    def _copy(self, member: Member, out: IO[bytes]) -> int:
        """The bytes, counted as they come; a time that stands for them."""
        hasher = blake3()
        with member.open() as opened:
            while chunk := opened.read(_CHUNK_BYTES):
                self.total_bytes += len(chunk)
                self._check(self.total_bytes)
                hasher.update(chunk)
                out.write(chunk)
        return int.from_bytes(hasher.digest()[:8]) >> 4

    def _check(self, total_bytes: int) -> None:
        if total_bytes > self.limits.archive_gb * 2**30:
            raise self._refused(
                f"unpacks to more than {self.limits.archive_gb:g} GiB", "archive_gb"
            )
        ratio = total_bytes / max(self.packed_bytes, 1)
        if total_bytes > _RATIO_FROM_BYTES and ratio > self.limits.archive_ratio:
            raise self._refused(
                f"unpacks to more than {self.limits.archive_ratio} times its size, as bombs do",
                "archive_ratio",
            )
        if self.total_bytes - self._looked_at >= _LOOK_EVERY_BYTES:
            self._looked_at = self.total_bytes
            free = free_bytes(self.folder)
            if free < _SPARE_BYTES:
                raise self._no_room(free)

    def _no_room(self, free: int) -> ArchiveRefused:
        return ArchiveRefused(
            f"{self.archive}: no room to unpack it: {free >> 20} MiB are free",
            fix="make room, or unpack it on another disk and visloop add that folder",
        )

    def _refused(self, what: str, setting: str) -> ArchiveRefused:
        return ArchiveRefused(
            f"{self.archive}: {what}; nothing of it was taken",
            fix=f"if you trust it, raise ingest.{setting} in visloop.yaml, or unpack it and add"
            " the folder",
        )

    def _left_behind(self, name: str, problem: BadMember) -> None:
        shown = plain_name(name)
        self.refusals.append(
            refuse(
                shown,
                f"{clean(self.archive)}/{shown}",
                problem.reason_code,
                f"in the archive as {clean(name)!r}: {problem.reason}",
                fix=problem.fix or "pack it again as a plain file, or unpack it and add the folder",
            )
        )


def safe_name(name: str) -> str:
    """The member's name as a path that stays below its folder.

    Raises:
        BadMember: it is absolute, leads upwards, names a drive, or is no name.
    """
    tidy = name.replace("\\", "/")
    parts = [part for part in tidy.split("/") if part not in {"", "."}]
    if tidy.startswith("/") or _DRIVE.match(tidy):
        raise BadMember("unsafe_path", "its name is an absolute path")
    if ".." in parts:
        raise BadMember("unsafe_path", "its name leads out of the archive")
    if not parts or "\0" in tidy:
        raise BadMember("unsafe_path", "its name is empty or has a zero byte")
    if any(len(os.fsencode(part)) > 255 for part in parts):  # noqa: PLR2004 - NAME_MAX
        raise BadMember("unsafe_path", "its name is too long")
    return "/".join(parts)


def plain_name(name: str) -> str:
    """A name fit to be told and stored, that leads nowhere even if somebody opened it."""
    parts = [part for part in clean(name).replace("\\", "/").split("/") if part not in {"", "."}]
    quiet = ["%2E%2E" if part == ".." else part for part in parts]
    return "/".join(quiet).replace("\0", "%00")[:1000] or "%"
