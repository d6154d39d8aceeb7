"""A commit that says what it was based on: refused when the branch moved on, kept beside it, merged."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.data_world import SCOPE, folder_of, picture, view
from visloop import data
from visloop.errors import UsageError
from visloop.faces import cli


@pytest.fixture
def photos(ports, tmp_path: Path) -> Path:
    """v1, v2 by somebody else, and one picture staged by one who knows of v1 only."""
    folder = folder_of(tmp_path / "photos", cat=3)
    data.add(ports, SCOPE, "pets", [folder])
    data.commit(ports, SCOPE, "pets", "first")
    data.remove(ports, SCOPE, "pets", ["cat/cat0.jpg"])
    (folder / "cat" / "cat0.jpg").unlink()
    data.commit(ports, SCOPE, "pets", "one less", base="v1")
    picture(folder / "cat" / "late.jpg", 77)
    data.add(ports, SCOPE, "pets", [folder])
    return folder


@pytest.mark.usefixtures("photos")
def test_a_branch_that_moved_on_refuses_and_keeps_what_is_staged(ports) -> None:
    before = view(ports, "pets@work")
    with pytest.raises(data.MovedOn, match=r"v2 \('one less', by user:owner\), not at v1") as told:
        data.commit(ports, SCOPE, "pets", "a late one", base="pets@v1")
    assert told.value.http_status == 409
    assert "visloop commit pets -m 'a late one' --base v1 --branch from-v1" in told.value.fix
    assert view(ports, "pets@work") == before
    assert len(data.log(ports, SCOPE, "pets")) == 2
    assert data.commit(ports, SCOPE, "pets", "a late one", base="v2").name == "v3"


def test_the_change_is_kept_on_a_branch_and_merged(ports, photos) -> None:
    made = data.commit(ports, SCOPE, "pets", "a late one", base="v1", branch="from-v1")
    assert (made.parent, made.branch) == (1, "from-v1")
    late = {"cat/cat1.jpg", "cat/cat2.jpg", "cat/late.jpg"}
    assert view(ports, "pets@from-v1").keys() == late | {"cat/cat0.jpg"}
    assert view(ports, "pets@work") == view(ports, "pets@v2")
    assert data.status(ports, SCOPE, "pets").staged.total == 0
    done = data.merge(ports, SCOPE, "pets", "from-v1")
    assert done.conflicts == ()
    merged = done.version
    assert merged is not None
    assert view(ports, merged.ref).keys() == late  # both changes
    assert data.add(ports, SCOPE, "pets", [photos]).updated == 0


def test_what_went_to_the_branch_can_be_added_again(ports, photos) -> None:
    data.commit(ports, SCOPE, "pets", "a late one", branch="beside")
    assert "cat/late.jpg" not in view(ports, "pets@work")
    assert data.add(ports, SCOPE, "pets", [photos]).added >= 1
    assert "cat/late.jpg" in view(ports, "pets@work")


@pytest.mark.usefixtures("photos")
def test_a_branch_is_begun_once_and_somewhere(ports) -> None:
    data.branch(ports, SCOPE, "pets", "fix")
    with pytest.raises(data.NameInUse):
        data.commit(ports, SCOPE, "pets", "late", branch="fix")
    with pytest.raises(UsageError):
        data.commit(ports, SCOPE, "pets", "late", branch="v7")
    with pytest.raises(data.VersionNotFound):
        data.commit(ports, SCOPE, "pets", "late", base="v9")
    assert data.status(ports, SCOPE, "pets").staged.total == 1


def test_the_fix_can_be_run_as_it_is_printed(tmp_path: Path, capfd) -> None:
    where = ["--workspace", str(tmp_path / "ws")]
    folder = folder_of(tmp_path / "photos", cat=2)

    def run(line: str) -> tuple[int, str]:
        code = cli.run([*shlex.split(line), *(() if line.startswith("init") else where)])
        out, err = capfd.readouterr()
        return code, out + err

    assert run(f"init {tmp_path / 'ws'}")[0] == 0
    for number, name in enumerate("ab"):
        picture(folder / f"{name}.jpg", 50 + number)
        assert run(f"add {folder} --to pets")[0] == 0
        assert run(f"commit pets -m {name}")[0] == 0
    picture(folder / "c.jpg", 60)
    run(f"add {folder} --to pets")
    code, said = run("commit pets -m 'the third one' --base v1")
    assert code == 1
    fix = said.partition("fix: ")[2].partition("   (")[0]
    for command in fix.replace("\n", " ").split(" && "):
        code, said = run(command.removeprefix("visloop "))
        assert code == 0, said
    code, said = run("samples pets@main --json")
    assert all(name in said for name in ("a.jpg", "b.jpg", "c.jpg"))
