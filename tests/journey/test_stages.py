"""Where a model version is on its way, and versions that are put away."""

from __future__ import annotations

import pytest

from tests.journey import worlds
from visloop import app
from visloop.errors import VisloopError
from visloop.faces import sdk


@pytest.fixture(scope="module")
def here(world: worlds.World, tmp_path_factory: pytest.TempPathFactory):
    root = world.copy(tmp_path_factory.mktemp("stages") / "here")
    with sdk.local(root) as connection:
        for seed in (1, 2):
            connection.call(app.train, app.Train(ref="line@v1", model="inspector", seed=seed))
        yield connection


def _stages(here) -> dict[str, str]:
    return {row["version"]: row["stage"] for row in here.call(app.models, app.Models()).rows}


def test_a_version_goes_from_nothing_to_staging_and_away(here):
    assert _stages(here) == {"v1": "Production", "v2": "None", "v3": "None"}
    here.call(app.model_alias, app.ModelAlias(ref="inspector@v2", alias="challenger"))
    here.call(app.model_approve, app.ModelApprove(ref="inspector@v3"))
    assert _stages(here) == {"v1": "Production", "v2": "Staging", "v3": "Staging"}
    assert here.call(app.model_archive, app.ModelArchive(ref="inspector@v3")).stage == "Archived"
    asked = here.call(app.query, app.Query(text="stage = Archived", of="models"))
    assert [row["ref"] for row in asked.rows] == ["inspector@v3"]
    undone = here.call(app.model_archive, app.ModelArchive(ref="inspector@v3", undo=True))
    assert undone.stage == "Staging"


def test_what_is_archived_is_not_used_by_accident(here):
    here.call(app.model_archive, app.ModelArchive(ref="inspector@v3"))
    here.call(app.gate, app.Gate(model="inspector@v3"))
    for verb, ask in (
        (app.model_promote, app.ModelPromote(ref="inspector@v3")),
        (app.deploy, app.Deploy(model="inspector@v3", as_="spare", wait_s=0)),
        (app.model_alias, app.ModelAlias(ref="inspector@v3", alias="spare")),
    ):
        with pytest.raises(VisloopError, match=r"inspector@v3 is archived") as refused:
            here.call(verb, ask)
        assert "--undo" in refused.value.fix


def test_a_deployment_does_not_go_back_to_what_must_not_answer(here):
    here.call(app.deploy, app.Deploy(model="inspector@v2", as_="back", wait_s=0))
    here.call(app.deploy, app.Deploy(model="inspector@v1", as_="back", wait_s=0))
    here.call(app.model_reject, app.ModelReject(ref="inspector@v2"))
    with pytest.raises(VisloopError, match="inspector@v2 was rejected"):
        here.call(app.rollback, app.Rollback(name="back", wait_s=0))
    here.call(app.model_approve, app.ModelApprove(ref="inspector@v2"))
    assert here.call(app.rollback, app.Rollback(name="back", wait_s=0)).model == "inspector@v2"
    here.call(app.deploy, app.Deploy(model="inspector@v1", as_="back", wait_s=0))


def test_what_is_in_use_is_not_put_away(here):
    with pytest.raises(VisloopError, match="serves as"):
        here.call(app.model_archive, app.ModelArchive(ref="inspector@v1"))
    with pytest.raises(VisloopError, match="is challenger"):
        here.call(app.model_archive, app.ModelArchive(ref="inspector@v2"))
