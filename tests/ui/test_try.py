"""The page of each deployment, `/try/NAME`, where only the serving process runs."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.films import film, times_of
from tests.journey.serve_world import RED, World
from tests.journey.zoo import zoo
from tests.ui import node
from tests.ui.conftest import WIDE, Seen, Site
from tests.ui.test_access import axe_finds
from visloop import faces, serve

UI = Path(faces.__file__).parent / "ui"
PASTE = """async ([name, bytes]) => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], name, { type: "image/jpeg" }));
  dispatchEvent(new ClipboardEvent("paste", { clipboardData: held }));
}"""
DROP = """([bytes]) => {
  const held = new DataTransfer();
  held.items.add(new File([new Uint8Array(bytes)], "dropped.jpg", { type: "image/jpeg" }));
  const event = new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
  document.querySelector(".drop").dispatchEvent(event);
}"""


@contextmanager
def photos(body: bytes) -> Iterator[str]:
    """A web server with one picture at every address; where it is."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    del browser
    made = zoo(tmp_path_factory.mktemp("try"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def url(world: World) -> str:
    return world.serve(pages=str(UI)).url


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """A page whose console stays silent, unless the test ends by asking it."""
    seen = Seen()
    context = browser.new_context(
        viewport=WIDE, permissions=["camera", "clipboard-read", "clipboard-write"]
    )
    seen.watch(context)
    opened = context.new_page()
    yield opened
    context.close()
    said = [each for each in seen.said if "status of 422" not in each]
    assert said == []
    assert seen.foreign(url) == []


def choose(page: Page, url: str, name: str, file: bytes = RED, title: str = "a.jpg") -> None:
    page.goto(f"{url}/try/{name}")
    page.locator("input[type=file]").set_input_files(
        {"name": title, "mimeType": "image/jpeg", "buffer": file}
    )


def test_a_chosen_picture_is_answered_and_its_stages_are_told(page: Page, url: str) -> None:
    page.goto(f"{url}/try/desk")
    expect(page.get_by_text("It stands here as soon as")).to_be_visible()
    choose(page, url, "desk")
    expect(page.locator(".proposal")).to_contain_text("red")
    expect(page.get_by_role("progressbar")).to_have_count(3)
    expect(page.get_by_label("how long each stage took")).to_contain_text("infer")
    assert page.title() == "desk · Visloop"


def test_what_was_found_is_drawn_where_it_lies(page: Page, url: str) -> None:
    choose(page, url, "pets")
    expect(page.locator(".marks rect").first).to_be_visible()
    expect(page.locator(".tried")).to_contain_text("dog")
    choose(page, url, "parts")
    expect(page.locator(".marks .mask")).to_have_count(1)
    choose(page, url, "gauge")
    expect(page.locator(".figure")).to_have_text("41.5")


def test_pasted_and_dropped_pictures_are_answered_too(page: Page, url: str) -> None:
    page.goto(f"{url}/try/desk")
    page.get_by_text("or paste").wait_for()
    page.evaluate(PASTE, ["pasted.jpg", list(RED)])
    expect(page.locator(".proposal")).to_contain_text("red")
    expect(page.locator(".requests pre")).to_contain_text("pasted.jpg")
    page.evaluate(DROP, [list(RED)])
    expect(page.locator(".requests pre")).to_contain_text("dropped.jpg")


def test_a_film_is_played_with_the_answers_to_its_frames(
    page: Page, url: str, tmp_path: Path
) -> None:
    clip = film(tmp_path / "clip.webm", 60, codec="libvpx", options={"g": "8"}, size=(320, 240))
    page.goto(f"{url}/try/pets")
    page.locator("input[type=file]").set_input_files(clip)
    frames = page.get_by_label("the frames that were answered").get_by_role("button")
    expect(frames).to_have_count(3)
    expect(page.locator(".marks rect").first).to_be_visible()
    frames.nth(2).click()
    expect(frames.nth(2)).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("document.querySelector('video').currentTime > 1.9")
    expect(page.locator(".tried")).to_contain_text("dog")
    with page.expect_download() as kept:
        page.get_by_role("button", name="Save with the answers drawn in").click()
    assert kept.value.suggested_filename == "clip-answered.mp4"
    assert len(times_of(kept.value.path())) == 3
    run_what_is_copied(page, tmp_path, "cat")


def test_an_address_can_be_named_where_the_server_fetches(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    with photos(RED) as there:
        server = world.serve(pages=str(UI), urls=(there,))
        context = browser.new_context(
            viewport=WIDE, permissions=["clipboard-read", "clipboard-write"]
        )
        opened = context.new_page()
        opened.goto(f"{server.url}/try/pets")
        opened.get_by_label("address of a picture").fill(f"{there}red.jpg")
        opened.get_by_role("button", name="Ask about this address").click()
        expect(opened.locator(".tried")).to_contain_text("dog")
        expect(opened.get_by_alt_text("the picture that you chose")).to_be_visible()
        run_what_is_copied(opened, tmp_path, there)
        opened.get_by_label("address of a picture").fill("http://127.0.0.1:9/elsewhere.jpg")
        opened.get_by_role("button", name="Ask about this address").click()
        expect(opened.get_by_role("alert")).to_contain_text("not listed")
        context.close()


def test_the_camera_gives_a_picture(page: Page, url: str) -> None:
    page.goto(f"{url}/try/desk")
    page.get_by_role("button", name="Use the camera").click()
    page.get_by_role("button", name="Take the picture").click()
    expect(page.locator(".tried")).to_contain_text("colours@v1")
    expect(page.locator("video")).to_have_count(0)


def test_a_camera_that_is_not_there_is_told(browser: Browser, url: str) -> None:
    context = browser.new_context(permissions=[])
    opened = context.new_page()
    opened.add_init_script(
        "navigator.mediaDevices.getUserMedia = async () => { throw new Error('no') }"
    )
    opened.goto(f"{url}/try/desk")
    opened.get_by_role("button", name="Use the camera").click()
    expect(opened.get_by_role("alert")).to_contain_text("no camera")
    opened.get_by_role("button", name="Close the camera").click()
    expect(opened.get_by_text("Drop a picture or a short film here")).to_be_visible()
    context.close()


def test_what_is_no_picture_and_who_is_not_there_is_told(page: Page, url: str) -> None:
    choose(page, url, "desk", b"not a picture")
    expect(page.get_by_role("alert")).to_contain_text("no picture")
    expect(page.get_by_text("This browser cannot show")).to_be_visible()
    broken = {"name": "broken.mp4", "mimeType": "video/mp4", "buffer": b"not a film"}
    page.locator("input[type=file]").set_input_files(broken)
    expect(page.locator(".requests pre")).to_contain_text("broken.mp4")
    expect(page.get_by_text("Drop a picture or a short film here")).to_be_visible()
    page.goto(f"{url}/try/elsewhere")
    expect(page.get_by_text("There is no deployment elsewhere")).to_be_visible()
    page.locator("main").get_by_role("link", name="gauge").click()
    expect(page.get_by_role("heading", name="gauge")).to_be_visible()


@pytest.mark.parametrize("name", ["desk", "pets", "gauge"])
def test_the_request_that_is_copied_works(page: Page, url: str, name: str, tmp_path: Path) -> None:
    choose(page, url, name)
    expect(page.locator(".tried")).to_be_visible()
    (tmp_path / "a.jpg").write_bytes(RED)
    run_what_is_copied(page, tmp_path, {"desk": "red", "pets": "dog", "gauge": "41.5"}[name])


def run_what_is_copied(page: Page, tmp_path: Path, says: str) -> None:
    """Each language's text runs as it stands, and prints that."""
    how = {
        "curl": ["bash", "-c"],
        "Python": [sys.executable, "-c"],
        "JavaScript": [*node.command("node"), "--input-type=module", "-e"],
    }
    for language, command in how.items():
        page.get_by_role("button", name=language, exact=True).click()
        page.get_by_role("button", name="Copy").click()
        text = page.evaluate("navigator.clipboard.readText()")
        done = subprocess.run(
            [*command, text], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, (language, text, done.stderr)
        assert says in done.stdout, (language, text, done.stdout)


def test_where_an_api_key_is_wanted_it_is_given_on_the_page(
    browser: Browser, world: World, tmp_path: Path
) -> None:
    server = world.serve(pages=str(UI), keys="required")
    _, secret = serve.add_key(world.ports, world.scope, "page")
    context = browser.new_context(viewport=WIDE)
    opened = context.new_page()
    choose(opened, server.url, "desk")
    opened.get_by_label("API key").fill("vlk_wrong")
    opened.get_by_role("button", name="Use this key").click()
    expect(opened.get_by_text("this API key is not known")).to_be_visible()
    opened.get_by_label("API key").fill(secret)
    opened.get_by_role("button", name="Use this key").click()
    expect(opened.get_by_label("how long each stage took")).to_be_visible()
    shown = opened.locator(".requests code").inner_text()
    assert "$VISLOOP_KEY" in shown
    assert secret not in opened.content()
    (tmp_path / "a.jpg").write_bytes(RED)
    done = subprocess.run(
        ["bash", "-c", f"sleep 1; {shown}"],
        cwd=tmp_path, env={**os.environ, "VISLOOP_KEY": secret}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert '"label"' in done.stdout
    context.close()


def test_keys_alone_are_enough(page: Page, url: str) -> None:
    page.goto(f"{url}/try/desk")
    page.get_by_text("Drop a picture or a short film here").wait_for()
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.type"
                " || document.activeElement.textContent"
            )
        )
    assert {"file", "button", "the request in curl"} <= set(reached)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_use_it_on_a_phone_too(page: Page, url: str, theme: str) -> None:
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": 375, "height": 740})
    page.goto(f"{url}/try")
    expect(page.get_by_text("Which model?")).to_be_visible()
    found = axe_finds(page)
    raw = io.BytesIO()
    Image.effect_noise((900, 600), 80).convert("RGB").save(raw, "JPEG")
    for name in ("desk", "pets"):
        choose(page, url, name, raw.getvalue())
        expect(page.locator(".tried")).to_be_visible()
        found += axe_finds(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 375
    assert found == []


def test_nothing_served_yet_says_how(browser: Browser, tmp_path: Path) -> None:
    empty = World.create(tmp_path)
    try:
        bare = empty.serve(pages=str(UI)).url
        opened = browser.new_page()
        opened.goto(f"{bare}/try/desk")
        expect(opened.get_by_text("Nothing is served yet")).to_be_visible()
        opened.close()
    finally:
        empty.close()


def test_files_beside_the_page_are_not_given_out(world: World) -> None:
    server = world.processes[0]
    for path in ("/ui/../web/server.py", "/ui/%2e%2e/web/server.py", "/ui/package.json", "/ui/"):
        assert server.ask("GET", path).status == 404
    assert server.ask("POST", "/try/desk").status == 405
    assert "content-security-policy" in server.ask("GET", "/try/desk").headers


def test_under_up_the_deployments_view_leads_there(site: Site, browser: Browser) -> None:
    context = browser.new_context(viewport=WIDE)
    opened = context.new_page()
    opened.goto(site.way_in)
    opened.goto(f"{site.url}/#/deployments")
    opened.get_by_role("link", name="its own page").click()
    expect(opened.get_by_text("Drop a picture or a short film here")).to_be_visible()
    assert "/try/" in opened.url
    context.close()
