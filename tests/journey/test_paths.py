"""Paths over HTTP: the owner of a server that only this machine reaches names any, others those allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.data_world import picture
from tests.journey import worlds
from visloop import app
from visloop.faces import sdk


def ask(url: str, token: str, verb: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    reply = httpx.post(
        f"{url}/api/v1/{verb.replace('.', '/')}",
        json=fields,
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    return reply.status_code, reply.json()


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with pictures inside, a folder that may be named, and one that may not."""
    top = tmp_path_factory.mktemp("places")
    app.create(top / "ws")
    for number, folder in enumerate(("ws/inside", "shared", "private")):
        picture(top / folder / "a.jpg", number)
    (top / "ws" / "link").symlink_to(top / "private")
    (top / "ws" / "visloop.yaml").write_text(f"serve: {{folders: [{top / 'shared'}]}}\n")
    return top


@pytest.fixture(scope="module")
def people(places: Path) -> dict[str, str]:
    with sdk.local(places / "ws") as owner:
        made = owner.call(app.user_add, app.UserAdd(user="ana", role="data-engineer"))
        seer = owner.call(app.user_add, app.UserAdd(user="vic", role="viewer"))
    return {"ana": made.secret, "vic": seer.secret, "owner": app.token_of(places / "ws")}


@pytest.fixture(scope="module")
def url(places: Path, people: dict[str, str]) -> Iterator[str]:
    del people
    with worlds.api(places / "ws") as url:
        yield url


def test_the_owner_of_a_server_for_this_machine_names_any_folder(url, places, people) -> None:
    code, answer = ask(url, people["owner"], "add", paths=[str(places / "private")], to="mine")
    assert (code, answer["added"]) == (200, 1)


@pytest.mark.parametrize("folder", ["ws/inside", "shared", "shared/a.jpg"])
def test_a_user_names_the_workspaces_own_and_those_of_the_settings(
    url, places, people, folder
) -> None:
    where = {"paths": [str(places / folder)], "to": "ours", "dry_run": True}
    code, answer = ask(url, people["ana"], "add", **where)
    assert (code, answer["quarantined"]) == (200, 0)


@pytest.mark.parametrize(
    "path",
    [
        "private",
        "private/a.jpg",
        "ws/link",
        "ws/../private",
        "ws/.visloop",
        "ws/.visloop/token",
        "ws/inside/../.visloop/token",
        "ws/visloop.yaml",
        "shared-not",
        "ws",
        "ws/x://../../private/a.jpg",
        "x://a.jpg",
        "ws/.visl*/**",
        "ws/*/../../private/*.jpg",
        "\0",
    ],
)
def test_a_user_names_nothing_else(url, places, people, path) -> None:
    code, answer = ask(url, people["ana"], "add", paths=[f"{places}/{path}"], to="ours")
    assert (code, answer["error"]["code"]) == (403, "web.path_forbidden")
    assert "serve.folders in visloop.yaml" in answer["error"]["fix"]
    assert "POST /api/v1/push" in answer["error"]["fix"]
    out = {"ref": "mine@work", "directory": f"{places}/{path}", "format": "coco"}
    assert ask(url, people["ana"], "export", **out)[1]["error"]["code"] == "web.path_forbidden"


@pytest.mark.parametrize(
    ("verb", "field"),
    [("search", "image"), ("explain", "picture"), ("model.verify", "what")],
)
def test_what_may_be_a_file_is_none_of_those_that_may_not_be_named(
    url, places, people, verb, field
) -> None:
    more = {"model": "reader@v1"} if verb == "explain" else {}
    for path in ("private/a.jpg", "ws/.visloop/token", "private"):
        code, answer = ask(url, people["ana"], verb, **more, **{field: f"{places}/{path}"})
        assert (code, answer["error"]["code"]) == (403, "web.path_forbidden")
    for path in ("~/a.jpg", "../a.jpg"):
        code, _ = ask(url, people["ana"], verb, **more, **{field: path})
        assert code == 403
    for name in ("reader@v1", "belt/a.jpg", "pred-1"):
        _, answer = ask(url, people["ana"], verb, **more, **{field: name})
        assert answer["error"]["code"] != "web.path_forbidden"


def test_a_folder_that_holds_the_workspace_may_not_be_named_whatever_is_listed(
    places, people
) -> None:
    file = places / "ws" / "visloop.yaml"
    before = file.read_text()
    file.write_text(f"serve: {{folders: [{places}]}}\n")
    try:
        with worlds.api(places / "ws") as url:
            for path in ("", "ws", "ws/.visloop/token", "ws/visloop.yaml"):
                where = {"paths": [f"{places}/{path}"], "to": "ours", "dry_run": True}
                assert ask(url, people["ana"], "add", **where)[0] == 403
            where = {"paths": [str(places / "private")], "to": "ours", "dry_run": True}
            assert ask(url, people["ana"], "add", **where)[0] == 200
    finally:
        file.write_text(before)


def test_who_may_only_read_has_no_file_written(url, places, people) -> None:
    for place in (places / "ws" / "inside" / "a.jpg", places / "shared" / "new.html"):
        before = place.read_bytes() if place.exists() else None
        code, answer = ask(url, people["vic"], "map", ref="mine", html=str(place))
        assert (code, "data.export" in answer["error"]["what"]) == (403, True)
        assert (place.read_bytes() if place.exists() else None) == before
    assert ask(url, people["vic"], "map", ref="mine", by="pca")[0] == 200


def test_what_is_no_path_is_no_matter_of_paths(url, people) -> None:
    for source in ("mine@work", "s3://nowhere/x"):
        _, answer = ask(url, people["ana"], "add", paths=[source], to="ours", dry_run=True)
        assert answer.get("error", {}).get("code") != "web.path_forbidden"


def test_once_others_reach_the_server_its_owner_is_bound_as_well(places, people) -> None:
    file = places / "ws" / "visloop.yaml"
    before = file.read_text()
    file.write_text("serve: {allowed_hosts: [vision.example]}\n")
    try:
        with worlds.api(places / "ws") as url:
            where = {"to": "mine", "dry_run": True}
            private, inside = str(places / "private"), str(places / "ws" / "inside")
            code, answer = ask(url, people["owner"], "add", paths=[private], **where)
            assert (code, answer["error"]["code"]) == (403, "web.path_forbidden")
            assert ask(url, people["owner"], "add", paths=[inside], **where)[0] == 200
    finally:
        file.write_text(before)
