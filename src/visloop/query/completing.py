"""What could stand next at a place in a question, and what is wrong with the question so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from visloop.query.checking import VIEW, check
from visloop.query.columns.values import Texts
from visloop.query.errors import QueryWrong, Span
from visloop.query.executing import Source
from visloop.query.language.grammar import COMPARISONS, JOINTS, Reader, Stop, Stopped
from visloop.query.schema import Field, Schema
from visloop.query.values import operators

_CLOSED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_OPEN: Final = re.compile(r"[\"'`]")
_WORD: Final = re.compile(r"[^\W\d](?:[\w.\-/])*$")
_BARE: Final = re.compile(r"[^\W\d](?:\w|[.\-/](?=\w))*")
_MOST: Final = 50
_READ: Final = 5000
"""Values of a field that are looked through for candidates, at most."""
_LANGUAGE: Final = frozenset({"and", "or", "not", "in", "like", "exists", "sort", "limit"})


@dataclass(frozen=True)
class Candidate:
    """A text that could stand there, what it is, and what it means."""

    text: str
    kind: str
    detail: str = ""


@dataclass(frozen=True)
class Completion:
    """Candidates for the characters from `start` to `end`; `problem` of the whole text, at a place."""

    start: int
    end: int
    candidates: tuple[Candidate, ...]
    problem: str = ""
    fix: str = ""
    problem_start: int = 0
    problem_end: int = 0


def complete(text: str, at: int, source: Source) -> Completion:
    """What could stand at a place, the whole text held against the schema as well.

    Args:
        text: the question so far.
        at: the place of the cursor, in characters.
        source: what is asked; texts that its fields have are candidates, too.
    """
    at = max(0, min(at, len(text)))
    start, quoted = _begun(text[:at])
    typed = text[start + (1 if quoted else 0) : at].casefold()
    found = [
        each
        for each in _candidates(text[:start], source)
        if each.text.strip("\"'`").casefold().startswith(typed)
    ]
    wrong = _problem(text, source.schema)
    span = wrong.at if wrong else Span(0, 0)
    return Completion(
        start=start,
        end=at,
        candidates=tuple(found[:_MOST]),
        problem=wrong.problem if wrong else "",
        fix=wrong.fix if wrong else "",
        problem_start=span.start,
        problem_end=span.end,
    )


def _problem(text: str, schema: Schema) -> QueryWrong | None:
    try:
        check(text, schema)
    except QueryWrong as wrong:
        return wrong
    return None


def _begun(before: str) -> tuple[int, bool]:
    """Where the word, or the text in quotes, begins that is being written."""
    masked = _CLOSED.sub(lambda found: "\0" * len(found[0]), before)
    opened = _OPEN.search(masked)
    if opened:
        return opened.start(), True
    word = _WORD.search(masked)
    return (word.start() if word else len(before)), False


def _candidates(before: str, source: Source) -> Iterator[Candidate]:
    """Everything that could follow these characters."""
    stop = _stop(before)
    if stop is None:
        return
    for wants in stop.wants:
        match wants:
            case "one":
                yield from _conditions(source.schema, stop)
            case "operator":
                yield from _operators(source.schema, stop)
            case "value":
                yield from _values(source, stop)
            case "joint":
                yield from _joints(stop)
            case "field":
                yield from _fields(source.schema.listed.fields)
            case _:
                pass


def _stop(before: str) -> Stop | None:
    try:
        reader = Reader(before)
        reader.question()
    except Stopped as stopped:
        return stopped.stop if stopped.at.start >= len(before.rstrip()) else None
    except QueryWrong:
        return None
    return reader.stop


def _conditions(schema: Schema, stop: Stop) -> Iterator[Candidate]:
    if stop.scope == VIEW:
        yield from _views(schema)
        return
    inside = _inside(schema, stop)
    if inside and schema.parts:
        yield from _fields(schema.parts.fields)
    yield from _fields(schema.rows.fields)
    if not inside:
        if schema.parts:
            for each in schema.parts.fields:
                yield Candidate(f"{schema.prefix}.{each.name}", "field", _told(each))
        for name, kinds in schema.scopes.items():
            what = " or ".join(kinds) if len(kinds) == 1 else "any"
            yield Candidate(f"{name}(", "scope", f"conditions on one object: {what}")
    if schema.views:
        yield Candidate(f"{VIEW}(", "scope", "a saved question")
    yield Candidate("not", "word", "the contrary")
    if schema.versioned:
        yield Candidate("changed since", "word", "new or another one than in a version")
    if schema.pictured and not schema.of_parts:
        yield Candidate("near", "word", "nearest first to words in quotes")
        yield Candidate("similar", "word", "nearest first to a sample, its path in quotes")


def _views(schema: Schema) -> Iterator[Candidate]:
    levels = {schema.rows.many, schema.parts.many if schema.parts else ""}
    for name, (of, text) in schema.views.items():
        if of in levels:
            yield Candidate(name, "view", text)


def _inside(schema: Schema, stop: Stop) -> bool:
    return stop.scope in schema.scopes or (schema.of_parts and stop.scope != schema.rows.one)


def _fields(fields: tuple[Field, ...]) -> Iterator[Candidate]:
    for each in fields:
        text = each.name if _BARE.fullmatch(each.name) else f"`{each.name}`"
        yield Candidate(text, "field", _told(each))


def _told(field: Field) -> str:
    unit = f" in {field.unit}" if field.unit else ""
    return f"{field.type}{unit}" + (f": {field.description}" if field.description else "")


def _named(schema: Schema, stop: Stop) -> Field | None:
    """The field that the stop is about."""
    found: list[Field] = []
    if schema.parts:
        inner = stop.name.removeprefix(f"{schema.prefix}.")
        if _inside(schema, stop) or inner != stop.name:
            found = schema.parts.named(inner)
    found = found or schema.rows.named(stop.name)
    return found[0] if found else None


def _operators(schema: Schema, stop: Stop) -> Iterator[Candidate]:
    if stop.name in schema.scopes:
        yield from (Candidate(each, "operator", "how many") for each in COMPARISONS)
        return
    field = _named(schema, stop)
    if field is not None:
        yield from (Candidate(each, "operator") for each in operators(field))


def _values(source: Source, stop: Stop) -> Iterator[Candidate]:
    field = _named(source.schema, stop)
    if field is None:
        return
    if field.type == "boolean":
        yield from (Candidate(each, "value") for each in ("true", "false"))
        return
    words = field.values
    if words is None and field.type == "text":
        column = source.column(field)
        words = tuple(column.words[:_READ]) if isinstance(column, Texts) else ()
    for each in words or ():
        yield Candidate(_written(each), "value", field.name)


def _written(value: str) -> str:
    """A value as it is typed: in quotes where it must be."""
    if _BARE.fullmatch(value) and value.lower() not in _LANGUAGE:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _joints(stop: Stop) -> Iterator[Candidate]:
    known = ("and", "or", ")") if stop.open else JOINTS
    yield from (Candidate(each, "word") for each in known)
    if stop.name == "desc":
        yield Candidate("desc", "word", "from the greatest")
