"""The one grammar of questions, read from the left by one function a rule.

    question   := [either] {"sort" "by" path ["asc"|"desc"] {"," …} | "limit" NUMBER}
    either     := all {"or" all}
    all        := one {"and" one}
    one        := "not" one | "(" either ")"
                | scope "(" [either] ")" [comparison NUMBER]
                | path (comparison value | ["not"] "in" "(" value {"," value} ")"
                        | ["not"] "like" TEXT | "exists")
                | "changed" "since" version
                | ("near" | "similar") TEXT
                | path | word {word} | TEXT
    comparison := "=" | "!=" | "<" | "<=" | ">" | ">="
    value      := TEXT | NUMBER [unit] | MOMENT | word
    path       := word {"." word} | `anything`

Words of the language may be written in capitals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias, cast

from visloop.query.errors import QueryWrong, Span
from visloop.query.language.lexing import Token, tokens
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
    Operator,
    Order,
    Question,
    Value,
    Within,
    Words,
)

Wanted: TypeAlias = Literal[
    "one", "operator", "value", "joint", "field", "number", "version", "text"
]
COMPARISONS: Final = ("=", "!=", "<", "<=", ">", ">=")
JOINTS: Final = ("and", "or", "sort by", "limit")
_NO_UNIT: Final = frozenset({"and", "or", "sort", "limit", "not"})
_VALUES: Final = frozenset({"text", "number", "moment", "word", "name"})
_DEEPEST: Final = 60


@dataclass(frozen=True)
class Stop:
    """Where reading stopped: what would have gone on, of which field, inside which scope."""

    wants: tuple[Wanted, ...]
    name: str = ""
    scope: str = ""
    open: bool = False


class Stopped(QueryWrong):
    """The question stopped making sense; `stop` says what was expected there."""

    def __init__(self, problem: str, text: str, at: Span, stop: Stop, *, fix: str = "") -> None:
        super().__init__(problem, text, at, fix=fix)
        self.stop = stop


def parse(text: str) -> Question:
    """What the question says.

    Raises:
        QueryWrong: it is none: where, what was expected, what may have been meant.
    """
    return Reader(text).question()


class Reader:
    """Reads one question; `stop` is where the last expression ended, for completion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.stop = Stop(("one",))
        self._tokens = tokens(text)
        self._place = 0
        self._scopes: list[str] = []

    def question(self) -> Question:
        """The whole text."""
        where = None
        if not (self._at_end() or self._at_tail()):
            where = self._either(0)
        order: tuple[Order, ...] = ()
        limit: int | None = None
        while self._at_tail():
            if self._word("sort"):
                order += self._order()
            else:
                limit = self._limit()
        if not self._at_end():
            raise self._unexpected(("joint",), JOINTS)
        return Question(self.text, where, order, limit)

    # --- expressions --------------------------------------------------------------------------

    def _either(self, depth: int) -> Expression:
        parts = self._joined("or", self._all, depth)
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _all(self, depth: int) -> Expression:
        parts = self._joined("and", self._one, depth)
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _joined(self, word: str, read: Callable[[int], Expression], depth: int) -> list[Expression]:
        parts = [read(depth)]
        while self._word(word):
            parts.append(read(depth))
        return parts

    def _one(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise QueryWrong(
                "too many parentheses inside one another",
                self.text,
                self._next.at,
                fix=f"at most {_DEEPEST}",
            )
        token = self._next
        if self._word("not"):
            return Not(self._one(depth + 1))
        if self._sign("("):
            found = self._either(depth + 1)
            self._close()
            return found
        if token.kind == "text":
            self._step()
            self.stop = self._joint()
            return Words(Value(token.text, token.at, quoted=True))
        if token.kind in {"word", "name"} and not self._at_tail():
            return self._named(depth)
        raise self._unexpected(("one",), ("a field", "not", "(", "a word"))

    def _named(self, depth: int) -> Expression:
        token, after = self._next, self._peek(1)
        if token.word == "changed" and after.word == "since":
            return self._changed()
        if token.word in {"near", "similar"} and after.kind == "text":
            return self._alike()
        if token.word in {"and", "or"}:
            raise self._unexpected(("one",), ("a field", "not", "(", "a word"))
        self._step()
        name = Name(token.text, token.at)
        if after.kind == "sign" and after.text == "(":
            return self._within(name, depth)
        return self._compared(name) or self._bare(name)

    def _within(self, scope: Name, depth: int) -> Within:
        self._step()
        self._scopes.append(scope.text.lower())
        where = None
        if not self._sign(")"):
            where = self._either(depth + 1)
            self._close()
        self._scopes.pop()
        self.stop = self._joint(scope.text)
        end = self._tokens[self._place - 1].at
        operator = self._comparison()
        if operator is None:
            return Within(scope, where, scope.at.to(end))
        number = self._next
        if number.kind != "number" or not number.text.isdigit():
            raise self._unexpected(("number",), ("how many objects",))
        self._step()
        self.stop = self._joint()
        count = Value(number.text, number.at, number=number.text)
        return Within(scope, where, scope.at.to(number.at), operator, count)

    def _compared(self, name: Name) -> Compare | None:
        """The comparison that a name begins, if it begins one."""
        turned = self._next.word == "not" and self._peek(1).word in {"in", "like"}
        if turned:
            self._step()
        operator = self._comparison()
        values: tuple[Value, ...] = ()
        if operator is not None:
            values = (self._value(name),)
        elif self._word("in"):
            operator, values = "in", self._list(name)
        elif self._next.word == "like":
            self._step()
            operator, values = "like", (self._pattern(name),)
        elif self._word("exists"):
            operator = "exists"
        else:
            return None
        self.stop = self._joint()
        end = self._tokens[self._place - 1].at
        return Compare(name, operator, values, name.at.to(end), turned)

    def _bare(self, name: Name) -> Expression:
        """A name alone; words side by side are searched for together."""
        self.stop = Stop(("operator", "joint"), name.text, self._scope, bool(self._scopes))
        found: list[Expression] = [Bare(name)]
        while self._next.kind == "word" and not self._is_language(self._next):
            after = self._peek(1)
            if after.text in {*COMPARISONS, "("} or after.word in {"in", "like", "exists"}:
                break
            found.append(Bare(Name(self._next.text, self._next.at)))
            self._step()
            self.stop = self._joint()
        return found[0] if len(found) == 1 else All(tuple(found))

    def _is_language(self, token: Token) -> bool:
        return token.word in {"and", "or", "not"} or self._at_tail()

    def _changed(self) -> Changed:
        first = self._next.at
        self._step()
        self._step()
        version = self._next
        if version.kind not in {"word", "text", "number", "moment"}:
            raise self._unexpected(("version",), ("a version such as v3",))
        self._step()
        self.stop = self._joint()
        return Changed(Value(version.text, version.at), first.to(version.at))

    def _alike(self) -> Alike:
        kind, value = self._next, self._peek(1)
        self._step()
        self._step()
        self.stop = self._joint()
        to: Literal["near", "similar"] = "near" if kind.word == "near" else "similar"
        return Alike(to, Value(value.text, value.at, quoted=True), kind.at.to(value.at))

    # --- values -------------------------------------------------------------------------------

    def _value(self, name: Name) -> Value:
        token = self._next
        if token.kind not in _VALUES:
            raise self._unexpected(("value",), ("a value",), name=name.text)
        self._step()
        if token.kind == "text":
            return Value(token.text, token.at, quoted=True)
        if token.kind != "number":
            return Value(token.text, token.at)
        unit = self._next
        after = self._peek(1)
        ends = after.kind == "end" or after.text in {")", ","} or after.word in _NO_UNIT
        is_unit = unit.kind == "word" and unit.word not in _NO_UNIT and ends
        if not is_unit and not (unit.kind == "sign" and unit.text[0] in "%°"):
            return Value(token.text, token.at, number=token.text)
        self._step()
        at = token.at.to(unit.at)
        return Value(self.text[at.start : at.end], at, number=token.text, unit=unit.text)

    def _list(self, name: Name) -> tuple[Value, ...]:
        if not self._sign("("):
            raise self._unexpected(("text",), ("(",), fix=f"write: {name.text} in (a, b)")
        values = [self._value(name)]
        while self._sign(","):
            values.append(self._value(name))
        if not self._sign(")"):
            raise self._unexpected(("text",), (",", ")"))
        return tuple(values)

    def _pattern(self, name: Name) -> Value:
        token = self._next
        if token.kind != "text":
            raise self._unexpected(
                ("text",), ("a pattern in quotes",), fix=f'write: {name.text} like "dock-%"'
            )
        self._step()
        return Value(token.text, token.at, quoted=True)

    def _comparison(self) -> Operator | None:
        token = self._next
        if token.kind == "sign" and token.text in COMPARISONS:
            self._step()
            return cast("Operator", token.text)
        return None

    # --- sort, limit --------------------------------------------------------------------------

    def _order(self) -> tuple[Order, ...]:
        self._step()
        found = [self._order_by()]
        while self._sign(","):
            found.append(self._order_by())
        return tuple(found)

    def _order_by(self) -> Order:
        token = self._next
        if token.kind not in {"word", "name"}:
            raise self._unexpected(("field",), ("a field to sort by",))
        self._step()
        self.stop = Stop(("joint",), "desc")
        descending = self._word("desc")
        if not descending:
            self._word("asc")
        return Order(Name(token.text, token.at), descending)

    def _limit(self) -> int:
        self._step()
        token = self._next
        if token.kind != "number" or not token.text.isdigit():
            raise self._unexpected(("number",), ("a whole number",), fix="write: limit 100")
        self._step()
        return int(token.text)

    # --- tokens -------------------------------------------------------------------------------

    @property
    def _next(self) -> Token:
        return self._tokens[self._place]

    @property
    def _scope(self) -> str:
        return self._scopes[-1] if self._scopes else ""

    def _joint(self, name: str = "") -> Stop:
        wants: tuple[Wanted, ...] = ("operator", "joint") if name else ("joint",)
        return Stop(wants, name, self._scope, bool(self._scopes))

    def _peek(self, by: int) -> Token:
        return self._tokens[min(self._place + by, len(self._tokens) - 1)]

    def _step(self) -> None:
        self._place += 1

    def _at_end(self) -> bool:
        return self._next.kind == "end"

    def _at_tail(self) -> bool:
        """Whether `sort by` or `limit 3` begins here."""
        word, after = self._next.word, self._peek(1)
        return (word == "sort" and after.word == "by") or (
            word == "limit" and after.kind in {"number", "end"}
        )

    def _word(self, word: str) -> bool:
        return self._take(self._next.word == word)

    def _sign(self, sign: str) -> bool:
        return self._take(self._next.kind == "sign" and self._next.text == sign)

    def _take(self, fits: bool) -> bool:
        if fits:
            self._step()
        return fits

    def _close(self) -> None:
        if not self._sign(")"):
            raise self._unexpected(("joint",), ("and", "or", ")"), open_=True)
        self.stop = self._joint()

    def _unexpected(
        self,
        wants: tuple[Wanted, ...],
        words: tuple[str, ...],
        *,
        fix: str = "",
        name: str = "",
        open_: bool = False,
    ) -> Stopped:
        token = self._next
        expected = words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
        found = "the question ends" if token.kind == "end" else f"{token.text!r}"
        near = get_close_matches(token.text.lower(), [w for w in words if w.isalpha()], n=1)
        if near:
            fix = f"did you mean {near[0]!r}?"
        stop = Stop(wants, name, self._scope, open_ or bool(self._scopes))
        if token.kind == "end" and self.stop.wants[0] == "operator" and wants == ("joint",):
            stop = self.stop
        problem = f"expected {expected}; {found}" + ("" if token.kind == "end" else " stands there")
        return Stopped(problem, self.text, token.at, stop, fix=fix)
