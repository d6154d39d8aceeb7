"""What models say of pictures, for people: one line an object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click


def objects(annotations: list[dict[str, Any]]) -> list[str]:
    """`person 0.75 at 371 210 430 301`, the likeliest first; masks by how many pixels they cover."""
    return [_told(each) for each in annotations]


def _told(each: Mapping[str, Any]) -> str:
    score = f" {each['score']:.2f}" if each.get("score") is not None else ""
    said = each.get("label", "") + score
    match each["type"]:
        case "box":
            return f"{said} at {' '.join(f'{side:.0f}' for side in each['xyxy'])}"
        case "mask":
            return f"{said}, {sum(each['counts'][1::2]):,} pixels"
        case "number":
            return f"{each.get('label', '')} {each['value']:g} {each.get('unit', '')}".strip()
        case _:
            return said


def imported(plain: Mapping[str, Any]) -> None:
    """The model that was made, what it is, and what it said of the picture."""
    classes = f", {plain['classes']} classes" if plain["classes"] else ""
    click.echo(f"{plain['model'] or 'would import'}: {plain['task']}{classes}")
    picture = plain["answer"]["picture"]
    if picture:
        told = objects(plain["answer"]["annotations"])
        click.echo(f"it says of {picture}:")
        for line in told or ["nothing"]:
            click.echo(f"  {line}")
    elif not plain["model"]:
        click.echo("try it on a picture: --picture FILE")
    if plain["model"]:
        click.echo(f"serve it: visloop deploy {plain['model']} --as NAME")


def reproduced(plain: Mapping[str, Any]) -> None:
    """Whether the bytes are the same, and if not, how far apart and what else is not as it was."""
    if plain["equal"]:
        click.echo(f"{plain['model']} made again from {plain['data']}: the same, byte for byte")
    else:
        click.echo(f"{plain['model']} made again from {plain['data']}: not the same")
        told = f"{plain['changed']} of {plain['tensors']} tensors differ"
        click.echo(f"  {told}, by at most {plain['greatest']:.3g}")
    for each in plain["differs"]:
        click.echo(f"  {each['what']}: was {each['was']}, is {each['now']}")


def predicted(plain: Mapping[str, Any]) -> None:
    """A line a picture; of detectors, segmenters and numbers a line for each thing below it."""
    for row in plain["rows"]:
        moment = f" at {row['time_s']:g} s" if "time_s" in row else ""
        name = click.style(row["file"], bold=True) + moment
        if "error" in row:
            click.echo(f"{name}  {click.style('not read', fg='red')}: {row['error']['what']}")
        elif "annotations" in row:
            click.echo(name)
            for line in objects(row["annotations"]) or ["nothing"]:
                click.echo(f"  {line}")
        else:
            said = row["label"] or "no label"
            click.echo(name + f"  {said} {row['confidence'] or 0:.2f}")
    click.echo(f"{plain['count']} pictures")
