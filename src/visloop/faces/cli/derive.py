"""From an operation to a command: arguments and options are read off the request's fields."""

from __future__ import annotations

import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

import click
import msgspec

from visloop import app
from visloop.faces.cli import completing, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.app import Operation, Parameter


class KeyValue(click.ParamType[tuple[str, str]]):
    """`name=value`."""

    name = "key=value"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Split at the first `=`."""
        if isinstance(value, tuple):
            return value  # pyright: ignore[reportUnknownVariableType]
        key, sign, rest = str(value).partition("=")
        if not sign or not key:
            self.fail(f"{value!r} is not name=value", param, ctx)
        return key, rest


class JsonObject(click.ParamType[dict[str, Any]]):
    """`{"name": …}`."""

    name = "json"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> dict[str, Any]:
        """Read one JSON object."""
        if isinstance(value, dict):
            return value  # pyright: ignore[reportUnknownVariableType]
        try:
            return msgspec.json.decode(str(value), type=dict[str, Any])
        except msgspec.DecodeError as error:
            self.fail(f"that is no JSON object: {error}", param, ctx)


class Verb(click.Command):
    """The command of an operation, with the options that every command has."""

    def __init__(self, operation: Operation[Any, Any], leaf: str) -> None:
        self.operation = operation
        self._known = app.parameters(operation.request)
        super().__init__(
            name=leaf,
            params=[
                *(_click_parameter(each, operation.name) for each in self._known),
                *output.common_options(),
            ],
            callback=self._run,
            help=operation.description,
            short_help=operation.summary,
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does; a data set that stands alone where `--dataset` takes it is told so."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            optional = any(each.name == "dataset" and each.cli != "arg" for each in self._known)
            if optional and "unexpected extra argument" in error.message:
                told = f"{error.message}. Of one data set: --dataset NAME"
                raise click.UsageError(told, ctx) from error
            raise

    def request(self, given: Mapping[str, Any], base: Path) -> Any:
        """The request that these arguments stand for; paths are relative to `base`."""
        values = {each.name: _value(each, given[each.name], base) for each in self._known}
        return self.operation.request(**values)

    def _run(self, **given: Any) -> None:
        settings = output.Settings.taken_from(given)
        ask = self.request(given, Path.cwd())
        with output.connected(settings) as connection:
            answer = connection.call(self.operation, ask)
        output.show(self.operation, answer, settings)
        if getattr(ask, "dry_run", False) and not settings.json:
            click.echo("dry run: nothing was changed")
        code = app.exit_code_of(self.operation, answer)
        if code:
            raise SystemExit(code)


def _value(parameter: Parameter, value: Any, base: Path) -> Any:
    kind = _plain(parameter.type)
    if get_origin(kind) is dict:
        return _pairs(value, get_args(kind)[1], parameter)
    if parameter.path and value is not None:
        if isinstance(value, tuple):
            return tuple(_source(str(each), base) for each in value)  # pyright: ignore[reportUnknownVariableType]
        return _absolute(str(value), base)
    return value


def _pairs(given: Any, caster: Any, parameter: Parameter) -> dict[str, Any]:
    try:
        return {key: caster(text) for key, text in given}
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint=f"--{parameter.option}") from error


def _absolute(text: str, base: Path) -> str:
    return text if "://" in text else str(base / Path(text).expanduser())


def _source(text: str, base: Path) -> str:
    """A path made absolute; a version such as photos@v3 stays one where no file is called so."""
    version = "@" in text and "/" not in text and not (base / text).exists()
    return text if version else _absolute(text, base)


def _plain(hint: Any) -> Any:
    """`str | None` → `str`."""
    if get_origin(hint) in (Union, types.UnionType):
        return next(each for each in get_args(hint) if each is not type(None))
    return hint


def _click_parameter(each: Parameter, verb: str) -> click.Parameter:
    kind = _plain(each.type)
    known = completing.of_parameter(verb, each.name, path=each.path)
    if each.cli == "arg":
        return _argument(each, kind, shell_complete=known)
    return _option(each, kind, shell_complete=known)


def _option(each: Parameter, kind: Any, **shared: Any) -> click.Option:
    names = [f"--{each.option}", each.name] + ([each.short] if each.short else [])
    if kind is bool:
        return click.Option(names, is_flag=True, default=bool(each.default), help=each.help)
    shared |= {"help": each.help, "required": each.required}
    if get_origin(kind) is dict:
        return click.Option(names, type=KeyValue(), multiple=True, **shared)
    if get_origin(kind) is tuple:
        return click.Option(names, type=_click_type(get_args(kind)[0]), multiple=True, **shared)
    if not each.required:
        shared |= {"default": each.default, "show_default": each.default not in (None, "", 0)}
    return click.Option(names, type=_click_type(kind), **shared)


def _argument(each: Parameter, kind: Any, **settings: Any) -> click.Argument:
    many = get_origin(kind) is tuple
    settings |= {"required": each.required}
    if not each.required and not many:
        settings["default"] = each.default
    return click.Argument(
        [each.name],
        type=_click_type(get_args(kind)[0] if many else kind),
        nargs=-1 if many else 1,
        metavar=each.name.upper().rstrip("_") + ("…" if many else ""),
        **settings,
    )


def _click_type(kind: Any) -> Any:
    if get_origin(kind) is dict:
        return JsonObject()
    return click.Choice(list(get_args(kind))) if get_origin(kind) is Literal else kind
