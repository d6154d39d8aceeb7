"""What models say of pictures, and how good they are, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import click

_MOST: Final = 12
_WORST: Final = 5


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
    """The file, and whose signature it carries; of another form of the model what it costs first."""
    if plain.get("variant"):
        _variant(plain["variant"])
    if not plain["file"]:
        return
    click.echo(f"{plain['model']}: {plain['package_bytes'] / 2**20:.1f} MiB in {plain['file']}")
    if plain["signer"]:
        click.echo(f"signed by {plain['signer']}")
        click.echo("tell that fingerprint to whoever imports it, by another way than the file")
    else:
        click.echo("signed by nobody")


def _variant(variant: Mapping[str, Any]) -> None:
    report = variant["report"]
    verdict = (
        click.style("pass", fg="green") if variant["passed"] else click.style("FAIL", fg="red")
    )
    click.echo(f"{verdict}  {variant['source']} as {variant['target']}")
    size = f"{variant['bytes_before'] / 2**20:.1f} → {variant['bytes_after'] / 2**20:.1f} MiB"
    speed = f"{report['ms_before']:.1f} → {report['ms_after']:.1f} ms a picture, one thread"
    gain = f"gain {report['gain']:+.4f}, at least {report['low']:+.4f}"
    moved = f"{report['metric']} {report['before']:.4f} → {report['after']:.4f}"
    click.echo(f"  {moved} ({gain}) on {report['n']} pictures of {report['on']}")
    if report["same"] is not None:
        click.echo(f"  the same class on {report['same']:.1%} of them")
    click.echo(f"  {size}, {speed}")
    if variant["why"]:
        click.echo(f"  {variant['why']}; nothing was written or registered")


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


def started(start: Mapping[str, Any]) -> None:
    """The model that a training began with, and what became of its classes."""
    click.echo(f"started from {start['model']}: {start['parts']} parts of its network")
    for name, was in start["classes"].items():
        told = "new" if was is None else "as it was" if was == name else f"was {was}"
        click.echo(f"  {name}: {told}")
    if start["left_behind"]:
        click.echo(f"  left behind: {', '.join(start['left_behind'])}")


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
    """A line a picture, and of detectors, segmenters and numbers a line for each thing below it; or,
    where it was written, what could not be read and where the rest is.
    """
    for row in plain["rows"]:
        _predicted_row(row)
    if not plain["rows"]:
        for each in plain["errors"]:
            what = each["what"]
            click.echo(f"{each['file']}  {click.style('not read', fg='red')}: {what}")
        if (more := plain["failed"] - len(plain["errors"])) > 0:
            click.echo(f"… and {more:,} more: see their rows")
    lost = f", {plain['failed']:,} not read" if plain["failed"] else ""
    places = " and ".join(each for each in (plain["out"], plain["video"]) if each)
    click.echo(f"{plain['count']:,} pictures{lost}{' → ' if places else ''}{places}")


def _predicted_row(row: Mapping[str, Any]) -> None:
    moment = f" at {row['time_s']:g} s" if "time_s" in row else ""
    name = click.style(row["file"], bold=True) + moment
    if "error" in row:
        click.echo(f"{name}  {click.style('not read', fg='red')}: {row['error']['what']}")
    elif "annotations" in row:
        click.echo(name)
        for line in objects(row["annotations"]) or ["nothing"]:
            click.echo(f"  {line}")
    elif "embedding" in row:
        click.echo(name + f"  a vector of {len(row['embedding'])} numbers")
    else:
        click.echo(name + f"  {row['label'] or 'no label'} {row['confidence'] or 0:.2f}")


def report_sections(plain: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Titles, each with the rows of a table."""
    if plain["trained_on"]:
        yield f"{plain['trained_on']} of these pictures were trained on: the figures flatter", []
    if plain["beside"]:
        yield "beside what it must beat", [_beside(row) for row in plain["beside"]]
    if plain["per_class"]:
        yield "classes", [_figures(row) for row in plain["per_class"]]
    if plain["sizes"]:
        yield "sizes of objects", [_figures(row) for row in plain["sizes"]]
    if plain["errors"]:
        rows = [
            {
                "error": e["name"],
                "count": e["count"],
                "gain of map50 without": e["gain"],
                "": e["meaning"],
            }
            for e in plain["errors"]
        ]
        yield "errors", rows
    if plain["confused"]:
        rows = [
            {"mistake": f"{c['truth']} → {c['answered']}", "n": c["n"]}
            for c in plain["confused"][:_MOST]
        ]
        yield "taken for one another", rows
    yield from _slices(plain)
    if plain["worst"]:
        rows = [{k: w[k] for k in ("path", "said", "loss")} for w in plain["worst"][:_WORST]]
        yield "worst pictures", rows


def _slices(plain: Mapping[str, Any]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked = [row for row in plain["slices"] if row["kind"] == "asked"]
    if asked:
        yield "slices asked for", [_slice(row) for row in asked]
    if plain["found"]:
        tried = f"{plain['searched']} tried in one half of the pictures"
        confirmed = f"{len(plain['found'])} of {plain['tested']} confirmed by the other"
        yield f"failing slices: {tried}, {confirmed}", [_slice(row) for row in plain["found"]]
    elif plain["searched"]:
        yield f"failing slices: {plain['searched']} tried, none confirmed by other pictures", []
    worse = [
        row
        for row in plain["slices"]
        if row["kind"] == "facet" and row["q"] <= 0.05  # noqa: PLR2004
    ]
    if plain["looked_at"]:
        yield (
            f"{len(worse)} of {plain['looked_at']} slices fare worse (q ≤ 0.05)",
            [_slice(row) for row in worse[:_MOST]],
        )


def _slice(row: Mapping[str, Any]) -> dict[str, Any]:
    metric = next(iter(row["metrics"]), None)
    figure = {} if metric is None else _with_interval(row, metric)
    return {
        "slice": row["name"],
        "n": row["n"],
        **figure,
        "loss": row["loss"],
        "of the rest": row["rest"],
    } | {
        "p": row["p"],
        "q": row["q"],
    }


def _with_interval(row: Mapping[str, Any], metric: str) -> dict[str, Any]:
    low, high = row["intervals"][metric]
    return {metric: f"{row['metrics'][metric]:.3f}  [{low:.3f}, {high:.3f}]"}


def _beside(row: Mapping[str, Any]) -> dict[str, Any]:
    interval = row.get("interval")
    return {
        "": row["against"],
        "metric": row["metric"],
        "this model": row["ours"],
        "that": row["theirs"],
        "better by": row.get("gain"),
        "95 %": f"[{interval[0]:.3f}, {interval[1]:.3f}]" if interval else None,
        "verdict": row["verdict"],
    }


def _figures(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "intervals"}
