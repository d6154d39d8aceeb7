"""Runs on the page: listed, found, compared, drawn side by side, brushed; notes; what a search came to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Site, Visit
from visloop import app, train
from visloop.events import Scope
from visloop.faces import sdk

RATES = ("0.1", "0.3", "1.0")


@pytest.fixture(scope="module")
def rates(site: Site) -> list[str]:
    """Three scripts that logged a curve each."""
    with sdk.local(site.root) as here:
        made = []
        for rate in RATES:
            start = app.RunsStart(name=f"rate {rate}", params={"rate": rate}, alive_s=0)
            run = here.call(app.runs_start, start).run
            points = [
                train.Point("loss", 1 / (step * float(rate)), step, 1e9 + step)
                for step in range(1, 21)
            ]
            report = train.Report(points=points)
            train.report(here.ports.train, Scope(), run, report)
            here.call(app.runs_end, app.RunsEnd(run=run))
            made.append(run)
        return made


def search_of(site: Site) -> dict[str, Any]:
    (row,) = site.ask("runs.list", where="source = tune")["rows"]
    return row


def test_runs_are_found_sorted_and_chosen_to_be_compared(visit: Visit, rates: list[str]) -> None:
    page = visit.go("runs")
    page.get_by_label("condition").fill("params.rate > 0.2")
    page.keyboard.press("Enter")
    expect(page.locator("main .title")).to_contain_text("2 runs")
    expect(page.locator("table.long tbody tr a").first).to_have_text("rate 1.0")
    page.get_by_role("button", name="loss").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("loss")
    expect(page.locator("table.long tbody tr a").first).to_have_text("rate 0.3")
    for run in rates[1:]:
        page.get_by_label(f"choose {run}").check()
    page.get_by_role("button", name="Compare 2").click()
    expect(page.get_by_role("heading", name="2 runs compared")).to_be_visible()
    row = page.locator(".side-by-side tr", has_text="rate").last
    expect(row.locator("td.odd")).to_have_count(2)
    expect(page.locator(".side-by-side .best").first).to_have_text("0.05")


def test_a_condition_that_cannot_be_says_how_to_write_it(visit: Visit) -> None:
    page = visit.go("runs", "where", "metrics.loss >> 3")
    expect(page.locator(".failure")).to_contain_text("metrics.accuracy >= 0.9")
    visit.seen.said.clear()  # a browser tells of every answer that is a no


def test_curves_of_several_runs_stand_in_one_plot(visit: Visit, rates: list[str]) -> None:
    page = visit.go("runs", "compare", ",".join(rates))
    plot = page.locator(".plot", has_text="loss")
    expect(plot.locator("canvas")).to_be_visible()
    expect(plot.locator(".caption")).to_contain_text("step 20")
    expect(plot.locator(".caption .label")).to_have_text(["0.5", "0.1667", "0.05"])
    page.get_by_label("over").select_option("time")
    expect(plot.locator(".caption")).to_contain_text("seconds 19")
    page.get_by_role("slider").fill("0.9")
    expect(plot.locator(".caption .label").first).not_to_have_text("0.5")
    page.get_by_role("button", name="loss").click()
    expect(page.locator(".plot")).to_have_count(0)


def test_a_brush_leaves_what_lies_within_by_pointer_and_by_keyboard(
    visit: Visit, rates: list[str]
) -> None:
    page = visit.go("runs", "parallel", ",".join(rates))
    expect(page.locator(".parallel .line")).to_have_count(3)
    page.get_by_label("rate from").fill("0.2")
    page.keyboard.press("Tab")
    expect(page.locator(".parallel .line.out")).to_have_count(1)
    expect(page.get_by_text("2 runs of 3")).to_be_visible()
    page.get_by_role("button", name="Clear brushes").click()
    expect(page.locator(".parallel .line.out")).to_have_count(0)
    box = page.locator(".parallel .catch").first.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + box["height"] - 1)
    page.mouse.down()
    page.mouse.move(middle, box["y"] + box["height"] * 0.6)
    page.mouse.up()
    expect(page.locator(".parallel .line.out")).to_have_count(1)


def test_notes_are_written(visit: Visit, rates: list[str]) -> None:
    page = visit.go("runs", rates[0])
    page.get_by_role("button", name="Write").click()
    page.get_by_label("notes").fill("far too slow")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notes-of")).to_have_text("far too slow")
    assert visit.site.ask("runs.show", run=rates[0])["run"]["notes"] == "far too slow"


def test_a_search_shows_its_best_and_its_trials(visit: Visit) -> None:
    search = search_of(visit.site)
    page = visit.go("runs", search["id"])
    expect(page.locator(".big-figures")).to_contain_text("2 of 2")
    expect(page.get_by_text("too good to be true")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Too few finished trials")
    shown = visit.site.ask("tune.show", run=search["id"], importance="none")
    table = page.locator(".panel", has_text=re.compile("^Trials")).locator("tbody tr")
    expect(table).to_have_count(2)
    page.get_by_role("link", name=f"trial {shown['trial']['number']}", exact=True).click()
    expect(page.get_by_role("heading", name="trial")).to_be_visible()
    expect(page.get_by_role("link", name="tuned@v1")).to_be_visible()
