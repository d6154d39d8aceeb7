"""The card of a model says what is known of it, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journey import worlds
from visloop import app
from visloop.faces import sdk


@pytest.fixture(scope="module")
def here(world: worlds.World, tmp_path_factory: pytest.TempPathFactory):
    with sdk.local(world.copy(tmp_path_factory.mktemp("cards") / "here")) as connection:
        yield connection


def _card(here, ref: str, html: Path | None = None) -> str:
    return here.call(app.model_card, app.ModelCard(ref=ref, html=html and str(html))).card


def test_a_new_model_has_no_evidence_and_its_card_says_so(here):
    made = here.call(app.train, app.Train(ref="line@v1:train", model="fresh")).model
    card = _card(here, made)
    assert "Nobody has judged it yet." in card
    assert "No gate has judged it." in card
    assert "Nobody has approved or rejected it." in card
    assert "line@v1:train" in card
    assert "## In use" not in card


def test_what_happens_to_a_model_stands_in_its_card(here, tmp_path):
    on = "line@v1:test"
    made = here.call(app.train, app.Train(ref="line@v1:train", model="fresh", seed=3)).model
    report = here.call(app.evaluate, app.Evaluate(model=made, on=on))
    verdict = here.call(app.gate, app.Gate(model=made, on=on))
    said = "looked | at <b>all</b>"
    here.call(app.model_approve, app.ModelApprove(ref=made, reason=said))
    here.call(app.deploy, app.Deploy(model=made, as_="spare", wait_s=0))
    card = _card(here, made, tmp_path / "card.html")
    assert f"On `{on}`, {report.n} pictures." in card
    assert f"| accuracy | {report.metrics['accuracy']:.4g} |" in card
    for check in verdict.checks:
        assert f"| {check['name']} |" in card
    assert "looked \\| at <b>all</b>" in card
    assert "serves as `spare`" in card
    page = (tmp_path / "card.html").read_text()
    assert "<table>" in page
    assert "<b>all</b>" not in page, "what people write is shown, not run"
    assert "&lt;b&gt;all" in page
    assert "<script" not in page


def test_a_figure_over_pictures_that_it_learnt_from_is_marked(here):
    made = here.call(app.train, app.Train(ref="line@v1:train", model="fresh", seed=4)).model
    here.call(app.evaluate, app.Evaluate(model=made, on="line@v1:train"))
    assert "these figures flatter it" in _card(here, made)
