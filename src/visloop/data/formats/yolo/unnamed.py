"""Class numbers that no name has: counted, and what they say of the numbers that have one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.data.formats.yolo.lines import Bad, Told

COCO_GAPS: Final = frozenset((12, 26, 29, 30, 45, 66, 68, 69, 71, 83))
"""Of COCO's category ids 1 … 90 those that no class has (cocodataset.org, 2017)."""
_COCO_LAST: Final = 90
_COCO_NAMES: Final = {0: "person", 79: "toothbrush"}
_AGAIN: Final = "then add the folder again"


def mend(bad: Bad, said_in: str) -> str:
    """What mends a line that was not taken; `said_in` names the classes: a file, else a folder."""
    if bad.number is None:
        return f"mend or remove the line, {_AGAIN}"
    file = said_in.rpartition("/")[2]
    file = file if file.endswith((".yaml", ".yml", ".data")) else "classes.txt"
    return f"name class {bad.number} in {file}, or mend or remove the line; {_AGAIN}"


class Unnamed:
    """Watches the classes of one set's lines."""

    def __init__(self, names: Mapping[int, str]) -> None:
        self._names = names
        self._without = Counter[int]()
        self._used = set[str]()

    def met(self, told: Told) -> None:
        """One label file was read."""
        self._without.update(bad.number for bad in told.bad if bad.number is not None)
        self._used.update(each.label for each in told.annotations)

    def note(self) -> str:
        """In words; "" where every number has a name."""
        if not self._without:
            return ""
        numbers = sorted(self._without.items())
        shown = ", ".join(f"{n} ({count} times)" if count > 1 else str(n) for n, count in numbers)
        objects = sum(self._without.values())
        have = "objects have" if objects > 1 else "object has"
        told = f"{objects} {have} a class number without a name: {shown}"
        if self._is_coco():
            return (
                f"{told}; all numbers are COCO's own category ids (1 is person, 90 toothbrush), the "
                "names count its 80 classes from 0: the other objects got wrong classes too. Number "
                "the names as COCO does (1: person, 2: bicycle, …) and add the folder again"
            )
        return (
            f"{told}; if the labels count classes otherwise than the names do, other objects got "
            "wrong classes"
        )

    def _is_coco(self) -> bool:
        """Whether the names are those of COCO's 80 classes, and every number is an id of its 90."""
        if any(self._names.get(number) != name for number, name in _COCO_NAMES.items()):
            return False
        used = {number for number, name in self._names.items() if name in self._used}
        return all(1 <= n <= _COCO_LAST and n not in COCO_GAPS for n in used | set(self._without))
