"""The command line as a person meets it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from visloop import app
from visloop.faces import cli


def run(capfd: pytest.CaptureFixture[str], *line: str) -> tuple[int, str, str]:
    code = cli.run(line)
    said = capfd.readouterr()
    return code, said.out, said.err


def test_every_verb_has_help(capfd: pytest.CaptureFixture[str]) -> None:
    for operation in app.OPERATIONS:
        code, out, _ = run(capfd, *operation.name.split("."), "--help")
        assert code == 0
        assert operation.summary.split(":")[0][:20] in out.replace("\n  ", " ")


@pytest.mark.parametrize(
    ("command", "shared"),
    [
        ("init", {"--json"}),
        ("quickstart", {"--json", "--quiet"}),
        ("up", {"--json", "--workspace"}),
        ("serve", {"--workspace"}),
        ("worker", {"--workspace"}),
        ("storage", {"--json", "--quiet", "--workspace", "--server", "--project"}),
    ],
)
def test_a_command_offers_the_shared_options_that_it_heeds(
    capfd: pytest.CaptureFixture[str], command: str, shared: set[str]
) -> None:
    every = {"--json", "--quiet", "--workspace", "--server", "--project"}
    _, out, _ = run(capfd, command, "--help")
    assert {name for name in every if f"{name} " in out} == shared
    for name in every - shared - {"--json"}:
        code, _, err = run(capfd, command, name)
        assert (code, "No such option" in err) == (2, True), name


def test_help_goes_section_by_section_through_the_work(capfd: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capfd, "--help")
    lines = out[out.index("Begin:") :].splitlines()
    sections = [line.rstrip(":") for line in lines if re.fullmatch(r"\S.*:", line)]
    assert sections == list(app.SECTIONS), "name new commands in SECTIONS of app/groups.py"
    told = [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]
    assert len(told) == len(set(told))
    verbs = {operation.name.partition(".")[0] for operation in app.OPERATIONS}
    assert verbs | {"init", "up", "worker", "quickstart"} <= set(told)
    assert told.index("add") < told.index("commit") < told.index("train") < told.index("deploy")


def test_every_field_of_every_verb_is_explained() -> None:
    for operation in app.OPERATIONS:
        for each in app.parameters(operation.request):
            assert each.help, f"{operation.name}.{each.name}"


def test_outside_a_workspace_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = run(capfd, "status")
    assert (code, out) == (1, "")
    assert "fix: visloop init" in err


def test_errors_are_json_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capfd, "status", "--json")
    assert code == 1
    assert json.loads(out)["error"]["code"] == "workspace.not_found"
    code, out, _ = run(capfd, "commit", "--json")
    assert code == 2
    assert json.loads(out)["error"]["code"] == "usage"


@pytest.mark.parametrize(("slip", "near"), [("comit", "commit"), ("ini", "init")])
def test_a_slip_gets_the_nearest_command(
    slip: str, near: str, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capfd, slip)
    assert code == 2
    assert err.endswith(f"Error: No such command {slip!r}. Did you mean {near!r}?\n")


def test_init_twice(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert json.loads(run(capfd, "init", str(tmp_path), "--json")[1])["created"] is True
    assert json.loads(run(capfd, "init", str(tmp_path), "--json")[1])["created"] is False


def test_dry_run_changes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = tmp_path / "w"
    where = ("--workspace", str(root))
    run(capfd, "init", str(root))
    run(capfd, "demo", "images", str(tmp_path / "parts"), "--count", "6", *where)
    said = run(capfd, "add", str(tmp_path / "parts"), "--to", "line", "--dry-run", "--json", *where)
    assert json.loads(said[1])["added"] == 6
    assert json.loads(run(capfd, "status", "--json", *where)[1])["rows"] == []
    kinds = {row["kind"] for row in json.loads(run(capfd, "facts", "--json", *where)[1])["rows"]}
    assert "data.added" not in kinds


def test_relative_paths_are_where_they_were_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "w"
    run(capfd, "init", str(root))
    monkeypatch.chdir(tmp_path)
    code, _, _ = run(capfd, "demo", "images", "parts", "--count", "2", "--workspace", "w")
    assert code == 0
    assert (tmp_path / "parts" / "truth.csv").exists()


def test_a_server_that_is_not_there(capfd: pytest.CaptureFixture[str]) -> None:
    os.environ["VISLOOP_TOKEN"] = "anything"
    try:
        code, _, err = run(capfd, "status", "--server", "http://127.0.0.1:9")
    finally:
        del os.environ["VISLOOP_TOKEN"]
    assert code == 1
    assert "visloop up" in err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capfd, "completion", shell)
    assert code == 0
    assert "_VISLOOP_COMPLETE" in out
    if shell != "bash":
        return
    done = subprocess.run(
        [sys.executable, "-m", "visloop"],
        env={
            **os.environ,
            "_VISLOOP_COMPLETE": "bash_complete",
            "COMP_WORDS": "visloop mode",
            "COMP_CWORD": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert "plain,model" in done.stdout
