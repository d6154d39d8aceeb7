"""What models say of pictures, for people: one line an object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    if plain["origin"]:
        by = f"signed by {plain['signer']}" if plain["signer"] else "signed by nobody"
        click.echo(f"it was {plain['origin']}, {by}")
    picture = plain["answer"].get("picture")
    if picture:
        told = objects(plain["answer"]["annotations"])
        click.echo(f"it says of {picture}:")
        for line in told or ["nothing"]:
            click.echo(f"  {line}")
    elif not plain["model"] and not plain["origin"]:
        click.echo("try it on a picture: --picture FILE")
    if plain["model"]:
        click.echo(f"serve it: visloop deploy {plain['model']} --as NAME")


def exported(plain: Mapping[str, Any]) -> None:
    """The file, and whose signature it carries."""
    click.echo(f"{plain['model']}: {plain['package_bytes'] / 2**20:.1f} MiB in {plain['file']}")
    if plain["signer"]:
        click.echo(f"signed by {plain['signer']}")
        click.echo("tell that fingerprint to whoever imports it, by another way than the file")
    else:
        click.echo("signed by nobody")


def verified(plain: Mapping[str, Any]) -> None:
    """What is whole, by whom, and how it came to be, a line for each step."""
    parts = ", ".join(plain["parts"])
    click.echo(f"{plain['model']} is whole: {parts}")
    if plain["signer"]:
        known = "trusted here" if plain["trusted"] else "not trusted here"
        click.echo(f"signed by {plain['signer']}, {known}")
    elif "package.json" in plain["parts"]:
        click.echo("signed by nobody")
    for line in came_to_be(plain["lineage"]):
        click.echo(f"  {line}")


def came_to_be(lineage: Mapping[str, Any]) -> list[str]:
    """A lineage in lines: data, run, judgement, decisions; then where it was before."""
    model, run, data = lineage["model"], lineage["run"], lineage["data"]
    lines = [f"{model['ref']}, made by recipe {model['recipe']}, {_day(model['created'])}"]
    if data:
        told = f", {data['samples']:,} samples" if "samples" in data else ""
        lines.append(f"from {data['ref']}{told} (root {data.get('root', '')[:12] or 'unknown'})")
    if run:
        changed = " with changes" if run["dirty"] else ""
        code = f", code {run['commit'][:12]}{changed}" if run["commit"] else ""
        lines.append(f"in run {run['id']}, seed {run['seed']}{code}")
    if lineage["verdict"]:
        lines.append(f"gate: {lineage['verdict']['verdict']} on {lineage['verdict']['on']}")
    lines += [
        f"{each['decision']} by {each['actor']}, {_day(each['time'])} {each['reason']}".rstrip()
        for each in lineage["approvals"]
    ]
    if lineage["origin"]:
        lines += [f"before: {line}" for line in came_to_be(lineage["origin"])]
    return lines


def _day(time: str) -> str:
    return str(time)[:10]


def signing_key(plain: Mapping[str, Any]) -> None:
    """The fingerprint whole, then the public half to keep in a file."""
    click.echo(plain["fingerprint"])
    click.echo(plain["public_key"].strip())


def reproduced(plain: Mapping[str, Any]) -> None:
    """Whether the bytes are the same, and if not, how far apart and what else is not as it was."""
    if plain["planned"]:
        click.echo(f"{plain['model']} would be made again in a fresh environment, with")
        for each in plain["planned"]:
            click.echo(f"  {each['name']} {each['version']}")
        return
    where = " in a fresh environment" if plain["environment"] else ""
    made = f"{plain['model']} made again from {plain['data']}{where}"
    click.echo(f"{made}: {'the same, byte for byte' if plain['equal'] else 'not the same'}")
    if not plain["equal"]:
        told = f"{plain['changed']} of {plain['tensors']} tensors differ"
        click.echo(f"  {told}, by at most {plain['greatest']:.3g}")
    changes(plain["differs"])
    packages = any(each["what"].startswith("packages.") for each in plain["differs"])
    if packages and not plain["equal"]:
        click.echo(f"with those packages: visloop reproduce {plain['model']} --environment fresh")


def cloned(plain: Mapping[str, Any]) -> None:
    """What is otherwise, and what came of it."""
    changes(plain["changed"])
    click.echo(f"run {plain['run']}, model {plain['model']}")
    for name, value in plain["metrics"].items():
        if not name.startswith("time."):
            click.echo(f"  {name} {value:.4g}")


def changes(rows: Sequence[Mapping[str, Any]]) -> None:
    """A line for each thing that is otherwise."""
    for each in rows:
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
