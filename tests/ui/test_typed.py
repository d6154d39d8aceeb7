"""The page's modules are typed against what the server answers; its pure functions are tested by Node."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.ui import api_types, node


def test_the_types_are_those_of_the_operations() -> None:
    assert api_types.TARGET.read_text("utf-8") == api_types.text(), (
        "run: python tests/ui/api_types.py"
    )


def test_every_module_is_typed_strictly() -> None:
    installed = node.installed(["typescript"])
    tsc = installed / "typescript" / "bin" / "tsc"
    done = node.run("node", str(tsc), "--project", "tsconfig.json")
    assert done.returncode == 0, done.stdout


def test_every_module_is_formatted() -> None:
    prettier = node.installed(["prettier"]) / "prettier" / "bin" / "prettier.cjs"
    ui = api_types.TARGET.parent
    ours = [str(each) for each in ui.rglob("*.js") if each.parent.name != "vendor"]
    ours += [str(each) for each in node.HERE.glob("*.mjs")]
    done = node.run("node", str(prettier), "--config", "prettier.json", "--check", *ours)
    assert done.returncode == 0, done.stderr + "\nrun: npx prettier --config prettier.json --write"


def test_every_module_asks_to_be_checked() -> None:
    for file in api_types.TARGET.parent.rglob("*.js"):
        if file.parent.name != "vendor":
            assert file.read_text("utf-8").startswith("// @ts-check\n/**"), file


def test_pure_functions() -> None:
    files = sorted(str(each) for each in Path(node.HERE).glob("*.test.mjs"))
    done = node.run("node", "--test", "--test-reporter=tap", *files)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^# pass [1-9]", done.stdout, re.MULTILINE), done.stdout


def test_the_lock_names_no_host_but_the_public_registry() -> None:
    text = (node.HERE / "package-lock.json").read_text("utf-8")
    lock = json.loads(text)
    for name, package in lock["packages"].items():
        if name:
            assert package["integrity"].startswith("sha512-")
            resolved = package.get("resolved", "https://registry.npmjs.org/")
            assert resolved.startswith("https://registry.npmjs.org/")
