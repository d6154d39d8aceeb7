"""What an assessment says, what a kind of them is, and what its function is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from visloop.evaluate.assess.case import Case
from visloop.ids import FORMAT
from visloop.vision import Task


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One number: its 95 % interval where it has one, and of how many pictures (tries …) it is."""

    value: float
    low: float | None = None
    high: float | None = None
    n: int = 0


class Shot(msgspec.Struct, frozen=True, kw_only=True):
    """A picture to look at: `image` is the digest of an encoded one, `said` what it shows.

    `whole`: a JPEG that is itself a sheet of pictures, shown as large as it is.
    """

    image: str
    said: str = ""
    whole: bool = False


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """How the rows are drawn: column `y` over column `x`, a line for each value of column `by`.

    `low` and `high` name the columns of y's interval, where there are any. `of`: only rows whose column
    `part` says so, which heads the chart. `log`: both axes grow by powers of ten, and what is 0 stands
    at their foot.
    """

    x: str
    y: str
    by: str = ""
    low: str = ""
    high: str = ""
    part: str = ""
    of: str = ""
    log: bool = False


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a kind's function gives back.

    `figures` by name, the headline among them; `rows` are a table, of text and numbers, with the same
    columns in the same order; `notes` are sentences for people (limits too); `pictures` to look at, put
    into the store with `Case.keep`; `plots` draw the rows. `caveat` is what a gate says even where its
    bound holds: that less was looked at than the kind's name lets people believe.
    """

    figures: dict[str, Figure]
    rows: tuple[dict[str, Any], ...] = ()
    notes: tuple[str, ...] = ()
    pictures: tuple[Shot, ...] = ()
    plots: tuple[Plot, ...] = ()
    caveat: str = ""


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """An outcome as it is kept: of which model, on which data, by which settings.

    `model` is `net@v2`, `package` its manifest's digest; `data` is `cards@v3:test`, `root` that
    version's digest (both empty of kinds that look at no data); `edition` is the kind's.
    """

    id: str
    kind: str
    model: str
    package: str
    data: str
    root: str
    settings: dict[str, Any]
    seed: int
    outcome: Outcome
    seconds: float
    edition: int
    format: int = FORMAT

    @property
    def figures(self) -> dict[str, Figure]:
        """What was found, by name."""
        return self.outcome.figures


@dataclass(frozen=True)
class Bound:
    """What a figure must be for a kind to be passed where the policy says nothing else, and why."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    why: str = ""


Assessor: TypeAlias = Callable[[Case[Any]], Outcome]


class NoSettings(msgspec.Struct, frozen=True, kw_only=True):
    """For kinds that can be told nothing."""


@dataclass(frozen=True)
class Kind:
    """A kind of assessment.

    `about` is one line for people. `settings` is a frozen msgspec Struct with a default for every
    field. `assess` is None where a room above measures and hands its function in (`load`). `on_data`:
    it looks at labelled pictures. `tasks`: of which models; empty: of all. `edition` is counted up when
    the same settings would give other figures; older assessments are then made anew. `here` names
    what else the figures depend on (a machine), as text.
    """

    name: str
    about: str
    headline: Bound
    assess: Assessor | None
    settings: type[msgspec.Struct] = NoSettings
    on_data: bool = True
    tasks: frozenset[Task] = frozenset()
    edition: int = 1
    here: Callable[[], str] = field(default=lambda: "")


Gathering: TypeAlias = Mapping[str, Assessor]
"""Kind → function, for kinds that rooms above measure."""
