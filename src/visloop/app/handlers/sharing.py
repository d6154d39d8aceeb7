"""Pictures given to people: which ones, who may label, which known ones are mixed in."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from visloop import data, label, store
from visloop.errors import UsageError, did_you_mean
from visloop.events import Actor
from visloop.ids import Ref
from visloop.vision import ClassLabel, NumberValue

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

_PAGE: Final = 1000
_MOST: Final = 0.5


def samples_asked(
    ports: Ports, scope: Scope, dataset: str, question: str, paths: Sequence[str], limit: int
) -> list[data.Sample]:
    """The samples of the working set that a question, or a list of paths, is about.

    Of a question so many that nobody has yet, and with them those before that somebody has.

    Raises:
        SampleNotFound: a path is not in the data set.
    """
    ref = Ref(dataset, "work")
    whole = data.open(ports.data, ref, scope.project)
    if paths:
        found = [whole.get(path) for path in paths]
        for path, each in zip(paths, found, strict=True):
            if each is None:
                raise data.SampleNotFound(
                    f"data set {dataset!r} has no sample {path!r}",
                    fix=f"list them: visloop samples {dataset}@work",
                )
        return [each for each in found if each is not None]
    busy = label.given_out(ports.label, scope, dataset) if limit else frozenset[str]()
    named = (whole.get(each) for each in _asked(ports, scope, ref, question))
    samples: list[data.Sample] = []
    free = 0
    for each in named:
        if each is None:
            continue
        samples.append(each)
        free += each.image not in busy
        if limit and free == limit:
            break
    return samples


def _asked(ports: Ports, scope: Scope, ref: Ref, question: str) -> Iterator[str]:
    """The paths of all that answer a question."""
    at = 0
    while True:
        found = data.query(ports.data, scope, ref, question, offset=at, limit=_PAGE)
        yield from (row["path"] for row in found.rows)
        at += _PAGE
        if len(found.rows) < _PAGE:
            return


def question_of(samples: Sequence[data.Sample], said: str | None) -> label.Question:
    """What is asked of pictures: objects where any of them has one, else classes.

    Raises:
        UsageError: neither was said.
    """
    if said is None:
        drawn = any(
            not isinstance(each, ClassLabel | NumberValue)
            for sample in samples
            for each in sample.annotations
        )
        return "objects" if drawn else "class"
    if said not in {"class", "objects"}:
        raise UsageError(f"nobody labels {said!r}", fix="--ask class, or --ask objects")
    return "class" if said == "class" else "objects"


def controls_among(
    ports: Ports,
    scope: Scope,
    dataset: str,
    asked: Collection[str],
    question: label.Question,
    *,
    share: float,
    seed: int,
) -> list[data.Sample]:
    """Pictures of the newest version with known labels: as many as give that share of what is seen.

    Those of the frozen test split first; none that is asked about.

    Raises:
        UsageError: the share is not in [0, 0.5], or there are too few.
    """
    if not 0 <= share <= _MOST:
        raise UsageError(f"a share of {share} is not in [0, 0.5]", fix="--controls 0.1")
    wanted = round(len(asked) * share / (1 - share))
    if not wanted:
        return []
    newest = data.open(ports.data, Ref(dataset, "main"), scope.project)
    known = [s for s in newest.samples() if s.image not in asked and _is_known(s, question)]
    random.Random(seed).shuffle(known)
    known.sort(key=lambda each: each.split != "test")
    if len(known) < wanted:
        raise UsageError(
            f"{wanted} control pictures are wanted, and {dataset!r} has {len(known)} with known labels"
            " beside those asked about",
            fix="a smaller --controls, or commit more labelled pictures",
        )
    return known[:wanted]


def _is_known(sample: data.Sample, question: label.Question) -> bool:
    if not sample.labelled:
        return False
    whole = [isinstance(each, ClassLabel) for each in sample.annotations]
    return any(whole) if question == "class" else not all(whole)


def people_named(ports: Ports, scope: Scope, to: Sequence[str]) -> Mapping[str, float]:
    """`ana`, or `ana=2` for twice the share, as actors with their shares.

    Raises:
        UsageError: somebody is not known, may not label, or a share is no number.
    """
    found: dict[str, float] = {}
    known = ["owner", *sorted({each.user for each in store.list_people(ports.ledger)})]
    for each in to:
        name, _, share = each.partition("=")
        actor = Actor("user", name)
        role = store.role_of(ports.ledger, actor, scope.project)
        if not store.permits(role, "label.write"):
            unknown = f"there is no user {name!r}" if role is None else f"{name!r} is {role}"
            fix = f"visloop user add {name} --role annotator"
            close = did_you_mean(name, known, otherwise=fix) if role is None else fix
            raise UsageError(f"{unknown}, and may not label", fix=close)
        try:
            found[str(actor)] = float(share or 1)
        except ValueError:
            raise UsageError(f"{share!r} is no share", fix="--to ana=2 --to ben=1") from None
    return found
