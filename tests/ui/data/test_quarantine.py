"""What was not taken: its reason and picture, another try, set aside for good."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Visit
from tests.ui.data.conftest import picture
from tests.ui.test_page import pictures_are_there


def test_reason_fix_and_picture_are_shown(desk: Visit, broken: tuple[str, Path]) -> None:
    name, _ = broken
    page = desk.go("data", name, "work", "all", "quarantine")
    rows = page.locator(".waiting-file")
    expect(rows).to_have_count(2)
    for row, found in zip(
        rows.all(), desk.site.ask("quarantine.list", dataset=name)["rows"], strict=True
    ):
        for word in (found["path"], found["reason"], found["fix"], found["source"]):
            expect(row).to_contain_text(word)
    assert pictures_are_there(page, ".waiting-file") == 1
    expect(page.locator("nav.rooms [aria-current]")).to_contain_text("2")


def test_one_repaired_file_is_tried_again(desk: Visit, broken: tuple[str, Path]) -> None:
    name, folder = broken
    page = desk.go("data", name, "work", "all", "quarantine")
    (folder / "cut.jpg").write_bytes(picture(2))
    page.locator(".waiting-file", has_text="cut.jpg").get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("1 taken, 0 still refused")
    expect(page.locator(".waiting-file")).to_have_count(1)
    assert desk.site.ask("samples", ref=f"{name}@work")["total"] == 2


def test_all_are_tried_again_and_some_stay(desk: Visit, broken: tuple[str, Path]) -> None:
    name, folder = broken
    page = desk.go("data", name, "work", "all", "quarantine")
    (folder / "cut.jpg").write_bytes(picture(2))
    page.get_by_role("button", name="Try all again").click()
    expect(page.get_by_role("status")).to_contain_text("1 taken, 1 still refused")


def test_what_is_not_needed_is_set_aside_with_a_reason(
    desk: Visit, broken: tuple[str, Path]
) -> None:
    name, _ = broken
    page = desk.go("data", name, "work", "all", "quarantine")
    page.get_by_role("group", name="reason").get_by_role("button", name="not an image").click()
    expect(page.locator(".waiting-file")).to_have_count(1)
    page.get_by_label("pick none.jpg").check()
    page.get_by_label("why the picked files are not needed").fill("a slip")
    page.get_by_role("button", name="Set 1 aside").click()
    expect(page.get_by_role("status")).to_contain_text("1 file set aside")
    left = desk.site.ask("quarantine.list", dataset=name)["rows"]
    assert [each["path"] for each in left] == ["cut.jpg"]
    assert desk.site.newest_fact("data.quarantine_removed")["subject"] == name


def test_nothing_in_quarantine_says_so(desk: Visit) -> None:
    page = desk.go("data", "boxed", "work", "all", "quarantine")
    expect(page.locator(".empty-title")).to_have_text("Nothing is in quarantine")


def test_what_was_sent_is_sent_again(desk: Visit, tmp_path: Path) -> None:
    file = tmp_path / "sent.jpg"
    for data, left in ((picture(5)[:-600], 1), (picture(5), 0)):
        file.write_bytes(data)
        page = desk.go("data", "+")
        page.reload()
        page.get_by_label("Name of the new data set").fill("sent")
        page.locator("input[type=file]").first.set_input_files(file)
        page.get_by_role("button", name="Add to sent").first.click()
        expect(page.locator(".outcome")).to_contain_text("quarantined" if left else "added")
        assert len(desk.site.ask("quarantine.list", dataset="sent")["rows"]) == left
        page = desk.go("data", "sent", "work", "all", "quarantine")
        if left:
            expect(page.locator(".waiting-file")).to_contain_text("send it again")
            expect(page.get_by_role("button", name="Try all again")).to_be_disabled()
            expect(page.locator(".waiting-file").get_by_role("button")).to_have_count(0)
