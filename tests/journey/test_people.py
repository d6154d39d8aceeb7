"""People with roles and tokens of their own; who trains a model is not who approves it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journey import worlds
from visloop import app
from visloop.errors import VisloopError
from visloop.faces import cli, sdk


@pytest.fixture(scope="module")
def served(
    world: worlds.World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, str]]:
    root = world.copy(tmp_path_factory.mktemp("people") / "here")
    with worlds.api(root) as url:
        yield root, url


def _add(root: Path, user: str, role: str) -> str:
    with sdk.local(root) as owner:
        return owner.call(app.user_add, app.UserAdd(user=user, role=role)).secret


def test_each_acts_by_their_own_token_and_the_audit_says_who(served):
    root, url = served
    with sdk.remote(url, token=_add(root, "ana", "data-scientist")) as ana:
        run = ana.call(app.train, app.Train(ref="line@v1", model="reader", seed=5))
        with pytest.raises(VisloopError, match=r"user:ana has role 'data-scientist'"):
            ana.call(app.model_approve, app.ModelApprove(ref=run.model))
        with pytest.raises(VisloopError, match=r"people\.write"):
            ana.call(app.user_add, app.UserAdd(user="ana", role="owner"))
    with sdk.remote(url, token=_add(root, "ben", "approver")) as ben:
        ben.call(app.model_approve, app.ModelApprove(ref=run.model))
        with pytest.raises(VisloopError, match=r"train\.run"):
            ben.call(app.train, app.Train(ref="line@v1", model="reader"))
        with pytest.raises(VisloopError, match=r"registry\.export"):
            ben.call(app.model_export, app.ModelExport(ref=run.model, file=str(root / "a.visloop")))
        with pytest.raises(VisloopError, match=r"registry\.export"):
            ben.call(app.model_card, app.ModelCard(ref=run.model, html=str(root / "card.html")))
        facts = ben.call(app.facts, app.Facts(subject=run.model)).rows
    assert [(f["kind"], f["actor"]) for f in facts] == [
        ("model.registered", "user:ana"),
        ("model.approved", "user:ben"),
    ]


def test_who_trained_a_model_may_not_approve_it_where_duties_are_separate(served):
    root, _ = served
    settings = root / "visloop.yaml"
    before = settings.read_text()
    settings.write_text(before.replace("gate:", "gate:\n  separation_of_duties: true", 1))
    with sdk.local(root) as owner:
        mine = owner.call(app.train, app.Train(ref="line@v1", model="mine", seed=6)).model
        with pytest.raises(VisloopError, match="may not approve it") as refused:
            owner.call(app.model_approve, app.ModelApprove(ref=mine))
        assert "--role approver" in refused.value.fix
    with worlds.api(root) as url, sdk.remote(url, token=_add(root, "cleo", "approver")) as cleo:
        done = cleo.call(app.model_approve, app.ModelApprove(ref=mine))
        assert done.decision == "approved"
    settings.write_text(before)


def test_a_token_ends_when_a_new_one_is_made_or_its_user_goes(served, capfd):
    root, url = served
    first = _add(root, "dora", "viewer")
    second = _add(root, "dora", "auditor")
    with (
        sdk.remote(url, token=first) as old,
        pytest.raises(VisloopError, match="needs the workspace's token, or a user's"),
    ):
        old.call(app.models, app.Models())
    with sdk.remote(url, token=second) as dora:
        assert dora.call(app.models, app.Models()).count > 0
        assert cli.run(["user", "list", "--workspace", str(root)]) == 0
        told = capfd.readouterr().out
        assert re.search(r"dora\s+auditor\s+default", told)
        assert second not in told
        with sdk.local(root) as owner:
            owner.call(app.user_remove, app.UserRemove(user="dora"))
            secrets = [f for f in owner.ports.ledger.facts() if second in str(f)]
            assert not secrets, "no token is in the facts"
        with pytest.raises(VisloopError, match="needs the workspace's token"):
            dora.call(app.models, app.Models())


def test_roles_and_names_that_cannot_be_are_told(served):
    root, _ = served
    with sdk.local(root) as owner:
        with pytest.raises(VisloopError, match="no role 'operater'") as refused:
            owner.call(app.user_add, app.UserAdd(user="eve", role="operater"))
        assert "operator" in refused.value.fix
        with pytest.raises(VisloopError, match="local owner keeps"):
            owner.call(app.user_add, app.UserAdd(user="owner", role="viewer"))
        with pytest.raises(VisloopError, match="no user 'nobody'"):
            owner.call(app.user_remove, app.UserRemove(user="nobody"))
