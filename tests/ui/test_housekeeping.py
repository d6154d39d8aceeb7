"""Housekeeping on the page: what is stored and for whom, space given back beside `up`, damage named."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Visit


def test_space_is_freed_after_a_look_and_a_confirmation(visit: Visit, tmp_path: Path) -> None:
    site = visit.site
    site.ask("demo.images", directory=str(tmp_path / "late"), count=3, seed=99)
    site.ask("add", paths=[str(tmp_path / "late")], to="boxed", format="images")
    site.ask("unstage", dataset="boxed")
    page = visit.go("housekeeping")
    needs = page.locator(".panel", has=page.get_by_role("heading", name="Stored, and who needs it"))
    expect(needs.get_by_role("link", name="boxed", exact=True)).to_be_visible()
    expect(needs.get_by_role("link", name="inspector", exact=True)).to_be_visible()
    page.get_by_role("button", name="What would be freed?").click()
    expect(page.get_by_text("Would be freed: ")).to_contain_text("blobs")
    assert site.ask("gc", dry_run=True)["removed"] >= 3
    page.get_by_role("button", name="Free it for good").click()
    expect(page.get_by_text("the disk got")).to_contain_text("Removed")
    assert site.ask("gc", dry_run=True)["removed"] == 0


def test_a_look_at_everything_says_what_it_found(visit: Visit) -> None:
    page = visit.go("housekeeping")
    page.get_by_role("button", name="Look quickly").click()
    expect(page.get_by_text("All is well: ")).to_contain_text("their bytes were not read")
    assert visit.site.newest_fact("store.verified")["payload"]["quick"] is True


def test_a_data_set_goes_to_the_trash_and_comes_back(visit: Visit) -> None:
    visit.go("data", "turned").get_by_role("link", name="remove turned").click()
    page = visit.page
    expect(page.get_by_text("It goes to the trash, and can be taken out again.")).to_be_visible()
    page.get_by_label("why turned is removed").fill("a trial")
    page.get_by_role("button", name="Put it into the trash").click()
    trash = page.locator(".panel", has=page.get_by_role("heading", name="Trash"))
    expect(trash.get_by_text("turned")).to_be_visible()
    assert visit.site.newest_fact("data.dataset_removed")["payload"]["reason"] == "a trial"
    trash.get_by_role("button", name="Take it out").click()
    expect(page.get_by_role("link", name="remove turned")).to_be_visible()
    expect(trash).to_have_count(0)


def test_what_a_model_needs_says_so_before_it_is_removed(visit: Visit) -> None:
    page = visit.go("housekeeping", "line")
    expect(page.get_by_text("inspector@v1 was trained on line@v1")).to_be_visible()
    expect(page.get_by_role("button", name="Put it into the trash all the same")).to_be_enabled()
    page.get_by_role("button", name="Leave it").click()
    expect(page.get_by_text("It is needed:")).to_have_count(0)
