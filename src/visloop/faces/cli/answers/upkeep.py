"""What housekeeping found and did, in sentences: gc, storage, verify, audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

_UNITS: Final = ("B", "kB", "MB", "GB", "TB")
_STEP: Final = 1000
_MINUTE_S: Final = 60


def size(n: float) -> str:
    """`1.2 MB`; decimal units."""
    step = 0
    while n >= _STEP and step < len(_UNITS) - 1:
        n, step = n / _STEP, step + 1
    return f"{n:.1f} {_UNITS[step]}" if step else f"{n:.0f} B"


def counted(n: int, one: str) -> str:
    """`1 blob`, `1,204 blobs`."""
    return f"{n:,} {one}" if n == 1 else f"{n:,} {one}s"


def _blobs(plain: Mapping[str, Any], name: str) -> str:
    return f"{counted(plain[name], 'blob')} ({size(plain[f'{name}_bytes'])})"


def collected(plain: Mapping[str, Any]) -> None:
    """What went or would go, what waits and why, what stays."""
    if plain["purged"]:
        said = "would purge" if plain["dry_run"] else "purged"
        click.echo(f"{said} of the trash: {', '.join(plain['purged'])}")
    if plain["dry_run"] and plain["removed"]:
        click.echo(f"would remove {_blobs(plain, 'removed')} that nothing needs")
    elif plain["removed"] or plain["packs_removed"]:
        packs = counted(plain["packs_removed"], "pack")
        click.echo(f"removed {_blobs(plain, 'removed')} that nothing needed")
        click.echo(f"the disk got {size(plain['freed_bytes'])} back: {packs} written anew or gone")
    elif not plain["waiting"]:
        click.echo("nothing to remove")
    if plain["waiting"]:
        minutes = -(-plain["wait_s"] // _MINUTE_S)
        click.echo(
            f"{_blobs(plain, 'waiting')} wait: another process writes, and may be about to need them;"
            f" the next gc may remove them in {minutes:.0f} min"
        )
    click.echo(f"needed, and kept: {_blobs(plain, 'kept')}")
    if plain["dead_bytes"]:
        click.echo(f"{size(plain['dead_bytes'])} in packs hold nothing")


def storage_lines(plain: Mapping[str, Any]) -> list[str]:
    """How much lies where, and the last time that somebody looked."""
    places = ", ".join(f"{each['name']} {size(each['disk_bytes'])}" for each in plain["places"])
    return [
        f"stored: {counted(plain['blobs'], 'blob')} ({size(plain['blob_bytes'])})",
        f"on the disk: {places}",
        _last("verified", plain["verified"], "visloop verify"),
        _last("collected", plain["collected"], "visloop gc"),
    ]


def _last(what: str, fact: Mapping[str, Any] | None, verb: str) -> str:
    if fact is None:
        return f"never {what}: {verb}"
    said = f"last {what}: {fact['time'][:19].replace('T', ' ')} UTC"
    if "problems" in fact:
        found = counted(fact["problems"], "problem") if fact["problems"] else "all was well"
        return f"{said}, {'quick, ' if fact['quick'] else ''}{found}"
    return f"{said}, {size(fact['freed_bytes'])} given back"


def part_rows(plain: Mapping[str, Any]) -> list[dict[str, str]]:
    """One row a thing that needs bytes, the most first; what nothing needs last."""
    return [
        {
            "needed by": f"{each['kind']} {each['name']}".strip(),
            "blobs": f"{each['blobs']:,}",
            "size": size(each["blob_bytes"]),
        }
        for each in plain["parts"]
    ]


def verified(plain: Mapping[str, Any]) -> None:
    """All is well, or each problem with what mends it."""
    looked = "are where they should be (their bytes were not read)" if plain["quick"] else "read"
    scope = ", ".join(
        [
            f"{counted(plain['blobs'], 'blob')} ({size(plain['blob_bytes'])}) {looked}",
            f"{counted(plain['links'], 'link')} followed",
            f"{counted(plain['facts'], 'fact')} in {counted(plain['seals'], 'seal')}",
        ]
    )
    if plain["repaired"]:
        click.echo(f"{counted(plain['repaired'], 'blob')} repaired")
    if plain["ok"]:
        click.echo(f"all is well: {scope}")
        return
    for each in plain["problems"]:
        click.echo(click.style(f"{each['kind']}  {each['where']}", bold=True) + f"  {each['what']}")
        click.echo(click.style("  fix: ", fg="green") + each["fix"])
    shown = len(plain["problems"])
    more = f", the first {shown} of them above (--json)" if shown < plain["count"] else ""
    click.echo(f"{counted(plain['count'], 'problem')}{more}: {scope}")


def audited(plain: Mapping[str, Any]) -> None:
    """Whether the record is whole, and the digest to note elsewhere."""
    if not plain["ok"]:
        click.echo(f"the record is broken: {plain['problem']}")
        return
    facts = f"{counted(plain['facts'], 'fact')} in {counted(plain['seals'], 'seal')}"
    click.echo(f"the record is whole: {facts}")
    click.echo(f"note this elsewhere to prove it later (audit --head): {plain['head']}")


def dataset_removed(plain: Mapping[str, Any]) -> None:
    """What lies in the trash now, who needs it, how it comes back."""
    name = plain["dataset"]
    click.echo(f"{'would remove' if plain['dry_run'] else 'removed'}: {_held(plain)}")
    for each in plain["needed_by"]:
        click.echo(f"  needed: {each}")
    if not plain["dry_run"]:
        click.echo(f"it is in the trash; take it out: visloop datasets restore {name}")
    elif plain["needed_by"]:
        click.echo("  so it takes --force")


def dataset_restored(plain: Mapping[str, Any]) -> None:
    """A data set is back."""
    click.echo(f"restored: {_held(plain)}")


def dataset_purged(plain: Mapping[str, Any]) -> None:
    """A data set is gone for good, or would be."""
    click.echo(f"{'would purge' if plain['dry_run'] else 'purged'}: {_held(plain)}")
    for each in plain["needed_by"]:
        click.echo(f"  refused: {each}")
    if not plain["dry_run"]:
        click.echo("its bytes are freed by: visloop gc")


def trashed(plain: Mapping[str, Any]) -> None:
    """One line a data set in the trash."""
    if not plain["rows"]:
        click.echo("the trash is empty")
    for row in plain["rows"]:
        click.echo(f"{_held(row)}, removed {row['removed'][:10]}")
        for each in row["needed_by"]:
            click.echo(f"  stays: {each}")


def _held(plain: Mapping[str, Any]) -> str:
    parts = [
        counted(plain["versions"], "version"),
        f"{counted(plain['samples'], 'sample')} in the newest",
        f"{counted(plain['staged'], 'change')} not committed" if plain["staged"] else "",
        f"{plain['quarantined']:,} in quarantine" if plain["quarantined"] else "",
    ]
    return f"{plain['dataset']}: {', '.join(part for part in parts if part)}"
