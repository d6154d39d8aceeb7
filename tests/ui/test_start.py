"""A workspace with nothing in it says what to do first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journey import worlds
from tests.ui.conftest import WIDE, Site
from visloop import app
from visloop.faces import sdk


@pytest.fixture(scope="module")
def bare(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    del browser
    root = tmp_path_factory.mktemp("bare") / "workspace"
    app.create(root)
    with worlds.api(root) as url:
        yield Site(root, url, app.token_of(root))


@pytest.fixture
def page(browser: Browser, bare: Site) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(bare.way_in)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("view", "title", "command"),
    [
        ("data", "No pictures yet", "visloop add FOLDER --to NAME"),
        ("queue", "Nothing waits for a person", "visloop label list"),
        ("runs", "No run yet", "visloop train DATASET@v1 --model NAME"),
        ("models", "No model yet", "visloop train DATASET@v1 --model NAME"),
        ("deployments", "Nothing is served yet", "visloop deploy MODEL@v1 --as NAME"),
        ("history", "Nothing happened yet", "visloop facts"),
    ],
)
def test_empty_views_say_what_comes_next(
    page: Page, bare: Site, view: str, title: str, command: str
) -> None:
    page.goto(f"{bare.url}/#/{view}")
    expect(page.locator(".empty-title")).to_have_text(title)
    expect(page.locator(".command code").first).to_have_text(command)


def test_the_way_to_the_first_loop_shows_how_far_one_is(
    page: Page, bare: Site, tmp_path: Path
) -> None:
    page.goto(f"{bare.url}/#/loop")
    expect(page.locator(".steps .next")).to_contain_text("Bring pictures in")
    with sdk.local(bare.root) as here:
        here.call(app.demo_images, app.DemoImages(directory=str(tmp_path / "parts"), count=2))
        here.call(app.add, app.Add(paths=(str(tmp_path / "parts"),), to="line"))
    expect(page.locator(".steps .next")).to_contain_text("Commit a version")
    expect(page.locator(".steps .next code").first).to_contain_text("visloop split line")


@pytest.mark.parametrize("place", ["models/none@v1", "runs/run-none", "data/none", "data/line/v9"])
def test_an_address_that_leads_nowhere_says_so(page: Page, bare: Site, place: str) -> None:
    page.goto(f"{bare.url}/#/{place}")
    expect(page.locator(".failure, .empty").first).to_be_visible()


def test_without_the_token_nothing_is_shown(browser: Browser, bare: Site) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{bare.url}/#/data")
    expect(page.locator(".failure").first).to_contain_text("token")
    expect(page.locator(".failure").first).to_contain_text("visloop up")
    context.close()
