"""Workspaces: made once, found from inside, refused when they are not ours."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from visloop import app
from visloop.errors import ConfigError, Forbidden, NotFound, UsageError
from visloop.events import Actor, Scope


def test_create_twice_keeps_everything(tmp_path: Path) -> None:
    assert app.create(tmp_path)
    token = app.token_of(tmp_path)
    assert not app.create(tmp_path)
    assert app.token_of(tmp_path) == token


def test_token_is_the_owners_alone(tmp_path: Path) -> None:
    app.create(tmp_path)
    assert (tmp_path / ".visloop" / "token").stat().st_mode & 0o077 == 0


def test_found_from_a_folder_inside(tmp_path: Path) -> None:
    app.create(tmp_path)
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    assert app.find(inside) == tmp_path


def test_nowhere_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(app.WorkspaceNotFound) as caught:
        app.find(tmp_path)
    assert "visloop init" in caught.value.fix


def test_a_file_is_no_workspace(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UsageError):
        app.create(file)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    app.create(tmp_path)
    (tmp_path / ".visloop" / "format").write_text("2\n")
    with pytest.raises(app.WorkspaceFormat, match="format 2"):
        app.open_ports(tmp_path)


def test_killed_set_up_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / ".visloop").mkdir()
    with pytest.raises(app.WorkspaceNotFound) as caught:
        app.open_ports(tmp_path)
    assert "visloop init" in caught.value.fix
    assert app.create(tmp_path)
    app.close_ports(app.open_ports(tmp_path))


def test_many_at_once_make_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: app.create(tmp_path), range(4)))
    assert sum(made) == 1


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("gait: {}", "did you mean 'gate'"),
        ("monitor: {window: 3}", "monitor.window"),
        ("monitor: {windows: 30}", "unknown key 'monitor.windows'"),
        ("loop: [", "not YAML"),
        ("just words", "must hold sections"),
    ],
)
def test_wrong_settings_name_the_place(tmp_path: Path, text: str, named: str) -> None:
    app.create(tmp_path)
    (tmp_path / "visloop.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        app.open_ports(tmp_path)
    assert named in str(caught.value)


def test_a_stranger_may_do_nothing(tmp_path: Path) -> None:
    app.create(tmp_path)
    with app.opened(tmp_path) as ports:
        stranger = Scope(Actor("user", "stranger"))
        for operation in app.OPERATIONS:
            with pytest.raises(Forbidden):
                app.execute(ports, stranger, operation, None)


def test_rooms_cost_nothing_to_import() -> None:
    code = "import sys, visloop; sys.exit('numpy' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_mistyped_project_is_an_error_and_begins_nothing(tmp_path: Path) -> None:
    app.create(tmp_path)
    with app.opened(tmp_path) as ports:
        assert app.scope_for(None, ports).project == "default"
        assert app.scope_for("default", ports).project == "default"
        with pytest.raises(NotFound, match="no project 'defualt'") as caught:
            app.scope_for("defualt", ports)
        assert "project: defualt" in caught.value.fix
        with ports.ledger.write(Scope(project="lab")) as write:
            write.fact("data.committed", "x")
        assert app.scope_for("lab", ports).project == "lab"
        with pytest.raises(NotFound) as caught:
            app.scope_for("labb", ports)
        assert "did you mean 'lab'?" in caught.value.fix
    (tmp_path / "visloop.yaml").write_text("project: dock\n", "utf-8")
    with app.opened(tmp_path) as ports:
        assert app.scope_for(None, ports).project == "dock"
