"""The page's modules as one script: a first look asks for one file in place of a hundred and forty.

ES modules, as they are written, stand one behind the other, what is imported first. Each keeps a
scope of its own: a function that takes by name what it imports, and gives what it exports. No line
is moved within its module, so a source map of one place a line leads a debugger to the modules.
Comments that begin a line are left out.

What this asks of them (no import in a circle, no `export let`, each import at the beginning of a
line) is less than all of ECMA-262; what it cannot link it names.
"""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from visloop.errors import Corrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMMENT = re.compile(r"^[ \t]*/\*.*?\*/", re.MULTILINE | re.DOTALL)
_FROM = re.compile(
    r'^(?P<kind>import|export)\s*(?:\{(?P<names>[^{}]*)\}|(?P<default>\w+))\s*from\s*"(?P<place>[^"]+)";',
    re.MULTILINE,
)
_LIST = re.compile(r"(?:^|(?<=;))export\s*\{(?P<names>[^{}]*)\};?", re.MULTILINE)
_NAMED = re.compile(
    r"^export (?=(?:const|class|function\*?|async function\*?) (?P<name>\w+))", re.MULTILINE
)
_LEFT = re.compile(r"^(?:import|export)\b.*|\bimport\.meta\b|^await .*", re.MULTILINE)
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@dataclass
class Script:
    """Modules in one; `places` says whose line each line is."""

    names: list[str] = field(default_factory=list[str])
    lines: list[str] = field(default_factory=list[str])
    places: list[tuple[int, int] | None] = field(default_factory=list[tuple[int, int] | None])

    def text(self) -> str:
        """The script."""
        return "\n".join(self.lines) + "\n"

    def source_map(self, address: Callable[[str], str]) -> str:
        """Where its lines come from (ECMA-426, version 3); `address`: of a module."""
        parts: list[str] = []
        before = (0, 0)
        for place in self.places:
            if place is not None:
                parts.append(f"A{_vlq(place[0] - before[0])}{_vlq(place[1] - before[1])}A")
                before = place
            parts.append(";")
        sources = [address(each) for each in self.names]
        told = {"version": 3, "sources": sources, "names": [], "mappings": "".join(parts)}
        return json.dumps(told)


def link(entry: str, modules: Mapping[str, str]) -> Script:
    """A module, and what it imports.

    Args:
        entry: which of the modules.
        modules: texts by their places below one folder.

    Raises:
        Corrupt: something is written as this does not know it, is imported in a circle, or is not there.
    """
    script = Script()
    _put(entry, modules, script, ())
    return script


def _put(name: str, modules: Mapping[str, str], script: Script, above: tuple[str, ...]) -> None:
    """What a module imports, then itself."""
    if name in script.names:
        return
    if name in above or name not in modules:
        raise _wrong(" → ".join((*above, name)), "is no way to import a module")
    text = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), modules[name])
    for found in _FROM.finditer(text):
        _put(_place(name, found), modules, script, (*above, name))
    taken: list[str] = []  # what is imported is there before the first line
    given: list[str] = []

    def moved(found: re.Match[str]) -> str:
        source = f"module_{script.names.index(_place(name, found))}"
        names = _parts(found["names"] or f"default as {found['default']}")
        if found["kind"] == "import":
            taken.append(f"const {{ {', '.join(': '.join(each) for each in names)} }} = {source};")
        else:
            given.extend(f"{each[-1]}: {source}.{each[0]}" for each in names)
        return "\n" * found[0].count("\n")

    def listed(found: re.Match[str]) -> str:
        given.extend(f"{each[-1]}: {each[0]}" for each in _parts(found["names"]))
        return "\n" * found[0].count("\n")

    text = _LIST.sub(listed, _FROM.sub(moved, text))
    text = _NAMED.sub(lambda found: given.append(found["name"]) or "", text)
    if left := _LEFT.search(text):
        raise _wrong(name, f"cannot be linked: {left[0]!r}")
    _append(script, name, text.removesuffix("\n").split("\n"), " ".join(taken), ", ".join(given))


def _append(script: Script, name: str, lines: list[str], taken: str, given: str) -> None:
    at = len(script.names)
    script.names.append(name)
    script.lines += [
        f"const module_{at} = (() => {{ {taken}",
        *lines,
        f"return {{ {given} }}; }})();",
    ]
    script.places += [None, *((at, line) for line in range(len(lines))), None]


def _place(name: str, found: re.Match[str]) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), found["place"]))


def _parts(names: str) -> list[list[str]]:
    """`a, b as c` as [["a"], ["b", "c"]]."""
    return [each.split()[::2] for each in names.split(",") if each.strip()]


def _vlq(value: int) -> str:
    """Base 64 of variable length, the sign in the lowest bit."""
    rest = abs(value) << 1 | (value < 0)
    digits = ""
    while True:
        rest, digit = rest >> 5, rest & 31
        digits += _BASE64[digit | (32 if rest else 0)]
        if not rest:
            return digits


def _wrong(what: str, why: str) -> Corrupt:
    return Corrupt(
        f"the page's modules: {what} {why}",
        fix="write it as the other modules do (visloop/faces/web/linking.py)",
    )
