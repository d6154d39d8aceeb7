"""Pictures come in through the page: from this computer, and from where the server runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Visit
from tests.ui.test_page import pictures_are_there

DROP = """async ([selector, name, size]) => {
  const canvas = new OffscreenCanvas(40, 30);
  canvas.getContext("2d").fillRect(0, 0, size, size);
  const blob = await canvas.convertToBlob({ type: "image/png" });
  const transfer = new DataTransfer();
  transfer.items.add(new File([blob], name, { type: "image/png" }));
  const target = document.querySelector(selector);
  for (const kind of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


def test_a_folder_of_classes_becomes_a_data_set(desk: Visit, classes: Path) -> None:
    page = desk.go("data", "+")
    page.get_by_label("Name of the new data set").fill("fresh")
    page.set_input_files("input[webkitdirectory]", classes)
    expect(page.get_by_text("4 files")).to_be_visible()
    expect(page.get_by_text("1 hidden file left out")).to_be_visible()
    page.get_by_label("The folders are classes").check()
    page.locator(".drop + form").get_by_label("Split").fill("train")
    page.locator(".drop + form").get_by_label("Licence").fill("CC0-1.0")
    page.get_by_role("button", name="Add to fresh").first.click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text(re.compile(r"4\s*added"))
    expect(outcome).to_contain_text("2 new classes: ")
    page.get_by_role("link", name="See the pictures").click()
    expect(page.locator("main .title")).to_contain_text("4 pictures")
    pictures_are_there(page, ".window")
    rows = desk.site.ask("samples", ref="fresh@work")["rows"]
    assert [each["path"] for each in rows] == [
        f"parts/{each}.jpg" for each in ("gear/0", "gear/2", "nut/1", "nut/3")
    ]
    assert {each["annotations"][0]["label"] for each in rows} == {"gear", "nut"}
    assert {each["split"] for each in rows} == {"train"}
    assert {each["metadata"]["licence"] for each in rows} == {"CC0-1.0"}


def test_what_cannot_be_taken_is_told_and_the_same_again_changes_nothing(
    desk: Visit, tmp_path: Path, classes: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    for wanted in (r"1\s*added", r"1\s*unchanged"):
        page = desk.go("data", "+")
        page.reload()
        page.get_by_label("Name of the new data set").fill("mixed")
        page.locator("input[type=file]").first.set_input_files([tmp_path / "single.jpg", broken])
        page.get_by_role("button", name="Add to mixed").first.click()
        expect(page.locator(".outcome")).to_contain_text(re.compile(wanted))
    assert classes.exists()
    expect(page.locator(".outcome .notes")).to_contain_text("no kind of picture")
    page.get_by_role("link", name="See why, and what mends it").click()
    expect(page.locator(".waiting-file")).to_contain_text("broken.jpg")


def test_files_may_be_dropped_anywhere_on_a_data_set(desk: Visit) -> None:
    page = desk.go("data", "boxed")
    page.evaluate(DROP, [".dataset", "dropped.png", 20])
    expect(page).to_have_url(re.compile("#/data/boxed/work/all/add$"))
    expect(page.get_by_text("1 file", exact=True)).to_be_visible()
    page.get_by_role("button", name="Not these").click()
    expect(page.get_by_text("1 file", exact=True)).to_be_hidden()
    assert desk.site.ask("samples", ref="boxed@work")["total"] == 12


def test_a_slip_in_a_setting_stops_before_the_thousandth_refusal(
    desk: Visit, tmp_path: Path, classes: Path
) -> None:
    many = []
    for number in range(12):
        many.append(tmp_path / f"{number}.jpg")
        many[-1].write_bytes((classes / "gear" / "0.jpg").read_bytes())
    page = desk.go("data", "+")
    page.get_by_label("Name of the new data set").fill("Not A Name")
    page.locator("input[type=file]").first.set_input_files(many)
    page.get_by_role("button", name="Add to Not A Name").first.click()
    expect(page.locator(".failure")).to_contain_text("'Not A Name' cannot be a data set name")
    expect(page.locator(".failure")).to_contain_text("'not-a-name'")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("main")).to_contain_text(re.compile(r"\d+ files? not sent: cancelled"))
    assert desk.seen.said, "the browser itself tells of answers that are no success"
    desk.seen.said.clear()


def test_a_path_is_looked_at_before_it_is_added(desk: Visit, classes: Path) -> None:
    page = desk.go("data", "+")
    page.get_by_label("Name of the new data set").fill("brought")
    page.get_by_label("Paths").fill(str(classes))
    page.get_by_label("Rename classes").fill("nut = hexagon nut")
    page.get_by_role("button", name="See what would happen").click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text(re.compile(r"4\s*would be added"))
    expect(outcome).to_contain_text("gear, hexagon nut")
    assert "brought" not in [each["name"] for each in desk.site.ask("datasets")["rows"]]
    page.get_by_role("button", name="Add to brought").click()
    expect(outcome).to_contain_text(re.compile(r"4\s*added"))
    found = desk.site.ask("classes.list", dataset="brought")["rows"]
    assert [each["name"] for each in found] == ["gear", "hexagon nut"]


def test_a_path_that_is_not_there_says_so(desk: Visit, classes: Path) -> None:
    page = desk.go("data", "boxed", "work", "all", "add")
    page.get_by_label("Paths").fill(str(classes.parent / "nowhere"))
    page.get_by_role("button", name="Add to boxed").click()
    expect(page.locator(".failure")).to_contain_text("nowhere")
    desk.seen.said.clear()


def test_an_unknown_class_says_what_mends_it_here(desk: Visit, classes: Path) -> None:
    desk.site.ask("add", paths=[str(classes / "gear")], to="strict", format="images")
    desk.site.ask("classes.add", dataset="strict", names=["wheel"])
    page = desk.go("data", "strict", "work", "all", "add")
    page.get_by_label("Paths").fill(str(classes))
    page.get_by_role("button", name="See what would happen").click()
    expect(page.locator(".failure")).to_contain_text("'gear'")
    expect(page.locator(".failure")).to_contain_text("Rename classes")
    desk.seen.said.clear()
    page.get_by_label("Let new class names in").check()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.locator(".outcome")).to_contain_text("2 new classes: gear, nut")
    page.get_by_label("Rename classes").fill("gear = wheel, nut = wheel")
    page.get_by_role("button", name="Add to strict").click()
    expect(page.locator(".outcome")).not_to_contain_text("new class")
    assert {
        each["annotations"][0]["label"]
        for each in desk.site.ask("samples", ref="strict@work")["rows"]
        if each.get("annotations")
    } == {"wheel"}


def test_an_object_that_is_left_out_is_counted_and_leads_to_its_reason(
    desk: Visit, tmp_path: Path, classes: Path
) -> None:
    folder = tmp_path / "lines"
    for name, text in (
        ("data.yaml", "train: images\nnames: [gear, nut]\n"),
        ("labels/0.txt", "0 .5 .5 .1 .1\n7 .5 .5 .2 .2\n"),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "images").mkdir()
    shutil.copy(classes / "gear" / "0.jpg", folder / "images")
    page = desk.go("data", "+")
    page.get_by_label("Name of the new data set").fill("lines")
    page.get_by_label("Paths").fill(str(folder))
    page.get_by_role("button", name="See what would happen").click()
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text(re.compile(r"1\s*object would be left out"))
    page.get_by_role("button", name="Add to lines").click()
    expect(outcome).to_contain_text(re.compile(r"1\s*object left out"))
    expect(outcome.locator(".notes li").first).to_contain_text("a class number without a name: 7")
    page.get_by_role("link", name="See why, and what mends it").click()
    expect(page.locator(".waiting-file")).to_contain_text("name class 7 in data.yaml")
    page.get_by_role("button", name="Try all again").click()
    expect(page.get_by_role("status")).to_contain_text("0 taken, 1 still refused")


def test_adding_goes_on_while_one_looks_elsewhere_and_can_be_given_up(
    desk: Visit, classes: Path
) -> None:
    page = desk.page
    page.route("**/api/v1/add", lambda _: None)  # a line on which nothing comes for long
    desk.go("data", "boxed", "work", "all", "add")
    page.get_by_label("Paths").fill(str(classes))
    page.get_by_role("button", name="Add to boxed").click()
    expect(page.get_by_text(f"Adding to boxed: {classes}")).to_be_visible()
    page.get_by_role("link", name="Models").click()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.locator("nav .count[title^='adding to boxed']")).to_be_visible()
    page.evaluate("location.hash = '/data/boxed/work/all/add'")
    expect(page.get_by_text(f"Adding to boxed: {classes}")).to_be_visible()
    expect(page.get_by_label("Paths")).to_have_value(str(classes))
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Given up. What had come in stays")).to_be_visible()
    page.unroute("**/api/v1/add")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_text("would be added")).to_be_visible()
