"""Helper processes that look at files a little ahead of the `add` that stages them.

Looking (open, read, hash, probe) and staging cost about the same, so a second core halves an
import. Only this process writes: helpers pass on what they saw, and the bytes through shared
memory. A helper that dies costs nothing but speed, and one that was left alone ends by itself.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import cycle, islice
from types import TracebackType
from typing import Final, Generic, NamedTuple, Self, TypeGuard, TypeVar

import msgspec

from visloop.data.intake.looking import LENGTH, SLOT_BYTES, TOLD_BYTES, Job, Seen
from visloop.data.origins.remote.ahead import Wanted

WORTH_IT: Final = 512
"""Fewer files are looked at before a helper has started."""
BEFORE: Final = 1024
"""So many are looked at here while helpers start."""
_SLOTS: Final = 6
_MOST: Final = 256
_AIM_BYTES: Final = 4 << 20
_HELPERS: Final = 3

_NOTHING: Final = memoryview(b"")

Other = TypeVar("Other")
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Seen | None])


class Look(NamedTuple):
    """What a helper saw of a file, and its bytes (valid until the next one is asked for)."""

    seen: Seen
    data: memoryview


class Helpers:
    """Starts helpers when many files are to be looked at; a context manager that ends them."""

    def __init__(self) -> None:
        self._helpers: list[_Helper] = []
        self._shared = _NOTHING
        self._many = _MOST

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for helper in self._helpers:
            helper.close()

    def ahead(
        self, items: Iterable[Wanted | Other], *, keep: bool
    ) -> Iterator[tuple[Wanted | Other, Look | None]]:
        """The items in their order, each with what a helper saw of it; None: look at it yourself.

        Args:
            items: files to look at; what is not Wanted goes through as it is.
            keep: their bytes are wanted too.
        """
        items = iter(items)
        if not self._helpers:
            for number, item in enumerate(islice(items, BEFORE)):
                if number == WORTH_IT:
                    self._start()
                yield item, None
        waiting: deque[_Slice[Other]] = deque()
        turns = cycle(range(_SLOTS))
        while part := list(islice(items, self._many)):
            if len(waiting) == _SLOTS:
                yield from self._taken(waiting.popleft(), keep=keep)
            slot = next(turns)
            asked = self._ask(part, slot, keep=keep)
            waiting.append(_Slice(part, slot, asked))
        while waiting:
            yield from self._taken(waiting.popleft(), keep=keep)

    def _start(self) -> None:
        """One helper fewer than there are cores: this process needs one itself."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1
        if cores == 1 or not hasattr(os, "memfd_create"):
            return
        shared = os.memfd_create("visloop-add")
        try:
            os.ftruncate(shared, _SLOTS * SLOT_BYTES)
            self._shared = memoryview(mmap.mmap(shared, 0))
            self._helpers = [_Helper(shared) for _ in range(min(cores - 1, _HELPERS))]
        finally:
            os.close(shared)

    def _ask(self, part: Sequence[Wanted | Other], slot: int, *, keep: bool) -> _Helper | None:
        names = [os.fsencode(each.found.file) for each in part if _is_plain(each)]
        if not self._helpers or not names:
            return None
        helper = self._helpers[slot % len(self._helpers)]
        helper.ask(Job(slot, keep, names))
        return helper

    def _taken(
        self, part: _Slice[Other], *, keep: bool
    ) -> Iterator[tuple[Wanted | Other, Look | None]]:
        slot = self._shared[part.slot * SLOT_BYTES :][:SLOT_BYTES]
        told = [] if part.asked is None else part.asked.told(slot)
        if keep:
            self._many = _fitting(told) or self._many
        looks = iter(told)
        for item in part.items:
            seen = next(looks, None) if _is_plain(item) else None
            if seen is None:
                yield item, None
            else:
                start = TOLD_BYTES + seen.at
                yield item, Look(seen, slot[start : start + seen.size_bytes] if keep else _NOTHING)


class _Slice(NamedTuple, Generic[Other]):
    items: list[Wanted | Other]
    slot: int
    asked: _Helper | None


def _is_plain(item: object) -> TypeGuard[Wanted]:
    """Whether the file is itself the picture."""
    return isinstance(item, Wanted) and item.found.part is None


def _fitting(told: Sequence[Seen | None]) -> int:
    """How many files of such a size to ask for at once; 0: nothing is known."""
    seen = [each.size_bytes for each in told if each is not None]
    return min(_MOST, 1 + _AIM_BYTES * len(seen) // max(1, sum(seen))) if seen else 0


class _Helper:
    """One process; from when it has died on, it has seen nothing."""

    def __init__(self, shared: int) -> None:
        line = [sys.executable, "-P", "-m", "visloop.data.intake.looking", str(shared)]
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            line,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=(shared,),
        )

    def ask(self, job: Job) -> None:
        """Give it a job: it answers in the order of the jobs."""
        raw = _encoder.encode(job)
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(LENGTH.pack(len(raw)) + raw)
            self._process.stdin.flush()

    def told(self, slot: memoryview) -> list[Seen | None]:
        """What it saw of the files of the next job; empty when it has died."""
        assert self._process.stdout is not None
        length = self._process.stdout.read(LENGTH.size)
        if len(length) < LENGTH.size:
            return []
        return _decoder.decode(slot[: LENGTH.unpack(length)[0]])

    def close(self) -> None:
        """End it: it holds nothing that could be lost."""
        self._process.kill()
        with suppress(OSError):
            self._process.communicate()
