"""Why a model answered so, for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


def explained(plain: Mapping[str, Any]) -> None:
    """What it said and where it looked, then its nearest pictures, then its features."""
    at = "" if plain["box"] is None else f" at {' '.join(f'{side:.0f}' for side in plain['box'])}"
    click.echo(f"{plain['model']} gives {plain['label']} {plain['score']:.2f}{at}")
    x, y = plain["peak"]
    runs = f"{plain['asked']} {'run' if plain['asked'] == 1 else 'runs'} of the network"
    click.echo(
        f"{plain['method']}: most of all by pixel {x} {y} ({runs}, {plain['seconds']:.1f} s)"
    )
    if plain["seen"] < 1:
        click.echo(f"it was shown {plain['seen']:.0%} of the picture; the rest is dim")
    if plain["neighbours"]:
        click.echo(f"nearest of what it learnt from, by {plain['by']}:")
        for each in plain["neighbours"]:
            click.echo(f"  {each['near']:.3f}  {', '.join(each['labels'])}  {each['path']}")
    if plain["features"]:
        click.echo(
            f"its head, in logits: usually {plain['usual_logit']:+.2f}, here {plain['logit']:+.2f}; "
            "pushed most by"
        )
        for each in plain["features"]:
            shown = ", ".join(each["shown_by"])
            click.echo(f"  {each['push']:+.3f}  feature {each['feature']}, most of it in {shown}")
    for note in plain["notes"]:
        click.echo(note)
    for written in (plain["png"], plain["html"]):
        if written:
            click.echo(f"written: {written}")
