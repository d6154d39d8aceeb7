"""Which samples a person means: paths, patterns of paths, all of them, or those where something holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from visloop.data.fields.records import Field
from visloop.data.fields.values import Unfit, parsed
from visloop.data.records import Sample
from visloop.data.tree.nodes import Tree
from visloop.data.working import SampleNotFound, decode
from visloop.errors import UsageError, did_you_mean

_ATTRIBUTES: Final[Mapping[str, Callable[[Sample], Any]]] = {
    "split": lambda sample: sample.split or "",
    "media": lambda sample: sample.media,
    "mode": lambda sample: sample.mode,
    "source": lambda sample: sample.source,
}
_PATTERN: Final = frozenset("*?[")


@dataclass(frozen=True)
class Chosen:
    """A choice of samples: by `paths` (also with `*`), of those only where `where` holds.

    `where` maps a metadata field, `split`, `media`, `mode`, `source`, or `class` to a value.
    """

    paths: tuple[str, ...] = ()
    all: bool = False
    where: Mapping[str, str] = field(default_factory=dict[str, str])


def chosen(tree: Tree, fields: Mapping[str, Field], by: Chosen, dataset: str) -> Iterator[Sample]:
    """The samples meant, by path.

    Raises:
        UsageError: nothing says which samples, or a filter names no field.
        SampleNotFound: a path, or a pattern, that no sample has.
    """
    if not (by.paths or by.all or by.where):
        raise UsageError(
            "which samples?", fix="give paths or patterns, --all, or --where split=train"
        )
    if by.all and by.paths:
        raise UsageError("paths and --all", fix="give the one or the other")
    tests = [_test(key, text, fields) for key, text in by.where.items()]
    for sample in _by_path(tree, by.paths, dataset):
        if all(test(sample) for test in tests):
            yield sample


def _by_path(tree: Tree, paths: tuple[str, ...], dataset: str) -> Iterator[Sample]:
    if not paths:
        yield from map(decode, tree.entries())
        return
    exact = {path for path in paths if tree.get(path) is not None}
    patterns = [path for path in paths if path not in exact]
    missing = dict.fromkeys(patterns)
    if nowhere := next((path for path in patterns if not _PATTERN & set(path)), None):
        raise _no_sample(nowhere, dataset)
    entries = tree.entries() if patterns else filter(None, map(tree.get, sorted(exact)))
    for entry in entries:
        fitting = [pattern for pattern in patterns if fnmatchcase(entry.key, pattern)]
        for pattern in fitting:
            missing.pop(pattern, None)
        if fitting or entry.key in exact:
            yield decode(entry)
    for pattern in missing:
        raise _no_sample(pattern, dataset)


def _no_sample(path: str, dataset: str) -> SampleNotFound:
    return SampleNotFound(
        f"data set {dataset!r} has no sample {path!r}",
        fix=f"list them: visloop samples {dataset}@work   (patterns: 'cam1/*')",
    )


def _test(key: str, text: str, fields: Mapping[str, Field]) -> Callable[[Sample], bool]:
    if key == "class":
        return lambda sample: any(each.label == text for each in sample.annotations)
    if (get := _ATTRIBUTES.get(key)) is not None:
        return lambda sample: get(sample) == text
    if (known := fields.get(key)) is None:
        names = [*_ATTRIBUTES, "class", *fields]
        raise UsageError(
            f"no field {key!r}",
            fix=did_you_mean(key, names, otherwise="see: visloop meta fields DATASET"),
        )
    if not text:
        return lambda sample: key not in sample.metadata
    try:
        wanted = parsed(known, text)
    except Unfit as problem:
        raise UsageError(
            f"--where {key}={text}: {key} is {problem}", fix=f"write {problem}"
        ) from None
    return lambda sample: sample.metadata.get(key) == wanted
