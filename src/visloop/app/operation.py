"""One definition of a verb, from which every face is derived.

A verb is a frozen request → a frozen response, the permission that it needs (reads too), and a
handler. The SDK runs it in process or over HTTP; the command line and the REST routes are built
from the fields of the request:

    @dataclass(frozen=True)
    class Commit:
        \"\"\"Record a data set as a new, immutable version.\"\"\"
        dataset: str = arg("the data set")
        message: str = opt("what changed", short="-m")

    @operation("commit", permission="data.write")
    def commit(ports: Ports, scope: Scope, ask: Commit) -> Committed: ...
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, get_type_hints

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")
Handler = Callable[["Ports", "Scope", Ask], Answer]


@dataclass(frozen=True)
class Operation(Generic[Ask, Answer]):
    """One verb: its name (`model.approve`), permission, request and response types, and handler."""

    name: str
    permission: str
    request: type[Ask]
    response: type[Answer]
    handler: Handler[Ask, Answer]
    exit_code: Callable[[Answer], int] | None = None

    @property
    def summary(self) -> str:
        """The first line of the request's docstring."""
        return (inspect.getdoc(self.request) or "").partition("\n")[0]

    @property
    def description(self) -> str:
        """The whole docstring of the request."""
        return inspect.getdoc(self.request) or ""


def operation(
    name: str, *, permission: str, exit_code: Callable[[Any], int] | None = None
) -> Callable[[Handler[Ask, Answer]], Operation[Ask, Answer]]:
    """Turn a handler into an `Operation`; request and response are read off its annotations."""

    def wrap(handler: Handler[Ask, Answer]) -> Operation[Ask, Answer]:
        names: Mapping[str, Any] = getattr(handler, "__globals__", {})
        notes = inspect.get_annotations(handler)
        request, response = names[notes["ask"]], names[notes["return"]]
        return Operation(name, permission, request, response, handler, exit_code)

    return wrap


def arg(help_: str, *, default: Any = MISSING, path: bool = False, file: bool = False) -> Any:
    """A positional argument on the command line; `path` is made absolute where it was typed.

    `file`: what may be a file's path, or the name of something else, and stays as it is.
    """
    return _field("arg", help_, default, path=path, file=file, short="")


def opt(
    help_: str,
    *,
    default: Any = MISSING,
    short: str = "",
    path: bool = False,
    file: bool = False,
    name: str = "",
) -> Any:
    """An option on the command line (`--field-name`, or `--name`); `path` and `file` as of `arg`."""
    return _field("opt", help_, default, path=path, file=file, short=short, name=name)


def _field(
    kind: Literal["arg", "opt"],
    help_: str,
    default: Any,
    *,
    path: bool,
    file: bool,
    short: str,
    name: str = "",
) -> Any:
    notes = {"cli": kind, "help": help_, "path": path, "file": file, "short": short, "name": name}
    if isinstance(default, dict):
        return field(default_factory=dict[str, str], metadata=notes)
    return field(default=default, metadata=notes)


@dataclass(frozen=True)
class Parameter:
    """One field of a request, as a face needs to know it."""

    name: str
    cli: Literal["arg", "opt"]
    help: str
    type: Any
    required: bool
    default: Any
    path: bool
    file: bool
    short: str
    option: str


def parameters(request: type[Any]) -> list[Parameter]:
    """The fields of a request in order."""
    hints = get_type_hints(request)
    return [_parameter(each, hints[each.name]) for each in fields(request)]


def _parameter(each: Field[Any], hint: Any) -> Parameter:
    made = each.default_factory is not MISSING
    default = each.default_factory() if each.default_factory is not MISSING else each.default
    return Parameter(
        name=each.name,
        cli=each.metadata.get("cli", "opt"),
        help=each.metadata.get("help", ""),
        type=hint,
        required=each.default is MISSING and not made,
        default=None if default is MISSING else default,
        path=each.metadata.get("path", False),
        file=each.metadata.get("file", False),
        short=each.metadata.get("short", ""),
        option=each.metadata.get("name") or each.name.rstrip("_").replace("_", "-"),
    )
