"""What the page shows of serving: forms of a model, batch predictions, limits and keys of a deployment."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Visit
from visloop import app
from visloop.faces import sdk


def test_a_model_shows_its_other_forms_and_how_to_make_more(visit: Visit, tmp_path: Path) -> None:
    page = visit.go("models", "inspector@v1")
    panel = page.locator(".panel", has=page.get_by_role("heading", name="Other forms"))
    expect(panel).to_contain_text("visloop model export inspector@v1 inspector-v1-int8.visloop")
    with sdk.local(visit.site.root) as here:
        ask = app.ModelExport(
            ref="inspector@v1", file=str(tmp_path / "half.visloop"), target="onnx-fp16"
        )
        made = here.call(app.model_export, ask).variant
    assert made is not None
    page.reload()
    row = panel.locator("tbody tr")
    expect(row).to_contain_text("taken" if made.passed else "refused")
    expect(row).to_contain_text(f"{made.report.n} pictures")
    expect(row).to_contain_text("2 × smaller")
    panel.get_by_text("Make another").click()
    expect(panel.locator(".command")).to_have_count(2)
    panel.get_by_role("link", name=made.model).click()
    expect(page.locator(".panel", has_text="This form")).to_contain_text("beside inspector@v1")


def test_a_model_shows_its_batches_and_how_a_cut_one_goes_on(visit: Visit, tmp_path: Path) -> None:
    page = visit.go("models", "inspector@v1")
    panel = page.locator(".panel", has=page.get_by_role("heading", name="Batch predictions"))
    expect(panel).to_contain_text("visloop predict inspector@v1 FOLDER")
    parts = visit.site.root.parent / "parts" / "bolt"
    total = len(list(parts.iterdir()))
    out = tmp_path / "answers.jsonl"
    blocked = tmp_path / "answers.jsonl.tmp"
    blocked.mkdir()  # the finished file cannot be written: the journal stays
    ask = app.Predict(model="inspector@v1", sources=(str(parts),), out=str(out))
    with sdk.local(visit.site.root) as here:
        try:
            here.call(app.predict, ask)
        except IsADirectoryError:
            blocked.rmdir()
        rest = panel.locator("tbody tr")
        expect(rest).to_contain_text(f"cut off{total} of {total}")
        expect(panel.locator(".command")).to_contain_text(f"--out {out}")
        here.call(app.predict, ask)
    expect(rest).to_contain_text(f"done{total}0")
    expect(panel.locator(".command")).to_have_count(0)


def test_a_deployment_shows_its_keys_and_what_its_network_does_together(visit: Visit) -> None:
    page = visit.go("deployments", "belt")
    keys = page.locator(".panel", has=page.get_by_role("heading", name="API keys"))
    expect(keys).to_contain_text("visloop key add NAME --for belt")
    with sdk.local(visit.site.root) as here:
        here.call(app.key_add, app.KeyAdd(name="shop", per_minute=60, for_=("belt",)))
        here.call(app.key_add, app.KeyAdd(name="elsewhere", for_=("gate",)))
    row = keys.locator("tbody tr")
    expect(row).to_contain_text("shop", timeout=10_000)
    expect(row).to_contain_text("60 a minute")
    expect(keys).not_to_contain_text("elsewhere")
    limits = page.locator(".panel", has=page.get_by_role("heading", name="Limits"))
    expect(limits).to_contain_text("together")
    for name in ("shop", "elsewhere"):
        visit.site.ask("key.remove", name=name)
