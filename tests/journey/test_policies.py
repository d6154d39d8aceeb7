"""A gate's policy with assessments, and what must happen before another policy holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journey import worlds
from visloop import app
from visloop.errors import ConfigError, VisloopError
from visloop.faces import cli, sdk

_BEFORE = "checks: [{metric: accuracy, at_least: 0.5}]"


@pytest.fixture(scope="module")
def root(world: worlds.World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.copy(tmp_path_factory.mktemp("policies") / "here")


@contextmanager
def policy(root: Path, checks: str) -> Iterator[sdk.Connection]:
    settings = root / "visloop.yaml"
    before = settings.read_text()
    settings.write_text(before.replace(_BEFORE, checks))
    try:
        with sdk.local(root) as here:
            yield here
    finally:
        settings.write_text(before)


def gate(here: sdk.Connection, **values) -> app.Gated:
    return here.call(app.gate, app.Gate(model="inspector@v1", **values))


def test_another_policy_holds_only_once_somebody_approved_it(root, tmp_path, capfd):
    with sdk.local(root) as here:
        first = here.call(app.policy_show, app.PolicyShow(model="inspector"))
    assert "accuracy: ≥ 0.5" in first.checks
    assert (first.actor, first.changes) == ("user:owner", ())
    stricter = "checks: [{metric: accuracy, at_least: 0.6}, {assess: size}]"
    with policy(root, stricter) as here:
        changed = ("- accuracy: ≥ 0.5", "+ accuracy: ≥ 0.6", "+ size package_bytes: ≤ 100,000,000")
        assert here.call(app.policy_diff, app.PolicyDiff(model="inspector")).changes == changed
        for verb, ask in (
            (app.gate, app.Gate(model="inspector@v1")),
            (app.model_approve, app.ModelApprove(ref="inspector@v1")),
            (app.model_promote, app.ModelPromote(ref="inspector@v1")),
        ):
            with pytest.raises(VisloopError, match=r"\+ accuracy: ≥ 0.6") as refused:
                here.call(verb, ask)
            assert refused.value.exit_code == 3
            assert "visloop policy approve inspector" in refused.value.fix
        dry = gate(here, dry_run=True)
        assert (dry.verdict, dry.changes) == ("pass", changed)
        kept = here.call(app.model_show, app.ModelShow(ref="inspector@v1")).verdict
        assert kept["policy"] == first.policy, "a dry run must keep no verdict"
        assert cli.run(["gate", "inspector@v1", "--workspace", str(root)]) == 3
        assert "nobody approved" in capfd.readouterr().err
        approve = app.PolicyApprove(model="inspector", reason="it must fit the camera")
        now = here.call(app.policy_approve, approve)
        assert (now.reason, now.changes) == ("it must fit the camera", changed)
        page = tmp_path / "gate.html"
        done = gate(here, html=str(page))
        assert done.verdict == "pass"
        (size,) = (each for each in done.checks if each["name"].startswith("size"))
        assert size["evidence"] == done.inputs["assessment.size"]
        assert done.assessments[0]["assessment"] == size["evidence"]
        assert f'id="{size["evidence"]}"' in page.read_text()
        here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))
        facts = here.call(app.facts, app.Facts(subject="inspector")).rows
        assert [fact["kind"] for fact in facts if fact["kind"].startswith("policy.")] == [
            "policy.taken",
            "policy.approved",
        ]
    with sdk.local(root) as here:  # the old policy is another one again
        here.call(app.policy_approve, app.PolicyApprove(model="inspector"))
        with pytest.raises(VisloopError, match="policy has changed since the gate judged"):
            here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))
        assert gate(here).verdict == "pass"


def test_a_bound_on_an_assessment_trips_and_exits_with_3(root, capfd):
    tight = "checks: [{assess: size, figure: parameters, at_most: 1000}]"
    with policy(root, tight) as here:
        here.call(app.policy_approve, app.PolicyApprove(model="inspector"))
        code = cli.run(["gate", "inspector@v1", "--json", "--workspace", str(root)])
        said = json.loads(capfd.readouterr().out)
        assert (code, said["verdict"]) == (3, "fail")
        (failed,) = (each for each in said["checks"] if not each["passed"])
        assert failed["name"] == "size parameters"
        assert failed["value"] > 1_000_000
        assert cli.run(["gate", "inspector@v1", "--workspace", str(root)]) == 3
        assert "FAIL   size parameters" in capfd.readouterr().out
        with pytest.raises(VisloopError, match="the gate said no"):
            here.call(app.model_promote, app.ModelPromote(ref="inspector@v1"))
    with sdk.local(root) as here:
        here.call(app.policy_approve, app.PolicyApprove(model="inspector"))
        gate(here)


@pytest.mark.parametrize(
    ("check", "because"),
    [
        ("{assess: sise}", "no kind of assessment 'sise'"),
        ("{assess: scan, set: {sign: true}}", "no setting 'sign'"),
        ("{assess: size, figure: layers}", "asks nothing"),
        ("{assess: size, figure: layers, at_most: 3}", "no figure 'layers'"),
    ],
)
def test_what_a_policy_cannot_ask_is_told(root, check, because):
    with policy(root, f"checks: [{check}]") as here, pytest.raises(VisloopError, match=because):
        gate(here, dry_run=True)


def test_a_check_is_of_a_metric_or_of_an_assessment(root):
    both = "checks: [{assess: size, metric: accuracy}]"
    with pytest.raises(ConfigError, match=r"gate\.checks\.0\.assess\.metric"), policy(root, both):
        pass


def test_a_check_may_be_of_one_model_only(root):
    with policy(root, "checks: [{assess: size, model: other}]") as here:
        assert "size package_bytes" not in {
            each["name"] for each in gate(here, dry_run=True).checks
        }


def test_with_separate_duties_who_waits_for_the_gate_does_not_change_it(root):
    laxer = "separation_of_duties: true\n  checks: []"
    with policy(root, laxer) as here:
        waiting = here.call(app.train, app.Train(ref="line@v1", model="inspector", seed=9)).model
        with pytest.raises(VisloopError, match="may not change its policy") as refused:
            here.call(app.policy_approve, app.PolicyApprove(model="inspector"))
        assert "--role approver" in refused.value.fix
        token = here.call(app.user_add, app.UserAdd(user="eve", role="data-scientist")).secret
        other = here.call(app.user_add, app.UserAdd(user="ada", role="approver")).secret
        with worlds.api(root) as url:
            with (
                sdk.remote(url, token=token) as eve,
                pytest.raises(VisloopError, match=r"policy\.approve"),
            ):
                eve.call(app.policy_approve, app.PolicyApprove(model="inspector"))
            with sdk.remote(url, token=other) as ada:
                now = ada.call(app.policy_approve, app.PolicyApprove(model="inspector"))
                assert now.actor == "user:ada"
        here.call(app.model_reject, app.ModelReject(ref=waiting))
    with sdk.local(root) as here:
        here.call(app.policy_approve, app.PolicyApprove(model="inspector"))


def test_the_loop_waits_for_a_policy_to_be_approved(root):
    with policy(root, "checks: [{assess: size}]") as here:
        (task,) = here.call(app.label_list, app.LabelList(limit=1)).rows
        here.call(app.label_accept, app.LabelAccept(task=task["id"], label="gear"))
        step = app.LoopStep(force=True)
        for state in ("labelled", "committed", "trained"):
            assert here.call(app.loop_step, step).state == state
        held = here.call(app.loop_step, step)
        assert (held.moved, held.state) == (False, "trained")
        assert "- accuracy: ≥ 0.5" in held.waiting_for
        assert "nobody approved that" in here.call(app.loop_status, app.LoopShow()).waiting_for
        here.call(app.policy_approve, app.PolicyApprove(model="inspector"))
        assert here.call(app.loop_step, step).state in {"gated", "refused"}
