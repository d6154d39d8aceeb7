"""What is not as it was when a run trained: packages, processor, threads, code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from visloop.train.environment import code_of, describe_environment
from visloop.train.records import Run
from visloop.train.reproducing.code import CODE, SOURCES, describe_code

_DIGEST: Final = f"{CODE}.{SOURCES}.digest"
_COMMIT: Final = f"{CODE}.{SOURCES}.commit"
"""Where the same code lies says nothing."""


@dataclass(frozen=True)
class Difference:
    """What is not as it was when the model was made: `what`, then and now."""

    what: str
    was: str
    now: str


def surroundings(run: Run, folder: Path) -> Iterator[Difference]:
    """What is not as it was, one thing at a time; of what was not recorded then nothing is said.

    Args:
        run: with what was recorded.
        folder: whose Git commit a run records.
    """
    here = {**describe_environment(), CODE: describe_code(run.recipe)}
    if CODE not in run.environment:
        del here[CODE]
    before, now = _flat(run.environment), _flat(here)
    same = {_DIGEST} & before.keys() and before[_DIGEST] == now.get(_DIGEST)
    for what in sorted((before.keys() | now.keys()) - ({_COMMIT} if same else set())):
        was, found = before.get(what, "not recorded"), now.get(what, "not there")
        if was != found:
            yield Difference(what, was, found)
    code = code_of(folder)
    if run.commit != code.commit:
        yield Difference("commit", str(run.commit), str(code.commit))
    if run.dirty or code.dirty:
        states = ("changed files" if dirty else "as committed" for dirty in (run.dirty, code.dirty))
        yield Difference("uncommitted changes", *states)


def _flat(told: Mapping[str, Any], under: str = "") -> dict[str, str]:
    """Nested facts as one level: `packages.numpy` → `2.4.6`."""
    found: dict[str, str] = {}
    for name, value in told.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{under}{name}.")
        elif isinstance(value, list):
            found[under + name] = " ".join(map(str, value))
        else:
            found[under + name] = str(value)
    return found
