"""A question held against a schema: names become fields, values get types, two readings are an error."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any, Final

from visloop.errors import did_you_mean
from visloop.query.errors import QueryWrong
from visloop.query.language.grammar import parse
from visloop.query.language.syntax import (
    Alike,
    All,
    Bare,
    Changed,
    Compare,
    Either,
    Expression,
    Name,
    Not,
    Within,
    Words,
)
from visloop.query.plan import (
    Checked,
    Everything,
    Find,
    Joined,
    Nearness,
    Negation,
    Of,
    Plan,
    Since,
    Some,
    Test,
)
from visloop.query.schema import Field, Schema
from visloop.query.values import operators, read

_ALIKE: Final = 0.8
VIEW: Final = "view"
"""`view(night)` stands for what was saved under that name."""
PICK: Final = "pick"
"""`pick(s0a1b2c3d4e5f)` are the rows that were picked by hand under that name."""


def check(text: str, schema: Schema) -> Checked:
    """What the question means on a relation.

    Raises:
        QueryWrong: it cannot be read, names no field, or can be read in two ways.
    """
    asked = parse(text)
    reader = Checker(text, schema)
    conditions, alike = _apart(asked.where)
    where: Plan = Everything(schema.of_parts)
    if conditions is not None:
        where = reader.plan(conditions, parts=schema.of_parts)
    order = tuple((reader.sortable(each.name), each.descending) for each in asked.order)
    nearness = reader.nearness(alike, sorted_=bool(order)) if alike else None
    return Checked(where, order, asked.limit, nearness)


def _apart(asked: Expression | None) -> tuple[Expression | None, Alike | None]:
    """The conditions, and what they are ranked by where one `near` or `similar` is joined to them."""
    if isinstance(asked, Alike):
        return None, asked
    if isinstance(asked, All):
        alike = [each for each in asked.parts if isinstance(each, Alike)]
        if len(alike) == 1:
            rest = tuple(each for each in asked.parts if each is not alike[0])
            return (rest[0] if len(rest) == 1 else All(rest)), alike[0]
    return asked, None


class Checker:
    """Reads one question's names and values."""

    def __init__(self, text: str, schema: Schema, within: tuple[str, ...] = ()) -> None:
        self.text, self.schema, self._within_views = text, schema, within

    def plan(self, asked: Expression, *, parts: bool) -> Plan:  # noqa: PLR0911 - one a kind
        """What an expression means on rows, or on parts."""
        match asked:
            case All() | Either():
                found = tuple(self.plan(each, parts=parts) for each in asked.parts)
                return Joined("and" if isinstance(asked, All) else "or", found)
            case Not():
                return Negation(self.plan(asked.part, parts=parts))
            case Compare():
                return self._compare(asked, parts=parts)
            case Within():
                return self._within(asked, parts=parts)
            case Changed():
                return self._changed(asked, parts=parts)
            case Alike():
                raise QueryWrong(
                    f"{asked.to} ranks all that is found, so it stands once, beside conditions",
                    self.text,
                    asked.at,
                    fix=f'write: … and {asked.to} "{asked.value.text}"',
                )
            case Words():
                return Find(asked.value.text, parts)
            case Bare():
                return self._bare(asked.name, parts=parts)

    def nearness(self, asked: Alike, *, sorted_: bool) -> Nearness:
        """What `near` and `similar` say, where the rows can be ranked so."""
        if not self.schema.pictured or self.schema.of_parts:
            raise QueryWrong(
                f"{asked.to} ranks samples, not {self.schema.listed.many}",
                self.text,
                asked.at,
                fix="ask for samples: --of samples",
            )
        if sorted_:
            raise QueryWrong(
                f"{asked.to} puts what is found in order already",
                self.text,
                asked.at,
                fix="leave out one of the two: `sort by`, or this",
            )
        return Nearness(asked.to, asked.value.text)

    def sortable(self, name: Name) -> Field:
        """The field of `sort by`, which is one of what is listed."""
        field, level = self._field(name, parts=self.schema.of_parts)
        if level == "some":
            raise self._wrong(
                f"a {self.schema.rows.one} may have several {name.text}",
                name,
                f"sort by a field of the {self.schema.rows.one}, or ask for the parts: --of",
            )
        return field

    # --- comparisons --------------------------------------------------------------------------

    def _compare(self, asked: Compare, *, parts: bool) -> Plan:
        field, level = self._field(asked.name, parts=parts)
        known = operators(field, asked.values)
        if asked.operator not in known:
            kind = (
                "kept as it is and not compared"
                if field.type == "json"
                else f"of type {field.type}"
            )
            raise QueryWrong(
                f"{field.name} is {kind}; it takes {', '.join(known)}",
                self.text,
                asked.at,
                fix=f"write: {asked.name.text} {known[0]}",
            )
        if level == "some" and (asked.turned or asked.operator == "!="):
            raise self._two_readings(asked)
        if asked.operator == "like":
            wanted: tuple[Any, ...] = (asked.values[0].text,)
        else:
            wanted = tuple(read(field, each, self.text) for each in asked.values)
        found: Plan = Test(field, asked.operator, wanted)
        if asked.turned:
            found = Joined("and", (Test(field, "exists"), Negation(found)))
        return _lifted(found, level)

    def _changed(self, asked: Changed, *, parts: bool) -> Plan:
        if not self.schema.versioned:
            many = self.schema.listed.many
            times = [each.name for each in self.schema.listed.fields if each.type == "time"]
            raise QueryWrong(
                f"{many} have no versions",
                self.text,
                asked.at,
                fix=f"ask for their time: {times[0]} > 2026-01-31" if times else "leave it out",
            )
        return Since(asked.since.text, parts)

    def _two_readings(self, asked: Compare) -> QueryWrong:
        inner = asked.name.text.removeprefix(f"{self.schema.prefix}.")
        after = self.text[asked.name.at.end : asked.at.end].strip()
        if asked.turned:
            contrary = after.split(None, 1)[1]
        else:
            contrary = after.replace("!=", "=", 1).replace("<>", "=", 1)
        part = self.schema.parts.one if self.schema.parts else ""
        return QueryWrong(
            f"this can be read in two ways, as a {self.schema.rows.one} may have several {part}s",
            self.text,
            asked.at,
            fix=f"one of them is another: {self.schema.prefix.removesuffix('s')}({inner} {after});"
            f"  none of them is it: not {asked.name.text} {contrary}",
        )

    def _within(self, asked: Within, *, parts: bool) -> Plan:
        scope = asked.scope.text.lower()
        if scope == VIEW:
            return self._view(asked, parts=parts)
        if scope == PICK:
            return self._pick(asked, parts=parts)
        if scope == self.schema.rows.one and parts and asked.where is not None:
            return Of(self.plan(asked.where, parts=False))
        kinds = self.schema.scopes.get(scope)
        if kinds is None:
            raise self._wrong(
                f"no kind of object is called {asked.scope.text!r}",
                asked.scope,
                did_you_mean(
                    scope,
                    self.schema.scopes,
                    otherwise=f"there are: {', '.join(self.schema.scopes)}",
                ),
            )
        found: list[Plan] = [] if asked.where is None else [self.plan(asked.where, parts=True)]
        if kinds:
            assert self.schema.parts is not None
            kind = next(each for each in self.schema.parts.fields if each.key == self.schema.kind)
            found.insert(0, Test(kind, "in", kinds))
        inner = Joined("and", tuple(found)) if found else Everything(parts=True)
        if asked.operator is None or asked.count is None:
            return inner if parts else Some(inner)
        counted = Some(inner, asked.operator, int(asked.count.text))
        return Of(counted) if parts else counted

    def _view(self, asked: Within, *, parts: bool) -> Plan:
        """What a saved question says, without its order and its limit."""
        named = asked.where.name if isinstance(asked.where, Bare) else None
        if named is None or asked.operator is not None:
            raise self._wrong("expected the name of a view", asked.scope, f"write: {VIEW}(NAME)")
        of, text = self.schema.views.get(named.text, ("", ""))
        levels = {self.schema.rows.many: False}
        if self.schema.parts:
            levels[self.schema.parts.many] = True
        if of not in levels:
            problem = f"the view {named.text!r} lists {of}" if of else f"no view {named.text!r}"
            fits = [name for name, (many, _) in self.schema.views.items() if many in levels]
            there = f"there are: {', '.join(fits)}" if fits else "visloop view save NAME 'TEXT'"
            raise self._wrong(problem, named, did_you_mean(named.text, fits, otherwise=there))
        if named.text in self._within_views:
            raise self._wrong(f"the view {named.text!r} leads to itself", named, "save it anew")
        inner = Checker(text, self.schema, (*self._within_views, named.text))
        try:
            where = parse(text).where
            found = inner.plan(where, parts=levels[of]) if where else Everything(levels[of])
        except QueryWrong as wrong:
            problem = f"the view {named.text!r} does not fit here: {wrong.problem}"
            raise self._wrong(problem, named, wrong.fix) from wrong
        if levels[of] == parts:
            return found
        return Some(found) if levels[of] else Of(found)

    def _pick(self, asked: Within, *, parts: bool) -> Plan:
        """Those that somebody chose, by their ids."""
        named = asked.where.name if isinstance(asked.where, Bare) else None
        found = None if named is None else self.schema.picked(named.text)
        if found is None or asked.operator is not None:
            problem = "nothing was picked under that name"
            raise self._wrong(problem, named or asked.scope, "pick again: visloop pick DATASET …")
        ids = next(each for each in self.schema.rows.fields if each.name == "id")
        inside = Test(ids, "in", found)
        return Of(inside) if parts else inside

    # --- words --------------------------------------------------------------------------------

    def _bare(self, name: Name, *, parts: bool) -> Plan:
        found = self._named(name.text, parts=parts)
        if len(found) == 1 and found[0][0].type == "boolean":
            return _lifted(Test(found[0][0], "=", (True,)), found[0][1])
        if found:
            raise self._wrong(
                f"{name.text!r} alone can be read in two ways",
                name,
                f'it has a value: {name.text} exists;  the word: "{name.text}"',
            )
        if name.text.lower() in self.schema.scopes:
            raise self._wrong(
                f"{name.text!r} alone can be read in two ways",
                name,
                f'there is one: {name.text.lower()}();  the word: "{name.text}"',
            )
        flags = [
            each.name
            for level in (self.schema.rows, self.schema.parts)
            for each in (level.fields if level else ())
            if each.type == "boolean"
        ]
        known = list(self.schema.everything()) if "." in name.text else flags
        near = get_close_matches(name.text, known, n=1, cutoff=_ALIKE)
        if near:
            raise self._wrong(
                f"no field {name.text!r}",
                name,
                f'did you mean {near[0]}?  to look for the word: "{name.text}"',
            )
        return Find(name.text, parts)

    # --- names --------------------------------------------------------------------------------

    def _named(self, name: str, *, parts: bool) -> list[tuple[Field, str]]:
        """Fields of a name, each with its level: `own`, `some` of the parts, or `of` the row."""
        schema, found = self.schema, list[tuple[Field, str]]()
        if parts and schema.parts:
            found = [(each, "own") for each in schema.parts.named(name)]
            return found or [(each, "of") for each in schema.rows.named(name)]
        found = [(each, "own") for each in schema.rows.named(name)]
        if schema.parts and name.startswith(f"{schema.prefix}.") and not found:
            inner = name.removeprefix(f"{schema.prefix}.")
            found = [(each, "some") for each in schema.parts.named(inner)]
        return found

    def _field(self, name: Name, *, parts: bool) -> tuple[Field, str]:
        found = self._named(name.text, parts=parts)
        if len(found) == 1:
            return found[0]
        if found:
            names = " or ".join(each.names[-1] for each, _ in found)
            raise self._wrong(f"{name.text!r} can be read in two ways", name, f"write {names}")
        if parts and name.text.startswith(f"{self.schema.prefix}."):
            inner = name.text.removeprefix(f"{self.schema.prefix}.")
            raise self._wrong(
                f"{name.text!r} can be read in two ways here",
                name,
                f"this object's: {inner} …;  one of its {self.schema.rows.one}:"
                f" {self.schema.rows.one}({name.text} …)",
            )
        raise self._no_field(name, parts=parts)

    def _no_field(self, name: Name, *, parts: bool) -> QueryWrong:
        schema = self.schema
        if not parts and schema.parts and schema.parts.named(name.text):
            fix = f"it is one of objects: {schema.prefix}.{name.text}, or object({name.text} …)"
            return self._wrong(f"a {schema.rows.one} has no field {name.text!r}", name, fix)
        known = list(schema.everything())
        if parts and schema.parts:
            known = [*schema.parts.names(), *schema.rows.names()]
        fix = did_you_mean(name.text, known, otherwise=_fields_of(schema))
        return self._wrong(f"no field {name.text!r}", name, fix)

    def _wrong(self, problem: str, name: Name, fix: str) -> QueryWrong:
        return QueryWrong(problem, self.text, name.at, fix=fix)


def _fields_of(schema: Schema) -> str:
    many = schema.listed.many
    return "fields: visloop complete ''" + ("" if many == "samples" else f" --of {many}")


def _lifted(found: Plan, level: str) -> Plan:
    if level == "some":
        return Some(found)
    return Of(found) if level == "of" else found
