"""The rows of a prediction that is under way, line by line in a file: what was answered is kept.

Line 1 says what is predicted; a run that was cut off goes on behind the last whole line.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec

from visloop.errors import Conflict

_TRIES: Final = 5
_PAUSE_S: Final = 0.05


class PredictionUnderWay(Conflict):
    """Another prediction writes there, or began there and was not finished."""

    code = "predict.under_way"


class Journal:
    """Rows in the order of the pictures; `done` of them were there when it was opened."""

    def __init__(self, path: Path, file: BinaryIO, done: int) -> None:
        self.path, self.done = path, done
        self._file = file

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a row; once this returns, a kill of this process does not lose it."""
        self._file.write(msgspec.json.encode(row) + b"\n")
        self._file.flush()

    def lines(self) -> Iterator[bytes]:
        """Every row as JSON with its line end."""
        with self.path.open("rb") as file:
            next(file)
            yield from file

    def rows(self) -> Iterator[dict[str, Any]]:
        """Every row."""
        return map(msgspec.json.decode, self.lines())

    def drop(self) -> None:
        """The work is done and written elsewhere."""
        self.path.unlink()


@contextmanager
def journal(path: Path, head: Mapping[str, Any], *, fresh: bool) -> Generator[Journal]:
    """Open the journal at `path`, or begin one.

    Args:
        path: stays there until `drop`.
        head: what is predicted; only the same goes on.
        fresh: forget what is there.

    Raises:
        PredictionUnderWay: another process holds it, or it is another prediction's.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        if not _held(file):
            raise PredictionUnderWay(
                f"another prediction is writing {path}", fix="wait for it, or name another --out"
            )
        if fresh:
            file.truncate(0)
        yield Journal(path, file, _begun(file, path, msgspec.json.encode(head) + b"\n"))


def _held(file: BinaryIO) -> bool:
    """Whether it is ours now; who lists batches holds it for a moment, too."""
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_PAUSE_S)
    return False


def _begun(file: BinaryIO, path: Path, head: bytes) -> int:
    """Whole rows that are there; a torn last line is cut off."""
    file.seek(0)
    first = file.readline()
    if not first.endswith(b"\n"):
        file.truncate(0)
        file.write(head)
        file.flush()
        return 0
    if first != head:
        raise PredictionUnderWay(
            f"{path} is of another prediction that was not finished",
            fix="repeat that one as it was, or drop it: --fresh",
        )
    whole, done = len(first), -1
    for line in file:
        done += 1
        if not line.endswith(b"\n"):
            break
        whole += len(line)
    else:
        done += 1
    file.truncate(whole)
    return done
