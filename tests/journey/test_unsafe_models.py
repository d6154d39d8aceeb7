"""Model files that run code are refused, all of them; files of tensors are taken, all of them."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.journey import unsafe
from visloop import app, infer, registry
from visloop.errors import Refused, UsageError, VisloopError
from visloop.faces import sdk

STYLES = sorted(unsafe.UNSAFE)
CONTRACT = "resize: {mode: squash, size_hw: [8, 8]}\ndecode: {task: classify}\nclasses: [a, b]\n"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory):
    root = tmp_path_factory.mktemp("unsafe")
    app.create(root)
    (root / "contract.yaml").write_text(CONTRACT)
    with sdk.local(root) as connection:
        yield connection


def test_the_set_is_large_and_its_payload_works(tmp_path):
    assert len(STYLES) >= 50
    for number, style in enumerate(unsafe.OPENED_BY_PICKLE):
        folder, marker = tmp_path / str(number), tmp_path / f"ran-{number}"
        folder.mkdir()
        file = unsafe.UNSAFE[style](folder, marker)
        load = f"import pickle; pickle.load(open({str(file)!r}, 'rb'))"
        subprocess.run([sys.executable, "-c", load], check=False, capture_output=True, timeout=60)
        assert marker.exists(), f"{style}: the usual loader runs it"


@pytest.mark.parametrize("style", STYLES)
def test_what_runs_code_is_refused_and_nothing_ran(style, here, tmp_path):
    folder, marker = tmp_path / "given", tmp_path / "ran"
    folder.mkdir()
    given = unsafe.UNSAFE[style](folder, marker)
    before = sorted(tmp_path.rglob("*"))
    contract = str(here.ports.root / "contract.yaml")
    for named in ({"contract": contract}, {}):
        ask = app.ModelImport(file=str(given), as_="net", **named)
        with pytest.raises(VisloopError) as refused:
            here.call(app.model_import, ask)
        wanted = (Refused, UsageError) if named else Refused  # some bring a contract along
        assert isinstance(refused.value, wanted), refused.value
        assert refused.value.fix
    assert not marker.exists()
    assert sorted(tmp_path.rglob("*")) == before, "nothing was unpacked"
    assert here.call(app.models, app.Models()).count == 0


@pytest.mark.parametrize("style", [each for each in STYLES if each.startswith("ONNX")])
def test_a_network_is_refused_for_what_it_holds_before_anything_loads_it(style, tmp_path):
    model = unsafe.UNSAFE[style](tmp_path, tmp_path / "ran").read_bytes()
    why = "is kept in another file" if "reads" in style else "which are not known here"
    with pytest.raises(infer.ModelRefused, match=why):
        infer.check_model(model)


def test_a_contract_cannot_run_code_either(here, tmp_path):
    marker = tmp_path / "ran"
    net = infer.backbone()
    (tmp_path / "net.onnx").write_bytes(net.onnx)
    for number, said in enumerate(
        (
            f"!!python/object/apply:os.system ['touch {marker}']",
            f"classes: !!python/object/apply:builtins.exec [\"open('{marker}', 'w')\"]",
        )
    ):
        contract = tmp_path / f"{number}.yaml"
        contract.write_text(said)
        ask = {"file": str(tmp_path / "net.onnx"), "contract": str(contract)}
        with pytest.raises(VisloopError):
            here.call(app.model_import, app.ModelImport(as_="net", **ask))
    assert not marker.exists()


def test_a_package_with_a_pickle_for_its_numbers_is_refused(here, tmp_path):
    """Signed by somebody who is trusted, and still not loaded."""
    marker = tmp_path / "ran"
    held = unsafe.UNSAFE["NumPy archive of objects"](tmp_path, marker).read_bytes()
    net = infer.backbone()
    package = registry.Package(onnx=net.onnx, contract=net.contract, reference=held)
    stored = registry.register(here.ports.registry, here.scope, "spoilt", package, run="by-hand")
    key = registry.new_key().encode()
    raw = registry.seal(stored, package, lineage={}, key=key)
    with pytest.raises(registry.PackageRefused, match=r"reference\.npz"):
        registry.unseal(raw)
    assert not marker.exists()


def test_files_of_tensors_are_taken(tmp_path):
    """ONNX of three makers, a package of ours, an npz of plain arrays in it."""
    root = tmp_path / "taken"
    app.create(root)
    held = io.BytesIO()
    np.savez(held, pca=np.ones((2, 3)), names=np.array(["a", "b"]))
    net, classifier = infer.backbone(), infer.imagenet_classifier()
    models = Path(__file__).parent.parent / "models"
    shutil.copy(models / "from_saved_model.onnx", tmp_path / "converted.onnx")
    with sdk.local(root) as here:
        for name, made in (("backbone", net), ("classifier", classifier)):
            (tmp_path / f"{name}.onnx").write_bytes(made.onnx)
            (tmp_path / f"{name}.json").write_bytes(made.contract.to_json())
            given = {"contract": str(tmp_path / f"{name}.json")}
            ask = app.ModelImport(file=str(tmp_path / f"{name}.onnx"), as_=name, **given)
            assert here.call(app.model_import, ask).model == f"{name}@v1"
        package = registry.Package(net.onnx, net.contract, reference=held.getvalue())
        stored = registry.register(here.ports.registry, here.scope, "whole", package, run="hand")
        key = registry.new_key().encode()
        assert registry.unseal(registry.seal(stored, package, lineage={}, key=key)).signer
    infer.check_model((tmp_path / "converted.onnx").read_bytes())
