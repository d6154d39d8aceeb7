"""Others' tools agree: OpenSSF Model Signing verifies our signature, CycloneDX's schema our bill."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest

from visloop import app, infer
from visloop.faces import sdk

CHECK = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())
sys.exit(str(wrong) if wrong else 0)
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("signed")
    app.create(root)
    net = infer.backbone()
    (root / "net.onnx").write_bytes(net.onnx)
    (root / "net.json").write_bytes(net.contract.to_json())
    with sdk.local(root) as here:
        given = {"file": str(root / "net.onnx"), "contract": str(root / "net.json")}
        here.call(app.model_import, app.ModelImport(as_="net", **given))
        here.call(app.model_export, app.ModelExport(ref="net@v1", file=str(root / "net.visloop")))
    with zipfile.ZipFile(root / "net.visloop") as archive:
        archive.extractall(root)
    return root / "net-v1"


def _verified(peers: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    key, signature = folder / "signer.pub", folder / "model.sig"
    command = [str(peers), "-m", "model_signing", "verify", "key", str(folder)]
    command += ["--signature", str(signature), "--public_key", str(key)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_model_signing_verifies_what_was_exported_and_finds_a_changed_byte(peers, unpacked):
    assert _verified(peers, unpacked).returncode == 0
    card = unpacked / "card.md"
    before = card.read_bytes()
    card.write_bytes(before.replace(b"net", b"Net", 1))
    assert _verified(peers, unpacked).returncode != 0
    card.write_bytes(before)


def test_the_bill_of_materials_is_cyclonedx(peers, unpacked):
    done = subprocess.run(
        [str(peers), "-c", CHECK, str(unpacked / "bom.cdx.json")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
