"""Incidents in sentences: what is asked, who says so, how the versions answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

_TIME = 16


def added(plain: Mapping[str, Any]) -> None:
    """The new test, and how the model does on it now."""
    incident, held = plain["incident"], plain["held"]
    click.echo(
        f"{incident['id']}: every gate of {incident['model']} asks for {incident['expected']}"
    )
    now = "passes it" if held["passed"] else "fails it"
    memory = "; it learnt from this very picture" if held["learnt"] else ""
    click.echo(f"  {plain['tried']} answers {held['answered']}: {now}{memory}")


def shown(plain: Mapping[str, Any]) -> None:
    """What it asks, where it was seen, what became of it, how versions answered."""
    incident = plain["incident"]
    click.echo(f"{incident['id']}, {incident['state']}")
    asks = "every gate" if incident["state"] == "open" else "no gate any more"
    click.echo(f"  asked by {asks} of {incident['model']}: {incident['expected']}")
    click.echo(f"  picture {incident['image'][:12]}{_seen(incident)}")
    for turn in incident["history"]:
        when = turn["time"][:_TIME].replace("T", " ")
        click.echo(f"  {when}  {turn['state']} by {turn['actor']}{_because(turn)}")
    if incident["state"] == "erased":
        click.echo(
            "  this test is lost for ever; visloop gc removes the picture where nothing else needs it"
        )
    asked(plain["answers"], "version")


def asked(held: Sequence[Mapping[str, Any]], by: str = "incident") -> None:
    """A line for each answer to an incident."""
    for each in held:
        mark = (
            click.style("pass", fg="green")
            if each["passed"]
            else click.style("FAIL", fg="red", bold=True)
        )
        memory = "  (learnt from this picture)" if each["learnt"] else ""
        click.echo(
            f"  {mark}  {each[by]}  expected {each['expected']}, answered {each['answered']}{memory}"
        )


def _seen(incident: Mapping[str, Any]) -> str:
    if not incident["prediction"]:
        return ""
    answered = f": {incident['answered']}" if incident["answered"] else ""
    return (
        f", {incident['prediction']} of {incident['deployment']} by {incident['version']}{answered}"
    )


def _because(turn: Mapping[str, Any]) -> str:
    return f": {turn['why']}" if turn["why"] else ""
