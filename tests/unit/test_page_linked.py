"""The page's modules in one script: what they say is kept, and what cannot be kept is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from visloop.errors import Corrupt
from visloop.faces.web.linking import link
from visloop.faces.web.page import Page
from visloop.faces.web.server import UI

_DIGITS = {
    c: k for k, c in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
}


def test_every_module_of_the_page_is_in_it_once_and_debuggers_find_its_lines() -> None:
    modules = {
        path.relative_to(UI).as_posix(): path.read_text("utf-8") for path in UI.rglob("*.js")
    }
    script = link("app.js", modules)
    assert len(set(script.names)) == len(script.names) > 100
    assert {"lib/dom.js", "vendor/preact.js", "views/editor/editor.js"} <= set(script.names)
    told = json.loads(script.source_map(lambda name: f"/ui/{name}"))
    found = 0
    source = line = 0
    for text, mapping in zip(script.text().split("\n"), told["mappings"].split(";"), strict=False):
        if not mapping:
            continue
        _, by_source, by_line, _ = _numbers(mapping)
        source, line = source + by_source, line + by_line
        written = modules[told["sources"][source].removeprefix("/ui/")].split("\n")[line]
        if (
            text
            and not written.startswith(("import", "export", "}", " "))
            and "export" not in written
        ):
            assert text == written
            found += 1
    assert found > 3000


def _numbers(mapping: str) -> list[int]:
    found, value, shift = [], 0, 0
    for each in mapping:
        value |= (_DIGITS[each] & 31) << shift
        shift += 5
        if not _DIGITS[each] & 32:
            found.append(-(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return found


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('import { a } from "./a.js";', "b.js → a.js"),
        ('import { a } from "./none.js";', "none.js"),
        ('import * as all from "./c.js";', "import \\* as all"),
        ("export let count = 0;", "export let count"),
        ("export default 3;", "export default"),
        ("await fetch(1);", "await fetch"),
    ],
)
def test_what_cannot_be_linked_is_named(text: str, named: str) -> None:
    modules = {"a.js": 'import { b } from "./b.js";\n', "b.js": text, "c.js": ""}
    with pytest.raises(Corrupt, match=named):
        link("a.js", modules)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "index.html").write_text(
        '<head>\n  <link rel="stylesheet" href="/ui/a.css">\n  <link rel="stylesheet" href="/ui/b.css">\n'
        '  <script type="module" src="/ui/app.js"></script>\n</head>\n'
    )
    (tmp_path / "a.css").write_text("a {}\n")
    (tmp_path / "b.css").write_text("b {}\n")
    (tmp_path / "app.js").write_text('import { one } from "./lib/one.js";\nconsole.log(one);\n')
    (tmp_path / "lib" / "one.js").write_text("export const one = 1;\n")
    return tmp_path


def served(folder: Path) -> TestClient:
    page = Page(folder)
    app = Starlette(routes=page.routes())
    app.add_route("/", lambda _: page.index())
    return TestClient(app)


def named(client: TestClient) -> tuple[str, str]:
    """Addresses of the sheet and the script."""
    parts = client.get("/").text.split('"')
    (sheet,), (script,) = (
        [each for each in parts if each.endswith(kind)] for kind in ("css", "js")
    )
    return sheet, script


def test_the_page_is_two_files_that_a_browser_keeps(folder: Path) -> None:
    client = served(folder)
    sheet, script = named(client)
    assert client.get(sheet).text == "a {}\n\nb {}\n"
    reply = client.get(script)
    assert reply.headers["cache-control"].endswith("immutable")
    assert reply.headers["content-encoding"] == "gzip"
    assert "default-src 'self'" in reply.headers["content-security-policy"]
    plain = client.get(script, headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == reply.text
    assert "console.log(one)" in reply.text
    mapped = client.get(script + ".map").json()
    assert mapped["sources"] == ["/ui/lib/one.js", "/ui/app.js"]
    assert client.get("/ui/page/x.png").status_code == 404


def test_an_edited_module_is_there_when_the_page_is_loaded_again(folder: Path) -> None:
    client = served(folder)
    _, before = named(client)
    (folder / "lib" / "one.js").write_text("export const one = 22;\n")
    sheet, after = named(client)
    assert after != before
    assert "one = 22" in client.get(after).text
    late = client.get(before)
    assert late.status_code == 200
    assert late.headers["cache-control"] == "no-cache"
    (folder / "b.css").write_text("b { color: red }\n")
    assert named(client)[0] != sheet
    plain = client.get("/ui/lib/one.js")
    assert (plain.text, plain.headers["cache-control"]) == ("export const one = 22;\n", "no-cache")


def test_modules_that_cannot_be_linked_are_served_as_they_are(folder: Path) -> None:
    (folder / "app.js").write_text('import * as all from "./lib/one.js";\n')
    index = served(folder).get("/").text
    assert index == (folder / "index.html").read_text()
