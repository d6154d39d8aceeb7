"""What both sides changed differently, and what is taken: by a person's choice or by a rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, TypeVar

import msgspec

from visloop.ids import digest_of

Take: TypeAlias = Literal["ours", "theirs", "base", "both"]
Choice: TypeAlias = Literal["ours", "theirs", "base", "both", "open"]
Rule: TypeAlias = Literal["ours", "theirs", "newest", "union"]
RULES: Final[Mapping[Rule, str]] = {
    "ours": "the branch that is merged into wins",
    "theirs": "the branch that is merged wins",
    "newest": "the side that touched the sample in the later version wins",
    "union": "keep what either side has; single values that differ stay conflicts",
}
T = TypeVar("T")


@dataclass(frozen=True)
class MergeConflict:
    """One thing that both sides changed differently; None where there is, or was, nothing.

    `id` stands for the place and all three values: when one of them changes it is another conflict.
    `object` is the id of an object, or says which class or metadata field; empty: the sample itself.
    `both` says whether both can be kept; `take` what was chosen.
    """

    id: str
    sample: str
    path: str
    object: str
    field: str
    base: Any
    ours: Any
    theirs: Any
    both: bool = False
    take: Take | None = None


@dataclass(frozen=True)
class Place:
    """Where a conflict is."""

    sample: str = ""
    path: str = ""
    object: str = ""


class Decider:
    """Asked at every conflict; remembers those that nobody decided.

    Args:
        rule: what is taken where nothing was chosen; None leaves conflicts open.
        choices: conflict → what a person took; `open`: nothing, whatever the rule says.
        newest: path of a sample (empty: none) → the side that touched it later.
    """

    def __init__(
        self,
        rule: Rule | None,
        choices: Mapping[str, Choice],
        newest: Callable[[str], Take],
    ) -> None:
        self._rule, self._choices, self._newest = rule, choices, newest
        self.conflicts: list[MergeConflict] = []

    @property
    def open(self) -> list[MergeConflict]:
        """Conflicts that are not decided."""
        return [each for each in self.conflicts if each.take is None]

    def decide(
        self, place: Place, field: str, base: Any, ours: Any, theirs: Any, *, both: bool = False
    ) -> Take:
        """What is taken; `ours` for the time being where nobody decided."""
        sides = [msgspec.to_builtins(each) for each in (base, ours, theirs)]
        key = msgspec.msgpack.encode((place.sample, place.object, field, sides), order="sorted")
        found = digest_of(key)[:10]
        choice = self._choices.get(found) or self._by_rule(place, both=both)
        take = None if choice == "open" else choice
        self.conflicts.append(
            MergeConflict(
                found, place.sample, place.path, place.object, field, *sides, both=both, take=take
            )
        )
        return take or "ours"

    def three(self, place: Place, field: str, base: T, ours: T, theirs: T) -> T:
        """The value that one side changed; where both did, what is decided."""
        settled, value = agreed(base, ours, theirs)
        if settled:
            return value
        return chosen(self.decide(place, field, base, ours, theirs), base, ours, theirs)

    def _by_rule(self, place: Place, *, both: bool) -> Take | None:
        match self._rule:
            case "ours" | "theirs":
                return self._rule
            case "newest":
                return self._newest(place.path)
            case "union":
                return "both" if both else None
            case _:
                return None


def agreed(base: T, ours: T, theirs: T) -> tuple[bool, T]:
    """Whether the three sides leave one value, and which."""
    if same(ours, theirs) or same(theirs, base):
        return True, ours
    return same(ours, base), theirs


def same(a: object, b: object) -> bool:
    """Equal and of one type: 1, 1.0 and True are three values."""
    return a == b and type(a) is type(b)


def chosen(take: Take, base: T, ours: T, theirs: T) -> T:
    """The side that was taken."""
    return theirs if take == "theirs" else base if take == "base" else ours
