"""A model leaves as one signed file and comes in elsewhere, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import visloop
from tests.journey import worlds
from visloop import app, registry
from visloop.errors import VisloopError
from visloop.faces import cli, sdk
from visloop.registry.packaging.archive import pack

PICTURES = 3


@pytest.fixture(scope="module")
def here(world: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.copy(tmp_path_factory.mktemp("sender") / "here")


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("receiver")
    app.create(root)
    return root


@pytest.fixture(scope="module")
def file(here: Path) -> Path:
    out = here / "inspector.visloop"
    with sdk.local(here) as sender:
        sender.call(app.model_export, app.ModelExport(ref="inspector@v1", file=str(out)))
    return out


@pytest.fixture(scope="module")
def signer(here: Path) -> str:
    with visloop.open(here) as ws:
        return ws.call(app.model_key, app.ModelKey()).fingerprint


def test_a_signed_model_answers_elsewhere_as_it_did_and_brings_its_lineage(
    world, here, there, file, signer
):
    with visloop.open(there) as ws:
        model = ws.import_model(file, signer=signer)
        assert str(model) == "inspector@v1"
        assert str(ws.import_model(file, signer=signer)) == "inspector@v1", (
            "the same is one version"
        )
        said = ws.call(app.model_verify, app.ModelVerify(what="inspector@v1")).lineage
        facts = [f for f in ws.call(app.facts, app.Facts(limit=20)).rows if "imported" in f["kind"]]
    assert len(facts) == 1
    assert facts[0]["payload"]["signer"] == signer
    origin = said["origin"]
    assert origin["data"]["ref"].startswith("line@v1")
    assert origin["data"]["samples"] > 0
    assert "numpy" in origin["run"]["environment"]["packages"]
    assert "run.finished" in {fact["kind"] for fact in origin["facts"]}
    pictures = sorted(world.parts.rglob("*.jpg"))[:PICTURES]
    assert _answers(here, pictures) == _answers(there, pictures)


def _answers(root: Path, pictures: list[Path]) -> list[tuple[str, float]]:
    with sdk.local(root) as connection:
        ask = app.Predict(model="inspector@v1", sources=tuple(map(str, pictures)))
        rows = connection.call(app.predict, ask).rows
    return [(row["label"], row["confidence"]) for row in rows]


def test_who_signed_must_be_known_here(there, file, signer, capfd):
    with visloop.open(there) as ws:
        with pytest.raises(VisloopError, match="whom nobody here trusts") as refused:
            ws.import_model(file, as_="other")
        assert signer in refused.value.fix
        with pytest.raises(VisloopError, match="whom nobody here trusts"):
            ws.import_model(file, as_="other", signer="sha256:" + "0" * 64)
    settings = there / "visloop.yaml"
    before = settings.read_text()
    settings.write_text(f"{before}\nregistry: {{trusted: ['{signer}']}}\n")
    with visloop.open(there) as ws:
        assert str(ws.import_model(file, as_="other")) == "other@v1"
    settings.write_text(before)
    assert cli.run(["model", "verify", str(file), "--workspace", str(there)]) == 0
    told = capfd.readouterr().out
    assert "is whole" in told
    assert f"signed by {signer}, not trusted here" in told


def test_what_nobody_signed_is_taken_only_when_asked(here, there, tmp_path):
    plain = tmp_path / "plain.visloop"
    with sdk.local(here) as sender:
        ask = app.ModelExport(ref="inspector@v1", file=str(plain), unsigned=True)
        assert sender.call(app.model_export, ask).signer == ""
        with pytest.raises(VisloopError, match="is there already"):
            sender.call(app.model_export, ask)
    with sdk.local(there) as receiver:
        ask = app.ModelImport(file=str(plain), as_="plain")
        with pytest.raises(VisloopError, match="nobody has signed it") as refused:
            receiver.call(app.model_import, ask)
        assert "--unsigned" in refused.value.fix
        taken = app.ModelImport(file=str(plain), as_="plain", unsigned=True)
        assert receiver.call(app.model_import, taken).model == "plain@v1"


def test_any_byte_changed_is_refused(file):
    raw = file.read_bytes()
    assert registry.unseal(raw).about.model == "inspector"

    @given(st.integers(0, len(raw) - 1), st.integers(1, 255))
    def changed(where: int, by: int) -> None:
        other = bytearray(raw)
        other[where] ^= by
        with pytest.raises(VisloopError):
            registry.unseal(bytes(other))

    @given(st.integers(0, len(raw) - 1))
    def cut(length: int) -> None:
        with pytest.raises(VisloopError):
            registry.unseal(raw[:length])

    changed()
    cut()


def _repacked(parts: dict[str, bytes], card: bytes) -> bytes:
    """Another card, entered into the table of contents, written as a package is written."""
    about = json.loads(parts["package.json"])
    about["parts"]["card.md"] = hashlib.sha256(card).hexdigest()
    return pack(
        "inspector-v1", parts | {"card.md": card, "package.json": json.dumps(about).encode()}
    )


def test_parts_that_fit_together_but_were_not_signed_are_refused(file, tmp_path):
    opened = registry.unseal(file.read_bytes())
    parts = dict(opened.parts)
    card = b"# the best model ever"
    with pytest.raises(registry.SignatureRefused, match=r"not what was signed: card\.md, package"):
        registry.unseal(_repacked(parts, card))
    unsigned = {name: raw for name, raw in parts.items() if not name.startswith(("model.s", "sig"))}
    assert registry.unseal(_repacked(unsigned, card)).signer == "", "the forgery is well made"
    with pytest.raises(registry.PackageRefused, match="table of contents"):
        registry.unseal(pack("inspector-v1", unsigned | {"card.md": card}))
    for half in ("model.sig", "signer.pub"):
        with pytest.raises(registry.PackageRefused, match="without its"):
            registry.unseal(_repacked(unsigned | {half: parts[half]}, card))
    for extra in ("inspector-v1/evil.py", "../../evil", "/etc/passwd", "inspector-v1/../x"):
        held = tmp_path / "held.visloop"
        held.write_bytes(file.read_bytes())
        with zipfile.ZipFile(held, "a") as out:
            out.writestr(extra, b"x")
        with pytest.raises(VisloopError, match="no place in a package"):
            registry.unseal(held.read_bytes())


def test_the_same_model_gives_the_same_file_and_a_bill_of_materials(here, file, tmp_path):
    with zipfile.ZipFile(file) as archive:
        bom = json.loads(archive.read("inspector-v1/bom.cdx.json"))
    model = bom["metadata"]["component"]
    assert (model["type"], model["name"], model["version"]) == (
        *("machine-learning-model", "inspector", "v1"),
    )
    names = {each["name"] for each in bom["components"]}
    assert {"numpy", "onnxruntime"} <= names
    assert any(name.startswith("line@v1") for name in names)
    again = tmp_path / "again.visloop"
    with sdk.local(here) as sender:
        before = registry.unseal(file.read_bytes()).lineage["facts"]
        sender.call(app.model_export, app.ModelExport(ref="inspector@v1", file=str(again)))
    now = registry.unseal(again.read_bytes())
    facts = now.lineage["facts"]
    assert facts[: len(before)] == before
    assert facts[len(before)]["kind"] == "model.exported", "the first is in the second's history"
