"""Commands that are processes: init, up, serve, worker, web, quickstart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from visloop import app
from visloop.faces import web
from visloop.faces.cli import completing, output, shells, story, supervise
from visloop.faces.cli.track import track

_DIRECTORY = click.Path(file_okay=False, path_type=Path)


def commands() -> list[click.Command]:
    """All of them, in the order of a first day."""
    return [init, quickstart, up, serve, worker, track, api, completion]


@click.command(params=output.common_options("--json"))
@click.argument("directory", type=_DIRECTORY, default=".")
def init(directory: Path, **given: Any) -> None:
    """Make a workspace in DIRECTORY (default: here); again changes nothing."""
    settings = output.Settings.taken_from(given)
    fresh = app.create(directory)
    place = str(directory.resolve())
    if settings.json:
        click.echo(msgspec.json.encode({"workspace": place, "created": fresh}).decode())
        return
    click.echo(f"{'made' if fresh else 'there already:'} {place}")
    click.echo("next: visloop add FOLDER --to NAME")


@click.command(params=output.common_options("--json", "--quiet"))
@click.argument("directory", type=_DIRECTORY, default="demo-line")
@click.option("--serve/--no-serve", "stay", default=True, help="leave the page open at the end")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0: any free one")
@click.option("--seed", type=int, default=7, show_default=True, help="another factory line")
def quickstart(directory: Path, *, stay: bool, port: int, seed: int, **given: Any) -> None:
    """See the whole circle on a virtual factory line, told as a story.

    Train, deploy, traffic; the lamp ages, the alarm, the labels, the new model, healed. The
    commands that it runs are the ones that you would type; it prints them as it goes.
    """
    settings = output.Settings.taken_from(given)
    root = click.get_current_context().find_root().command
    answer = story.tell(directory, settings, root, port=port, seed=seed, stay=stay)
    if settings.json:
        click.echo(msgspec.json.encode(answer).decode())


@click.command(params=output.common_options("--json", "--workspace"))
@click.option("--host", default=None, help="default: serve.host of visloop.yaml, 127.0.0.1")
@click.option("--port", type=click.IntRange(0, 65535), default=8484, show_default=True)
def up(host: str | None, port: int, **given: Any) -> None:
    """Run everything: the page and the API, the serving processes, a worker. Ctrl-C ends it."""
    settings = output.Settings.taken_from(given)
    supervise.up(supervise.root_of(settings), host=host, port=port, as_json=settings.json)


@click.command(params=output.common_options("--workspace"))
@click.argument("models", nargs=-1)
@click.option("--host", default=None, help="default: serve.host of visloop.yaml, 127.0.0.1")
@click.option("--port", type=click.IntRange(0, 65535), default=8484, show_default=True)
@click.option("--fd", type=int, default=None, hidden=True)
@click.option("--fallback", default=None, hidden=True)
def serve(
    models: tuple[str, ...],
    host: str | None,
    port: int,
    fd: int | None,
    fallback: str | None,
    **given: Any,
) -> None:
    """Serve the deployments alone, in this process; MODELS are deployed under their own name first."""
    settings = output.Settings.taken_from(given)
    root = supervise.root_of(settings)
    for ref in models:
        with output.connected(settings) as connection:
            name = ref.partition("@")[0]
            connection.call(app.deploy, app.Deploy(model=ref, as_=name, wait_s=0))
    supervise.serve(root, host=host, port=port, fd=fd, fallback=fallback)


@click.command(params=output.common_options("--workspace"))
@click.option("--lease-s", type=float, default=5.0, show_default=True, help="length of a lease")
@click.option("--once", is_flag=True, help="one round, then end")
def worker(*, lease_s: float, once: bool, **given: Any) -> None:
    """Add hands: tests windows, captures, delivers webhooks, moves the loop on."""
    settings = output.Settings.taken_from(given)
    supervise.worker(supervise.root_of(settings), lease_s=lease_s, once=once)


@click.command(params=output.common_options("--workspace"), hidden=True)
@click.option("--port", type=click.IntRange(0, 65535), default=0)
@click.option("--fd", type=int, default=None)
@click.option("--here", is_flag=True, help="only this machine reaches what stands in front of it")
def api(port: int, fd: int | None, *, here: bool, **given: Any) -> None:
    """The page and the API alone (`up` starts it)."""
    settings = output.Settings.taken_from(given)
    web.run(supervise.root_of(settings), port=port, fd=fd, here=here or fd is None)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.option("--install", is_flag=True, help="put it where the shell finds it by itself")
def completion(shell: str, *, install: bool) -> None:
    """Complete commands, names and questions in a shell: eval "$(visloop completion bash)"."""
    root = click.get_current_context().find_root().command
    if not install:
        click.echo(shells.script(shell, root, completing.VARIABLE))
        return
    click.echo(f"wrote {shells.install(shell, root, completing.VARIABLE)}")
    click.echo("it is read by shells that start from now on")
    if shell == "zsh":
        click.echo("~/.zshrc must say: fpath=(~/.zfunc $fpath); autoload -U compinit; compinit")
