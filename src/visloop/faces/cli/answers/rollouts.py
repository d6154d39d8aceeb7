"""Deployments and the candidates beside them, for people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import click

_COLOURS: Final = {"promote": "green", "stop": "red"}
_BAR: Final = 30


def deployed(plain: Mapping[str, Any]) -> None:
    """What answers under a name now, and the candidate that begins beside it."""
    click.echo(f"{plain['name']}  {plain['model']}  {plain['url']}")
    if plain["candidate"]:
        share = f"{plain['share']:.0%}"
        click.echo(f"beside it: {plain['candidate']}, {share} of the requests")
        click.echo(f"  visloop rollout show {plain['name']}")
    elif plain["previous"]:
        click.echo(f"before: {plain['previous']}  (visloop rollback {plain['name']})")
    if plain["limits"]:
        click.echo("limits: " + ", ".join(f"{k}={v:g}" for k, v in plain["limits"].items()))
    if not plain["ready"]:
        click.echo("no serving process has confirmed it: visloop up")


def deployment_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `visloop deployments`, with its candidates in a few words."""
    told = {key: row[key] for key in ("name", "state", "model", "previous")}
    for kind in ("canary", "shadow"):
        one = row[kind]
        told[kind] = one and f"{one['model']} {one['share']:.0%}, {one['verdict']}"
    told["together"] = row["batch"]
    told["limits"] = " ".join(f"{k}={v:g}" for k, v in row["limits"].items()) or None
    return {**told, "changed": row["changed"]}


def shown(plain: Mapping[str, Any]) -> None:
    """Each candidate: what was seen of it, how near the boundary it is, the verdict."""
    if not plain["rows"]:
        click.echo("no canary and no shadow yet: visloop deploy MODEL --as NAME --canary 10%")
    for row in plain["rows"]:
        _one(row)


def ended(plain: Mapping[str, Any]) -> None:
    """The end of a trial."""
    click.echo(f"{plain['kind']} {plain['model']}: {plain['state']}")
    click.echo(f"{plain['name']} is answered by {plain['answers_now']}")


def _one(row: Mapping[str, Any]) -> None:
    verdict = row["verdict"] if row["state"] == "running" else row["state"]
    head = click.style(f"{row['kind']} {row['model']}", bold=True)
    colour = _COLOURS.get(row["verdict"])
    click.echo(f"{head} against {row['against']}, {row['share']:.0%} of the requests")
    click.echo(f"  {click.style(verdict, fg=colour)}: {row['because']}")
    seen = row["evidence"]
    if row["kind"] == "canary":
        for name in ("candidate", "champion"):
            click.echo(f"  {name:<10} {_arm(seen[name], seen['limit_ms'])}")
        click.echo(f"  evidence   {_bar(row)}")
    if seen["compared"]:
        agree = 1 - seen["disagreed"] / seen["compared"]
        click.echo(f"  both       {seen['compared']:,} pictures, {agree:.1%} the same answer")
    copied = row["copied"]
    if copied["offered"]:
        lost = {key: copied[key] for key in ("dropped", "failed", "hung", "crashed") if copied[key]}
        told = ", ".join(f"{count:,} {what}" for what, count in lost.items()) or "none lost"
        click.echo(
            f"  copies     {copied['answered']:,} of {copied['offered']:,} looked at; {told}"
        )


def _arm(arm: Mapping[str, Any], limit_ms: float | None) -> str:
    told = f"{arm['requests']:,} requests, {arm['errors']} failed"
    if limit_ms is not None and arm["timed"]:
        told += f", {arm['slow'] / arm['timed']:.1%} over {limit_ms:g} ms"
    return told


def _bar(row: Mapping[str, Any]) -> str:
    """How far the evidence of harm is on its way from 1 to where it stops the canary."""
    path = row["evidence"]["path"]
    value = path[-1]["together"] if path else 0.0
    filled = round(_BAR * max(0.0, min(1.0, value / row["boundary"])))
    limit = round(math.pow(10, row["boundary"]))
    return f"{'█' * filled}{'░' * (_BAR - filled)} {math.pow(10, min(value, 12)):.3g} of {limit}"
