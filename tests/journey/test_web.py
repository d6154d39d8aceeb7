"""The door of the API: who is let in, who is not, and how the answers come."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.journey import worlds
from visloop import app


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    root = tmp_path_factory.mktemp("web")
    app.create(root)
    with worlds.api(root) as url:
        yield url, app.token_of(root)


def _ask(url: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/api/v1/datasets", headers=headers)


def test_the_token_opens_it(door: tuple[str, str]) -> None:
    url, token = door
    assert _ask(url, Authorization=f"Bearer {token}").json() == {"count": 0, "rows": []}


@pytest.mark.parametrize("given", ["", "Bearer wrong", "Basic abc"])
def test_without_it_nothing_is_told(door: tuple[str, str], given: str) -> None:
    url, _ = door
    reply = _ask(url, **({"Authorization": given} if given else {}))
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "unauthenticated"


def test_a_foreign_host_name_is_refused(door: tuple[str, str]) -> None:
    url, token = door
    reply = _ask(url, Authorization=f"Bearer {token}", Host="evil.example")
    assert reply.status_code == 403


def test_a_page_from_elsewhere_is_refused(door: tuple[str, str]) -> None:
    url, token = door
    reply = _ask(url, Authorization=f"Bearer {token}", Origin="https://evil.example")
    assert reply.status_code == 403


def test_the_printed_address_sets_a_cookie(door: tuple[str, str]) -> None:
    url, token = door
    with httpx.Client(base_url=url) as browser:
        browser.get("/", params={"token": token})
        cookie = browser.cookies.jar
        assert [each.has_nonstandard_attr("HttpOnly") for each in cookie] == [True]
        assert browser.post("/api/v1/datasets").status_code == 200
    with httpx.Client(base_url=url) as stranger:
        stranger.get("/", params={"token": "wrong"})
        assert stranger.post("/api/v1/datasets").status_code == 401


def test_pictures_need_it_too(door: tuple[str, str]) -> None:
    url, token = door
    assert httpx.get(f"{url}/media/image/{'0' * 64}").status_code == 401
    assert httpx.get(f"{url}/media/cutout/{'0' * 64}?box=0,0,9,9").status_code == 401
    known = {"Authorization": f"Bearer {token}"}
    for kind in ("image", "thumbnail", "cutout"):
        there = f"{url}/media/{kind}/{'0' * 64}?box=0,0,9,9"
        assert httpx.get(there, headers=known).status_code == 404, kind
    for more in ("", "box=1,2,3", "box=-1,0,9,9", "box=0,0,9,9999999", "box=0,0,9,9&px=99"):
        reply = httpx.get(f"{url}/media/cutout/{'0' * 64}?{more}", headers=known)
        assert reply.status_code == 400, more
    assert httpx.get(f"{url}/media/image/..%2f..%2ftoken", headers=known).status_code in (400, 404)


def test_wrong_questions_name_the_field(door: tuple[str, str]) -> None:
    url, token = door
    known = {"Authorization": f"Bearer {token}"}
    for body, named in [
        ('{"datset": "x"}', "datset"),
        ('{"dataset": 3}', "dataset"),
        ("{", "truncated"),
        ("[]", "object"),
    ]:
        reply = httpx.post(f"{url}/api/v1/log", content=body, headers=known)
        assert reply.status_code == 400, body
        assert named in reply.json()["error"]["what"]


def test_a_flood_is_refused(door: tuple[str, str]) -> None:
    url, token = door
    known = {"Authorization": f"Bearer {token}"}
    reply = httpx.post(f"{url}/api/v1/log", content=b" " * (9 << 20), headers=known)
    assert reply.status_code == 400


def test_progress_comes_as_events(door: tuple[str, str], tmp_path: Path) -> None:
    url, token = door
    ask = {"directory": str(tmp_path / "parts"), "count": 80}
    known = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    reply = httpx.post(f"{url}/api/v1/demo/images", json=ask, headers=known, timeout=60)
    events = [block.split("\n") for block in reply.text.strip().split("\n\n")]
    kinds = [lines[0].removeprefix("event: ") for lines in events]
    assert kinds[-1] == "answer"
    assert set(kinds[:-1]) == {"progress"}
    assert json.loads(events[-1][1].removeprefix("data: "))["images"] == 80


def test_the_description_covers_every_verb(door: tuple[str, str]) -> None:
    url, token = door
    known = {"Authorization": f"Bearer {token}"}
    document = httpx.get(f"{url}/api/v1/openapi.json", headers=known).json()
    described = {each["post"]["operationId"] for each in document["paths"].values()}
    assert described == {each.name for each in app.OPERATIONS}


def test_the_page_forbids_foreign_scripts(door: tuple[str, str]) -> None:
    url, _ = door
    reply = httpx.get(f"{url}/")
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    assert reply.headers["x-frame-options"] == "DENY"
