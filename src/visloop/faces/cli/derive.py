"""From an operation to a command: arguments and options are read off the request's fields."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import click

from visloop import app
from visloop.faces.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable

    from visloop.app import Operation, Parameter

    Params = dict[str, Any]


class KeyValue(click.ParamType[tuple[str, str]]):
    """`name=value`."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None  # noqa: ANN401
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        if isinstance(value, tuple):
            return value
        key, sign, rest = str(value).partition("=")
        if not sign or not key:
            self.fail(f"{value!r} is not name=value", param, ctx)
        return key, rest


def command_for(operation: Operation[Any, Any], leaf: str) -> click.Command:
    """The click command of an operation, with the options that every command has."""
    known = app.parameters(operation.request)
    params = [_click_parameter(each) for each in known]
    return click.Command(
        name=leaf,
        params=[*params, *output.common_options()],
        callback=_callback(operation, known),
        help=operation.description,
        short_help=operation.summary,
    )


def _callback(
    operation: Operation[Any, Any], known: list[Parameter]
) -> Callable[..., None]:
    def run(**given: Any) -> None:  # noqa: ANN401
        settings = output.Settings.taken_from(given)
        ask = operation.request(**{each.name: _value(each, given[each.name]) for each in known})
        with output.connected(settings) as connection:
            answer = connection.call(operation, ask)
        output.show(operation, answer, settings)
        code = app.exit_code_of(operation, answer)
        if code:
            raise SystemExit(code)

    return run


def _value(parameter: Parameter, value: Any) -> Any:  # noqa: ANN401
    kind = _plain(parameter.type)
    if get_origin(kind) is dict:
        caster = get_args(kind)[1]
        return {key: caster(text) for key, text in value}
    if parameter.path and value is not None:
        if isinstance(value, tuple):
            return tuple(_absolute(str(each)) for each in value)  # pyright: ignore[reportUnknownVariableType]
        return _absolute(str(value))
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType]


def _absolute(text: str) -> str:
    return text if "://" in text else str(Path(text).expanduser().absolute())


def _plain(hint: Any) -> Any:  # noqa: ANN401
    """`str | None` → `str`."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def _click_parameter(each: Parameter) -> click.Parameter:
    kind = _plain(each.type)
    if each.cli == "arg":
        return _argument(each, kind)
    names = [f"--{each.option}", each.name] + ([each.short] if each.short else [])
    shared: dict[str, Any] = {"help": each.help, "required": each.required}
    if kind is bool:
        return click.Option(names, is_flag=True, default=bool(each.default), help=each.help)
    if get_origin(kind) is dict:
        return click.Option(names, type=KeyValue(), multiple=True, **shared)
    if get_origin(kind) is tuple:
        return click.Option(names, type=_click_type(get_args(kind)[0]), multiple=True, **shared)
    shown = each.default not in (None, "", 0)
    return click.Option(
        names, type=_click_type(kind), default=each.default, show_default=shown, **shared
    )


def _argument(each: Parameter, kind: Any) -> click.Argument:  # noqa: ANN401
    many = get_origin(kind) is tuple
    return click.Argument(
        [each.name],
        type=_click_type(get_args(kind)[0] if many else kind),
        nargs=-1 if many else 1,
        required=each.required,
        default=None if each.required or many else each.default,
        metavar=each.name.upper() + ("…" if many else ""),
    )


def _click_type(kind: Any) -> Any:  # noqa: ANN401
    if get_origin(kind) is Literal:
        return click.Choice(list(get_args(kind)))
    return kind
