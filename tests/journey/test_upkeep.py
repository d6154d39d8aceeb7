"""`gc` and `verify` on a whole workspace, by the command line: what is kept, what is hurt, what mends it."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.journey.worlds import World
from visloop import app, store
from visloop.app import handlers
from visloop.faces import cli, sdk

_HEX = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@pytest.fixture
def root(world: World, tmp_path: Path) -> Path:
    return world.copy(tmp_path / "ws")


def run(capfd, root: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code = cli.run([*words, "--json", "--workspace", str(root)])
    answer = json.loads(capfd.readouterr().out.strip().splitlines()[-1])
    assert "error" not in answer, answer
    return code, answer


def blobs_of(root: Path) -> Path:
    return root / app.INNER / "blobs"


def flip(root: Path, digest: str) -> None:
    """One bit of one blob."""
    for pack in blobs_of(root).glob("*.pack"):
        raw = bytearray(pack.read_bytes())
        if (at := raw.find(bytes.fromhex(digest))) >= 0:
            raw[at + 40] ^= 1
            pack.write_bytes(raw)


def picture_of(root: Path) -> tuple[str, str]:
    """(path, digest) of a committed picture."""
    with sdk.local(root) as here:
        row = here.call(app.samples, app.Samples(ref="line@v1")).rows[3]
        return row["path"], row["image"]


# -- gc ------------------------------------------------------------------------------------------


def test_every_digest_of_a_used_workspace_is_kept_or_known_to_keep_nothing(root: Path) -> None:
    claimed = {name for each in handlers.ROOTS for name in (*each.columns, *each.noted)}
    found: dict[str, set[str]] = {}
    with sdk.local(root) as here, here.ports.ledger.read() as connection:
        for table in store.metadata.tables.values():
            for row in connection.execute(select(table)).mappings():
                for name, value in row.items():
                    raw = value if isinstance(value, bytes) else repr(value).encode()
                    column = found.setdefault(f"{table.name}.{name}", set())
                    column.update(each.decode() for each in _HEX.findall(raw))
        used = {name for name, digests in found.items() if digests}
        assert used - claimed == set(), "say in the room's Roots what these columns keep"
        look = store.Look(connection, here.ports.blobs)
        kept = {link.digest for each in handlers.ROOTS for link in each.digests(look)}
    stored = {name for each in handlers.ROOTS for name in each.columns} & used
    assert len(stored) >= 10
    assert set().union(*(found[name] for name in stored)) <= kept


def test_gc_keeps_a_used_workspace_whole(root: Path, capfd) -> None:
    before = run(capfd, root, "storage")[1]
    code, looked = run(capfd, root, "gc", "--dry-run")
    assert code == 0
    code, done = run(capfd, root, "gc")
    assert code == 0
    assert (done["removed"], done["kept"]) == (looked["removed"], looked["kept"])
    assert done["kept"] + done["removed"] == before["blobs"]
    code, found = run(capfd, root, "verify")
    assert (code, found["ok"], found["blobs"]) == (0, True, done["kept"])
    assert run(capfd, root, "storage")[1]["verified"]["problems"] == 0
    assert run(capfd, root, "gc")[1]["removed"] == 0
    with sdk.local(root) as here:
        for version in here.call(app.log, app.Log(dataset="line")).rows:
            assert here.call(app.samples, app.Samples(ref=f"line@{version['version']}")).rows


# -- verify --------------------------------------------------------------------------------------


def test_a_flipped_bit_is_named_by_sample_and_version_and_mended(root: Path, capfd) -> None:
    path, digest = picture_of(root)
    flip(root, digest)
    assert run(capfd, root, "verify", "--quick")[1]["ok"]
    code, found = run(capfd, root, "verify")
    assert (code, found["ok"]) == (3, False)
    mine = [each for each in found["problems"] if each["kind"] == "sample"]
    assert [(each["dataset"], each["path"], each["versions"][0]) for each in mine] == [
        ("line", path, "v1")
    ]
    assert "do not match their digest" in mine[0]["what"]
    assert "visloop verify --repair" in mine[0]["fix"]
    code, mended = run(capfd, root, "verify", "--repair")
    assert (code, mended["ok"], mended["repaired"]) == (0, True, 1)
    assert run(capfd, root, "verify")[0] == 0


def test_where_the_origin_is_gone_the_fix_says_so(root: Path, world: World, capfd) -> None:
    path, digest = picture_of(root)
    away = world.parts.with_name("away")
    world.parts.rename(away)
    try:
        flip(root, digest)
        code, found = run(capfd, root, "verify", "--repair")
        assert (code, found["repaired"]) == (3, 0)
        (mine,) = [each for each in found["problems"] if each["kind"] == "sample"]
        assert mine["path"] == path
        assert "put" in mine["fix"]
        assert "backup" in mine["fix"]
    finally:
        away.rename(world.parts)


@pytest.mark.parametrize("damage", ["removed", "cut", "emptied"])
def test_a_lost_pack_is_seen_by_the_quick_look_and_gc_refuses(
    root: Path, capfd, damage: str
) -> None:
    pack = max(blobs_of(root).glob("*.pack"), key=lambda each: each.stat().st_size)
    if damage == "removed":
        pack.unlink()
    else:
        with pack.open("r+b") as file:
            file.truncate(1000 if damage == "cut" else 0)
    code, found = run(capfd, root, "verify", "--quick")
    assert code == 3
    said = "is missing" if damage == "removed" else "is too short"
    assert all(said in each["what"] for each in found["problems"])
    assert any(each["where"].startswith("line@v1") for each in found["problems"])
    assert not [each for each in found["problems"] if each["fix"] == "visloop gc"]
    assert cli.run(["gc", "--workspace", str(root)]) == 1
    assert "visloop verify" in capfd.readouterr().err


def test_an_edited_fact_is_found(root: Path, capfd) -> None:
    with sqlite3.connect(root / app.INNER / "ledger.db") as ledger:
        ledger.execute("UPDATE facts SET actor = 'user:mallory' WHERE seq = 3")
    ledger.close()
    code, found = run(capfd, root, "verify", "--quick")
    assert code == 3
    assert [each["kind"] for each in found["problems"]] == ["ledger"]
    shutil.rmtree(root)


# -- what is stored, and for whom ----------------------------------------------------------------


def test_each_stored_byte_is_counted_once_at_what_needs_it(capfd, root: Path) -> None:
    rubbish = b"nobody needs this" * 100
    blobs = store.PackBlobs(blobs_of(root))
    blobs.put(rubbish)
    blobs.close()
    _, answer = run(capfd, root, "storage", "--parts")
    parts = {(each["kind"], each["name"]): each for each in answer["parts"]}
    assert sum(each["blob_bytes"] for each in answer["parts"]) == answer["blob_bytes"]
    assert sum(each["blobs"] for each in answer["parts"]) == answer["blobs"]
    assert {("data set", "line"), ("model", "inspector")} <= parts.keys()
    assert parts[("nothing", "")]["blob_bytes"] == len(rubbish)
    assert answer["parts"][-1]["kind"] == "nothing"


def test_people_read_sentences_of_gc_storage_verify_and_audit(capfd, root: Path) -> None:
    def told(*words: str) -> str:
        cli.run([*words, "--workspace", str(root)])
        return capfd.readouterr().out

    assert "needed, and kept:" in told("gc", "--dry-run")
    assert "stored: " in told("storage")
    assert "never verified: visloop verify" in told("storage")
    assert "all is well: " in told("verify", "--quick")
    assert "quick, all was well" in told("storage")
    assert "the record is whole: " in told("audit")
    _, digest = picture_of(root)
    flip(root, digest)
    hurt = told("verify")
    assert "the bytes do not match their digest" in hurt
    assert "  fix: " in hurt
    assert "1 problem: " in hurt


# -- the trash -----------------------------------------------------------------------------------


def test_what_a_model_was_trained_on_is_removed_by_force_only_and_never_purged(
    capfd, root: Path
) -> None:
    def told(*words: str) -> tuple[int, str]:
        code = cli.run([*words, "--workspace", str(root)])
        said = capfd.readouterr()
        return code, said.out + said.err

    code, said = told("datasets", "remove", "line", "--dry-run")
    assert code == 0
    assert "needed: inspector@v1 was trained on line@v1" in said
    assert "needed: deployment belt serves inspector@v1" in said
    assert "so it takes --force" in said
    code, said = told("datasets", "remove", "line", "-m", "no more")
    assert (code, "data set 'line' is needed: " in said) == (1, True)
    assert told("datasets", "remove", "line", "--force")[0] == 0
    assert "in the trash since" in told("evaluate", "inspector@v1", "--on", "line@v1:test")[1]
    code, answer = run(capfd, root, "gc", "--trash-days", "0")
    assert (code, answer["purged"]) == (0, [])
    assert "cannot be purged: inspector@v1 was trained on" in told("datasets", "purge", "line")[1]
    assert "stays: inspector@v1 was trained on line@v1" in told("datasets", "trash")[1]
    assert told("datasets", "restore", "line")[0] == 0
    assert run(capfd, root, "verify", "--quick")[1]["ok"]
    run(capfd, root, "datasets", "remove", "odd")
    assert run(capfd, root, "gc", "--trash-days", "0", "--dry-run")[1]["purged"] == ["odd"]
    assert run(capfd, root, "gc", "--trash-days", "0")[1]["purged"] == ["odd"]
    assert told("datasets", "trash")[1] == "the trash is empty\n"
