"""The code that trained: a digest of Visloop's own, and an own recipe's sources, kept with the run.

An own recipe's code is kept in full, as files `recipe/…` of the run, beside the Git commit of the folder
that it lies in and what was changed there (`recipe.diff`); so it can be run again when the folder has
moved on, or is gone.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final

from visloop import config
from visloop.errors import NotFound
from visloop.events import Scope
from visloop.ids import digest_of
from visloop.train.environment import code_of
from visloop.train.recipe import BUILT_IN
from visloop.train.records import Run, TrainPorts
from visloop.train.tracking.artifacts import artifacts_of
from visloop.train.tracking.surroundings import code_diff, holds_secret

CODE: Final = "code"
"""Where `Run.environment` has it."""
SOURCES: Final = "recipe"
DIFF: Final = "recipe.diff"
_HOME: Final = Path(__file__).resolve().parents[2]
_MOST_FILES: Final = 200
_MOST_BYTES: Final = 2 << 20
_SHORT: Final = 16


class CodeMissing(NotFound):
    """The code of a recipe is not where it is needed."""

    code = "train.code_missing"


def describe_code(recipe: str) -> dict[str, Any]:
    """Digests of the sources of Visloop and of an own recipe; of that also commit and needs."""
    found: dict[str, Any] = {"visloop": _own_digest()}
    top = _own_module(recipe)
    where = None if top is None else _place(top)
    if top is None or where is None:
        return found
    sources = own_sources(recipe)
    git = code_of(where if where.is_dir() else where.parent)
    return {
        **found,
        SOURCES: {
            "entry": config.plugins("recipes")[recipe].value,
            "digest": _digest(sources),
            "commit": git.commit,
            "needs": _needs(sources, top),
        },
    }


def own_sources(recipe: str) -> dict[str, bytes]:
    """The files of an own recipe by their path in its folder; empty for Visloop's own recipes."""
    top = _own_module(recipe)
    where = None if top is None else _place(top)
    if where is None:
        return {}
    if where.is_file():
        return {where.name: where.read_bytes()}
    return {f"{where.name}/{name}": raw for name, raw in _sources(where).items()}


def files_to_keep(recipe: str) -> dict[str, bytes]:
    """What a run keeps of its recipe's code, by the path of the run's file.

    What looks like a secret stays out, and so does code of more than 200 files or 2 MiB: then its
    digest alone is known, and `reproduce` says what is missing.
    """
    sources = own_sources(recipe)
    small = len(sources) <= _MOST_FILES and sum(map(len, sources.values())) <= _MOST_BYTES
    kept = {
        f"{SOURCES}/{name}": raw for name, raw in sources.items() if small and not holds_secret(raw)
    }
    top = _own_module(recipe)
    where = None if top is None else _place(top)
    if where is not None and (patch := code_diff(where if where.is_dir() else where.parent)):
        kept[DIFF] = patch
    return kept


def kept_code(ports: TrainPorts, scope: Scope, run: Run) -> dict[str, bytes]:
    """An own recipe's sources as the run kept them, by path.

    Raises:
        CodeMissing: it did not, or not all of them.
    """
    files = artifacts_of(ports.ledger, scope, run.id, SOURCES)
    found = {each.path.removeprefix(f"{SOURCES}/"): ports.blobs.get(each.digest) for each in files}
    if _digest(found) != run.environment[CODE][SOURCES]["digest"]:
        raise CodeMissing(
            f"the code of the recipe {run.recipe!r} was not kept whole with {run.id}",
            fix="install the recipe as it was, and reproduce without --environment fresh",
        )
    return found


def require_code(ports: TrainPorts, scope: Scope, run: Run) -> None:
    """See that the recipe of a run is here.

    Raises:
        CodeMissing: it is not, and where it is.
    """
    if not run.recipe or run.recipe in BUILT_IN or run.recipe in config.plugins("recipes"):
        return
    kept = artifacts_of(ports.ledger, scope, run.id, SOURCES)
    told = run.environment.get(CODE, {}).get(SOURCES, {})
    of = f" (commit {told['commit'][:12]})" if told.get("commit") else ""
    raise CodeMissing(
        f"the recipe {run.recipe!r} is not installed here{of}",
        fix="its code is kept with the run: visloop reproduce MODEL --environment fresh"
        if kept
        else "install it as it was: its code was not kept with the run",
    )


def _own_module(recipe: str) -> str | None:
    """The outermost module of a recipe that is not Visloop's."""
    point = config.plugins("recipes").get(recipe)
    top = point.module.partition(".")[0] if point else "visloop"
    return None if top == "visloop" else top


def _place(top: str) -> Path | None:
    """The file of a module, or the folder of a package."""
    with suppress(ImportError, ValueError):
        spec = util.find_spec(top)
        if spec is not None and spec.submodule_search_locations:
            return Path(next(iter(spec.submodule_search_locations)))
        if spec is not None and spec.origin:
            return Path(spec.origin)
    return None


def _sources(folder: Path) -> dict[str, bytes]:
    """The Python files of a package."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in _python_in(folder)}


def _python_in(folder: Path) -> Iterator[Path]:
    yield from sorted(each for each in folder.rglob("*.py") if each.is_file())


def _digest(sources: Mapping[str, bytes]) -> str:
    return digest_of(*(part for name in sorted(sources) for part in (name, sources[name])))[:_SHORT]


@cache
def _own_digest() -> str:
    """Of Visloop's sources, as this process found them first: it runs no others."""
    return _digest(_sources(_HOME))


def _needs(sources: Mapping[str, bytes], top: str) -> dict[str, str]:
    """Distribution → version of what the sources import; what belongs to Python stays out."""
    imported: set[str] = set()
    for raw in sources.values():
        with suppress(SyntaxError, ValueError):
            for node in ast.walk(ast.parse(raw)):
                if isinstance(node, ast.Import):
                    imported |= {each.name.partition(".")[0] for each in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    imported.add(node.module.partition(".")[0])
    foreign = imported - sys.stdlib_module_names - {top, "visloop"}
    if not foreign:
        return {}
    owners = _owners(tuple(map(_as_it_stands, sys.path)))
    names = sorted({each for module in foreign for each in owners.get(module, ())})
    return {name: metadata.version(name) for name in names}


@lru_cache(maxsize=1)
def _owners(places: tuple[tuple[str, int], ...]) -> Mapping[str, list[str]]:
    """Module → distributions that bring it; looked for again when something was installed."""
    del places  # importlib.metadata looks there: tens of thousands of file names, most of a second
    return metadata.packages_distributions()


def _as_it_stands(folder: str) -> tuple[str, int]:
    """A place for modules, and when something was put there or taken away last."""
    with suppress(OSError):
        return folder, Path(folder).stat().st_mtime_ns
    return folder, 0
