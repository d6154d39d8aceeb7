"""A command line, parsed as the shell's would be, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from visloop.faces.cli import derive

if TYPE_CHECKING:
    from collections.abc import Sequence

    from visloop.app import Operation


def parse(
    root: click.Command, arguments: Sequence[str], *, base: Path
) -> tuple[Operation[Any, Any], Any]:
    """The operation and the request that a line under `root` stands for; paths are relative to `base`.

    Raises:
        click.UsageError: it would not run in a shell either.
    """
    command = root
    context = click.Context(command, info_name="visloop")
    rest = list(arguments)
    while isinstance(command, click.Group):
        name, found, rest = command.resolve_command(context, rest)
        if found is None:
            context.fail(f"no command {name!r}")
        command = found
        context = (
            command.make_context(name, rest, parent=context)
            if not isinstance(command, click.Group)
            else click.Context(command, info_name=name, parent=context)
        )
    if not isinstance(command, derive.Verb):
        context.fail(f"{command.name} is a process, not a verb")
    return command.operation, command.request(context.params, base)


def decode(line: bytes) -> Any:
    """One JSON line."""
    return msgspec.json.decode(line)
