"""What every command shares: where to act (`--workspace`, `--server`), and how to answer (`--json`)."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from visloop.faces import sdk
from visloop.faces.cli import bars, render

if TYPE_CHECKING:
    from collections.abc import Generator

    from visloop.app import Operation
    from visloop.errors import VisloopError
    from visloop.faces.sdk import Connection


@dataclass(frozen=True)
class Settings:
    """The options that every command has."""

    json: bool = False
    quiet: bool = False
    workspace: str | None = None
    server: str | None = None
    project: str | None = None

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Settings:
        """Pop the shared options, as many as there are, out of a command's arguments."""
        return cls(
            json=given.pop("as_json", False),
            quiet=given.pop("quiet", False),
            workspace=given.pop("workspace", None),
            server=given.pop("server", None),
            project=given.pop("project", None),
        )


def common_options(*names: str) -> list[click.Parameter]:
    """`--json --quiet --workspace --server --project`, or those of them that a command heeds."""
    options = [
        click.Option(["--json", "as_json"], is_flag=True, help="one JSON object on stdout"),
        click.Option(["--quiet", "-q", "quiet"], is_flag=True, help="no progress"),
        click.Option(
            ["--workspace"],
            envvar="VISLOOP_WORKSPACE",
            metavar="DIR",
            help="the workspace; default: the one around this folder",
        ),
        click.Option(
            ["--server"],
            envvar="VISLOOP_SERVER",
            metavar="URL",
            help="act on a running server (its token: $VISLOOP_TOKEN)",
        ),
        click.Option(["--project"], metavar="NAME", help="a project of the workspace"),
    ]
    return [
        each
        for each in options
        if not names or f"--{(each.name or '').removeprefix('as_')}" in names
    ]


@contextmanager
def connected(settings: Settings) -> Generator[Connection]:
    """A connection to the workspace or the server that the options name."""
    with bars.progress(quiet=settings.quiet) as progress:
        if settings.server:
            connection = sdk.remote(
                settings.server,
                token=os.environ.get("VISLOOP_TOKEN"),
                project=settings.project,
                progress=progress,
            )
        else:
            root = Path(settings.workspace) if settings.workspace else Path.cwd()
            connection = sdk.local(root, project=settings.project, progress=progress)
        with connection:
            yield connection


def show(operation: Operation[Any, Any], answer: object, settings: Settings) -> None:
    """Print an answer: JSON for machines, a table for people."""
    if settings.json:
        click.echo(msgspec.json.encode(answer).decode())
    else:
        render.answer(operation.name, answer)


def fail(error: VisloopError, *, as_json: bool) -> None:
    """Print what happened and how to mend it."""
    if as_json:
        click.echo(msgspec.json.encode(error.to_dict()).decode())
        return
    click.echo(click.style("error: ", fg="red", bold=True) + error.what, err=True)
    if error.fix:
        click.echo(click.style("  fix: ", fg="green") + error.fix, err=True)


def wants_json(arguments: list[str] | None = None) -> bool:
    """Whether `--json` stands on the command line (errors come before options are parsed)."""
    return "--json" in (sys.argv[1:] if arguments is None else arguments)
