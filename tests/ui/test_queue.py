"""Labelling by keyboard: every decision reaches the server, or the page says that it has not yet."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.journey.worlds import until
from tests.ui.conftest import Visit
from tests.ui.test_page import pictures_are_there

CLASSES = ["bearing", "bolt", "gear", "nut", "spring", "washer"]


def waiting(visit: Visit) -> list[dict]:
    return visit.site.ask("label.list", limit=60)["rows"]


def proposed(task: dict) -> str:
    return task["proposed"][0]["label"]


def decided(visit: Visit, task: dict, kind: str) -> dict:
    """The fact about a task, when it is there."""

    def look() -> dict | None:
        rows = visit.site.ask("facts", subject=task["id"], kind=[kind], limit=1)["rows"]
        return rows[0]["payload"] if rows else None

    return until(look, timeout_s=10, what=f"{kind} of {task['id']}")


def the_picture_is(visit: Visit, task: dict) -> None:
    """The task is the one on the desk, its picture drawn."""
    expect(visit.page.locator(".desk img")).to_have_attribute("src", re.compile(task["image"]))
    expect(visit.page.locator(".choice")).to_have_count(len(CLASSES))


def test_a_class_key_labels_and_leads_on(visit: Visit) -> None:
    first, second = waiting(visit)[:2]
    page = visit.go("queue")
    assert pictures_are_there(page, ".desk") == 1
    the_picture_is(visit, first)
    expect(page.locator(".desk .facts")).to_contain_text(
        re.compile("unlike the training pictures|uncertain")
    )
    other = next(name for name in CLASSES if name != proposed(first))
    page.keyboard.press(str(CLASSES.index(other) + 1))
    the_picture_is(visit, second)
    fact = decided(visit, first, "label.accepted")
    assert (fact["label"], fact["agreed"]) == (other, False)
    expect(page.locator("main .title")).to_contain_text("all saved")
    expect(page.locator("main .title")).to_contain_text(f"last: {other}")


def test_accept_leave_out_and_undo(visit: Visit) -> None:
    first, second, third = waiting(visit)[:3]
    page = visit.go("queue")
    the_picture_is(visit, first)
    page.keyboard.press("Enter")
    the_picture_is(visit, second)
    page.keyboard.press("x")
    the_picture_is(visit, third)
    page.keyboard.press("u")
    the_picture_is(visit, second)
    fact = decided(visit, first, "label.accepted")
    assert (fact["label"], fact["agreed"]) == (proposed(first), True)
    decided(visit, second, "label.undone")
    page.keyboard.press("ArrowRight")
    the_picture_is(visit, third)
    page.keyboard.press("ArrowLeft")
    the_picture_is(visit, second)
    assert second["id"] in {each["id"] for each in waiting(visit)}


def test_the_mouse_does_the_same(visit: Visit) -> None:
    first, second = waiting(visit)[:2]
    page = visit.go("queue")
    the_picture_is(visit, first)
    page.get_by_role("group", name="classes").get_by_role("button", name="nut").click()
    the_picture_is(visit, second)
    assert decided(visit, first, "label.accepted")["label"] == "nut"


def test_a_picture_is_drawn_on_in_the_label_editor(visit: Visit) -> None:
    task = waiting(visit)[0]
    page = visit.go("queue")
    the_picture_is(visit, task)
    page.keyboard.press("e")
    expect(page.locator(".edit-bar .path")).to_have_text(task["candidate"]["path"])
    expect(page.locator(".edit-objects")).to_contain_text(proposed(task))
    fact = decided(visit, task, "label.accepted")
    assert (fact["label"], fact["agreed"]) == (proposed(task), False), "it is to be corrected"


def test_the_next_pictures_are_fetched_before_they_are_needed(visit: Visit) -> None:
    tasks = waiting(visit)[:3]
    visit.go("queue")
    the_picture_is(visit, tasks[0])
    for task in tasks[1:]:
        until(
            lambda image=task["image"]: any(
                each.endswith(f"/media/image/{image}") for each in visit.seen.asked
            ),
            what="the next picture",
        )


def test_a_cut_network_loses_nothing_and_is_told(visit: Visit) -> None:
    tasks = waiting(visit)[:3]
    page = visit.go("queue")
    the_picture_is(visit, tasks[0])
    visit.context.set_offline(True)
    for key in ("2", "x", "Enter"):
        page.keyboard.press(key)
    alert = page.locator(".failure", has_text="3 decisions not saved yet")
    expect(alert).to_contain_text("kept in this browser")
    expect(page.locator(".offline")).to_be_visible()
    assert {each["id"] for each in tasks} <= {each["id"] for each in waiting(visit)}
    visit.context.set_offline(False)
    expect(page.locator("main .title")).to_contain_text("all saved")
    expect(page.locator(".failure")).to_have_count(0)
    expect(page.locator(".offline")).to_have_count(0)
    assert decided(visit, tasks[0], "label.accepted")["label"] == "bolt"
    decided(visit, tasks[1], "label.rejected")
    decided(visit, tasks[2], "label.accepted")
    assert any("ERR_INTERNET_DISCONNECTED" in each for each in visit.seen.said)
    visit.seen.said.clear()


def test_a_closed_tab_loses_nothing(visit: Visit) -> None:
    task = waiting(visit)[0]
    page = visit.go("queue")
    the_picture_is(visit, task)
    visit.context.set_offline(True)
    page.keyboard.press("4")
    expect(page.locator(".failure")).to_contain_text("1 decision not saved yet")
    page.close(run_before_unload=False)
    visit.context.set_offline(False)
    later = visit.context.new_page()
    later.goto(f"{visit.site.url}/#/history")
    assert decided(visit, task, "label.accepted")["label"] == "nut"
    visit.seen.said.clear()


def test_what_the_server_refuses_is_told_with_its_reason(visit: Visit) -> None:
    task = waiting(visit)[0]
    page = visit.go("queue")
    the_picture_is(visit, task)
    page.keyboard.press("Enter")
    decided(visit, task, "label.accepted")
    visit.site.ask("commit", dataset=task["dataset"], message="labels")
    page.keyboard.press("u")
    alert = page.locator(".failure", has_text="Not taken back")
    expect(alert).to_contain_text("is in a version")
    expect(alert).to_contain_text("correct it instead")
    alert.get_by_role("button").click()
    expect(page.locator(".failure")).to_have_count(0)
    assert all("409" in each for each in visit.seen.said)
    visit.seen.said.clear()
