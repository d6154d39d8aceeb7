"""The root of the command line: groups, help in sections, one place where errors end."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click
from click import shell_completion

from visloop import app
from visloop.errors import VisloopError
from visloop.faces.cli import completing, derive, output, processes, shells

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRACEBACK = "VISLOOP_TRACEBACK"


class SystemRefused(VisloopError):
    """The operating system said no: no such folder, no permission, a full disk."""

    code = "system.refused"


class Fault(VisloopError):
    """Something that nobody foresaw: a fault of visloop itself."""

    code = "fault"


class Tree(click.Group):
    """Commands built when they are asked for: `model approve` lives in the group `model`."""

    def __init__(self, prefix: str = "", **settings: Any) -> None:
        super().__init__(**settings)
        self._prefix = prefix

    def _leaves(self) -> dict[str, str]:
        """The name of each verb below, less the prefix → its name among those of `app`."""
        start = f"{self._prefix}." if self._prefix else ""
        return {
            name.removeprefix(start): known
            for name, known in app.NAMES.items()
            if name.startswith(start)
        }

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command and group at this level, sorted."""
        own = set(super().list_commands(ctx))
        return sorted(own | {name.partition(".")[0] for name in self._leaves()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Build the command or group of that name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        leaves = self._leaves()
        inner = f"{self._prefix}.{cmd_name}" if self._prefix else cmd_name
        own_verb = (
            derive.Verb(getattr(app, leaves[cmd_name]), cmd_name) if cmd_name in leaves else None
        )
        if any(name.startswith(f"{cmd_name}.") for name in leaves):
            if own_verb is not None:
                return Family(inner, own_verb)
            return Tree(inner, name=cmd_name, help=app.GROUPS.get(inner, ""))
        return own_verb

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a nearest name when there is no such command."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = app.nearest(args[0], self.list_commands(ctx))
            hint = f" Did you mean {near!r}?" if near else ""
            raise click.UsageError(error.message + hint, ctx) from error


class Root(Tree):
    """All commands, in sections that follow the work."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Section by section; what no section names comes last."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = {name: each for name, each in commands.items() if each and not each.hidden}
        named = {name for names in app.SECTIONS.values() for name in names}
        rest = tuple(name for name in shown if name not in named)
        limit = formatter.width - 6 - max(map(len, shown))
        for title, names in {**app.SECTIONS, "More": rest}.items():
            rows = [
                (name.ljust(max(map(len, shown))), shown[name].get_short_help_str(limit))
                for name in names
                if name in shown
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


class Family(Tree):
    """A verb that has others below it: `tag photos@v3 gold` beside `tag list photos`."""

    def __init__(self, prefix: str, verb: derive.Verb) -> None:
        super().__init__(prefix, name=verb.name, help=verb.help, short_help=verb.short_help)
        self._verb = verb

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of the verb itself, unless the first word is one of those below."""
        below = {*self.list_commands(click.Context(self)), "--help", "-h"}
        if not args or args[0] not in below:
            return self._verb.make_context(info_name, args, parent, **extra)
        return super().make_context(info_name, args, parent, **extra)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Those of the verb itself."""
        return self._verb.collect_usage_pieces(ctx)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the verb itself, and the verbs below it."""
        self._verb.format_options(ctx, formatter)
        self.format_commands(ctx, formatter)


def build() -> click.Group:
    """The whole command line."""
    root = Root(
        name="visloop",
        help="Closes the loop for computer vision: from camera to model and back.",
        epilog="Start with: visloop quickstart   Everything has --help and --json.",
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    )
    root.params.append(_version_option())
    if completing.VARIABLE in os.environ:
        shell_completion.add_completion_class(shells.Bash, "bash")
    for command in processes.commands():
        root.add_command(command)
    return root


def _version_option() -> click.Option:
    def print_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            from importlib.metadata import version  # noqa: PLC0415 - 15 ms that no other command needs

            click.echo(f"visloop {version('visloop')}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=print_version,
        help="print the version",
    )


def run(arguments: Sequence[str]) -> int:
    """Run one command line in this process; the exit code."""
    as_json = output.wants_json(list(arguments))
    try:
        build().main(args=list(arguments), prog_name="visloop", standalone_mode=False)
    except VisloopError as error:
        output.fail(error, as_json=as_json)
        return error.exit_code
    except click.ClickException as error:
        return _usage(error, as_json=as_json)
    except (
        click.exceptions.Exit,
        SystemExit,
        click.Abort,
        KeyboardInterrupt,
        BrokenPipeError,
    ) as stop:
        return _ended(stop)
    except OSError as error:
        what = f"{error.filename or 'the system'}: {error.strerror or error}"
        fix = "check that the place exists, may be written to, and has room"
        output.fail(SystemRefused(what, fix=fix), as_json=as_json)
        return SystemRefused.exit_code
    except Exception as error:  # whatever it is: nobody is helped by a traceback that did not ask
        if os.environ.get(_TRACEBACK):
            raise
        output.fail(_fault(error), as_json=as_json)
        return Fault.exit_code
    return 0


def _fault(error: Exception) -> Fault:
    told = " ".join(str(error).split())[:300]
    return Fault(
        f"visloop met a fault of its own: {type(error).__name__}: {told}",
        fix=f"nothing half done is kept; {_TRACEBACK}=1 before the command shows where, to report it",
    )


def _ended(stop: BaseException) -> int:
    match stop:
        case click.exceptions.Exit():
            return stop.exit_code
        case SystemExit():
            return stop.code if isinstance(stop.code, int) else 0
        case click.Abort() | KeyboardInterrupt():
            click.echo("stopped; run it again to go on", err=True)
            return 130
        case _:  # whoever read our output has seen enough
            return 0


def _usage(error: click.ClickException, *, as_json: bool) -> int:
    if as_json:
        output.fail(app.usage_error(error.format_message()), as_json=True)
    else:
        error.show()
    return 2


def main() -> None:
    """`visloop …`."""
    sys.exit(run(sys.argv[1:]))
