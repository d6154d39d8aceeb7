"""The samples of one version, nearest first, to words, to a picture, or to one of themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from visloop.data import features
from visloop.data.features import Vectors
from visloop.data.finding.finder import Finder
from visloop.data.finding.nearest import Placed, nearest, nearest_of_all
from visloop.data.querying.source import Columns
from visloop.data.records import DataPorts
from visloop.data.working import SampleNotFound
from visloop.errors import UsageError, VisloopError, did_you_mean
from visloop.infer import Meaning
from visloop.query import Field, Texts

MOST: Final = 1000
"""So many samples are ranked at most; whoever looks further asks otherwise."""
_SHOWN_TO: Final = 200
_COMPARED_WITH: Final = 2000
_LEAST: Final = 2


@dataclass(frozen=True)
class Sought:
    """What is looked for: words, an encoded picture, or a sample by its path; one of them."""

    words: str = ""
    picture: bytes = b""
    like: str = ""

    def __post_init__(self) -> None:
        given = [bool(self.words.strip()), bool(self.picture), bool(self.like)]
        if sum(given) != 1:
            raise UsageError(
                "search for words or for a picture: one of them",
                fix="visloop search 'a red shirt'   or   visloop search --image a.jpg",
            )


@dataclass(frozen=True)
class Ranked:
    """Places of samples, nearest first, with how near they are; how many were compared.

    `problems` tells what is wrong with pictures that could not be compared, by digest.
    """

    at: NDArray[np.int64]
    scores: Vectors
    searched: int
    understood: tuple[tuple[str, float, str], ...]
    problems: Mapping[str, VisloopError]


def ranked(
    ports: DataPorts, source: Columns, sought: Sought, at: NDArray[np.int64], count: int = MOST
) -> Ranked:
    """The nearest of some samples.

    All pictures of the version get their vectors first, whichever samples are ranked: so the
    answer does not depend on what was searched before.

    Args:
        ports: where state and bytes live.
        source: the version's columns.
        sought: what is looked for.
        at: (n), places of the samples that may be found.
        count: how many are wanted.

    Raises:
        SampleNotFound: `sought.like` is no sample of the version.
        NotAnImage, TruncatedImage, TooManyPixels: `sought.picture` cannot be read.
        MissingExtra: words need an extra that is not installed.
    """
    finder = ports.finder
    assert finder is not None, "these ports were opened without a finder"
    known, problems = placed(ports, finder, source)
    rows = known.rows
    without = -1
    if sought.like:
        place = _place(source, sought.like)
        without = int(rows[place])
        if without < 0:
            pictures = pictures_of(source)
            raise problems[pictures.words[int(pictures.codes[place])]]
        meaning = Meaning(finder.gallery.units(rows[place : place + 1])[0])
    elif sought.picture:
        vector = finder.encoder.pictures.predict(sought.picture).embedding
        assert vector is not None
        meaning = Meaning(vector)
    else:
        meaning = finder.encoder.words(sought.words.strip(), _own(finder, source, rows))
    gallery, vector, inner = finder.gallery, meaning.vector, meaning.inner
    if len(at) == len(rows):
        found = nearest_of_all(gallery, vector, known, count, inner=inner, without=without)
        if found is not None:
            left_out = len(known.places(np.array([without]))) if sought.like else 0
            return Ranked(*found, len(at) - left_out, meaning.understood, problems)
    at = at[(rows[at] >= 0) & (rows[at] != without)]
    best, scores = nearest(gallery, vector, rows[at], count, inner=inner)
    return Ranked(at[best], scores, len(at), meaning.understood, problems)


def index(ports: DataPorts, source: Columns) -> int:
    """Put the pictures of a version, and all that search knows, in lists; how many are in them."""
    finder = ports.finder
    assert finder is not None, "these ports were opened without a finder"
    placed(ports, finder, source)
    return finder.gallery.index(ports.progress)


def placed(
    ports: DataPorts, finder: Finder, source: Columns
) -> tuple[Placed, Mapping[str, VisloopError]]:
    """The version's samples as rows of the gallery, and what is wrong with those that are in none.

    Pictures that have no vector get theirs first.
    """
    told: dict[str, VisloopError] = {}
    made: list[Placed] = []

    def make() -> Placed | None:
        pictures = pictures_of(source)
        rows_of, problems = _rows(ports, finder, pictures.words)
        told.update(problems)
        rows = rows_of[pictures.codes] if len(rows_of) else np.zeros(0, np.int64)
        made.append(Placed(rows, len(finder.gallery)))
        return None if problems else made[0]

    found = finder.placed(source.snapshot.tree.digest, make)
    return found or made[0], told


def _rows(
    ports: DataPorts, finder: Finder, images: Sequence[str]
) -> tuple[NDArray[np.int64], dict[str, VisloopError]]:
    """int64 (images): the gallery's row of each picture, computed where it has none.

    -1 for those that cannot be read; what is wrong with them, by digest.
    """
    found = finder.gallery.rows(images)
    missing = [images[at] for at in np.flatnonzero(found < 0).tolist()]
    if not missing:
        return found, {}
    model = finder.encoder.pictures
    problems = features.compute_embeddings(ports, model, missing)
    finder.gallery.add(features.kept(ports, model.digest, missing))
    return finder.gallery.rows(images), problems


def pictures_of(source: Columns) -> Texts:
    """(samples): the digest of each one's picture."""
    found = source.column(_field(source, "image"))
    assert isinstance(found, Texts)
    return found


def _place(source: Columns, path: str) -> int:
    paths = source.column(_field(source, "path"))
    assert isinstance(paths, Texts)
    code = paths.code_of.get(path)
    if code is None:
        raise SampleNotFound(
            f"{source.snapshot.version.ref} has no sample {path!r}",
            fix=did_you_mean(path, paths.words, otherwise="visloop samples shows their paths"),
        )
    return int(np.flatnonzero(paths.codes == code)[0])


def _field(source: Columns, key: str) -> Field:
    schema = source.schema
    levels = [schema.rows, *([schema.parts] if schema.parts else [])]
    return next(each for level in levels for each in level.fields if each.key == key)


# --- the data's own classes ----------------------------------------------------------------------


def _own(finder: Finder, source: Columns, rows: NDArray[np.int64]) -> dict[str, Vectors]:
    """Class → which way its pictures lie from the others, at length 1: of the accepted labels.

    Classes on fewer than two pictures, or on all but one, have no such way. Of each class 200
    pictures are looked at, of the others 2,000, evenly spread.
    """
    labels, reviews = (source.column(_field(source, f"object.{k}")) for k in ("label", "review"))
    assert isinstance(labels, Texts)
    assert isinstance(reviews, Texts)
    accepted = reviews.codes == reviews.code_of.get("accepted", -2)
    owners, found = source.owners(), dict[str, Vectors]()
    for code, name in enumerate(labels.words):
        having = np.zeros(len(rows), np.bool_)
        having[owners[accepted & (labels.codes == code)]] = True
        with_it, without = rows[having & (rows >= 0)], rows[~having & (rows >= 0)]
        if len(with_it) >= _LEAST and len(without) >= _LEAST:
            way = _mean(finder, with_it, _SHOWN_TO) - _mean(finder, without, _COMPARED_WITH)
            found[name] = way / max(float(np.linalg.norm(way)), 1e-12)
    return found


def _mean(finder: Finder, rows: NDArray[np.int64], most: int) -> Vectors:
    spread = np.linspace(0, len(rows) - 1, min(len(rows), most)).astype(np.int64)
    return finder.gallery.units(rows[spread]).mean(axis=0)
