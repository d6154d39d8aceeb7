"""Completion as a real bash asks for it: the whole line, the cursor, and the piece that it replaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journey import worlds
from visloop import app
from visloop.faces import cli, sdk

TRY = """\
eval "$(cat script)"
compopt() { echo "compopt $2"; }
while IFS='|' read -r line piece; do
    COMP_LINE=$line; COMP_POINT=${#line}
    echo "> $line"
    _visloop_completion visloop "$piece" ""
    printf '%s\\n' "${COMPREPLY[@]}"
done < lines
"""
LINES = {
    "visloop que": ("que", ["query"]),
    "visloop query --of mod": ("mod", ["models"]),
    "visloop train --rec": ("--rec", ["--recipe"]),
    "visloop diff line@": ("", ["work", "v1", "main"]),
    "visloop query --at line@v1:t": ("t", ["test", "train"]),
    "visloop query --view nu": ("nu", ["nuts"]),
    "visloop model show inspector@": ("", ["v1", "champion"]),
    "visloop query 'annotations.label = b": ("annotations.label = b", [
        "annotations.label = bearing", "annotations.label = bolt"]),
    "visloop query --of models 'metrics.cv": ("metrics.cv", [
        "metrics.cv_accuracy", "metrics.cv_log_loss"]),
    "visloop query 'view(": ("view(", ["view(nuts and"]),
    "visloop add fi": ("fi", ["compopt default"]),
    "visloop query --at nowhere@v": ("v", []),
}  # fmt: skip


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash here")
def test_bash_completes_verbs_references_and_questions(world, tmp_path):
    root = world.copy(tmp_path / "w")
    with sdk.local(root) as here:
        ask = app.ViewSave(name="nuts", text="annotations.label = nut", at="line")
        here.call(app.view_save, ask)
    run = root / "visloop"
    run.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m visloop "$@"\n')
    run.chmod(0o755)
    path = {**os.environ, "PATH": f"{root}:{os.environ['PATH']}"}
    script = subprocess.run(
        worlds.command("completion", "bash"), capture_output=True, text=True, check=True
    )
    (root / "script").write_text(script.stdout)
    (root / "lines").write_text("".join(f"{line}|{piece}\n" for line, (piece, _) in LINES.items()))
    done = subprocess.run(
        ["bash", "--norc", "-c", TRY],
        cwd=root,
        env=path,
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, list[str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("> "):
            asked = told.setdefault(line[2:], [])
        elif line:
            asked.append(line)
    for line, (_, wanted) in LINES.items():
        found = [each for each in told[line] if each != "compopt nospace"]
        assert found[: len(wanted)] == wanted, (line, found)
    assert told["visloop query --at nowhere@v"] == []


def test_scripts_are_put_where_shells_look(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("HOME", str(tmp_path))
    for shell, mark in (("bash", "complete "), ("zsh", "#compdef visloop"), ("fish", "complete ")):
        assert cli.run(["completion", shell, "--install"]) == 0
        file = Path(capsys.readouterr().out.splitlines()[0].removeprefix("wrote "))
        assert file.is_relative_to(tmp_path)
        assert mark in file.read_text()
