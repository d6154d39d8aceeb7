"""The same operation by command line, SDK in process, SDK over HTTP and curl: one answer, one fact."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.journey import worlds
from tests.journey.labelled import about_labels
from visloop import app, infer
from visloop.errors import VisloopError
from visloop.evaluate import expectations
from visloop.evaluate.incidents.records import digest_of_test
from visloop.faces import cli, sdk
from visloop.ids import digest_of

Answer = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """What the questions are about: ids that every copy of the world has."""

    parts: Path
    truth: Path
    folder: Path
    stream: str
    run: str
    script: str
    search: str
    alert: str
    prediction: str
    incident: str
    sample: str
    conflict: str
    refused: str
    tasks: tuple[str, ...]


def questions(known: Known) -> list[tuple[app.Operation[Any, Any], Any]]:
    """Every operation once, in an order in which each has something to do."""
    folder = known.folder
    return [
        (app.demo_images, app.DemoImages(directory=str(folder / "more"), count=12, seed=9)),
        (app.demo_video, app.DemoVideo(file=str(folder / "line.mp4"), seconds=1.0)),
        (app.demo_stream, app.DemoStream(url=known.stream, count=3)),
        (app.add, app.Add(paths=(str(folder / "more"),), to="line")),
        (app.add, app.Add(paths=(str(known.truth),), to="odd")),
        (app.watch, app.Watch(source=str(folder / "more"), to="line", once=True, settle=0.0)),
        (app.classes_add, app.ClassesAdd(dataset="line", names=("bracket",))),
        (app.classes_list, app.ClassesList(dataset="line")),
        (app.split, app.Split(dataset="line", shares={"train": 0.5, "test": 0.5}, seed=3)),
        (app.status, app.Status()),
        (app.diff, app.Diff(a="line@v1", b="line@work")),
        (app.commit, app.Commit(dataset="line", message="more parts")),
        (app.log, app.Log(dataset="line")),
        (app.datasets, app.Datasets()),
        (app.samples, app.Samples(ref="line@v2:test", limit=5)),
        (app.search, app.Search(words="a metal ring", at="line@v2", limit=3)),
        (app.search, app.Search(image=known.sample, at="line@v1", where="split = train", limit=3)),
        (app.map_, app.Map(ref="line@v1", by="pca", rows=True, html=str(folder / "map.html"))),
        (app.map_points, app.MapPoints(ref="line@v1", by="pca", color="label", names=True)),
        (app.pick, app.Pick(dataset="line", where="split = train limit 2")),
        (app.bulk, app.Bulk(dataset="line", where="split = train limit 2", label="gear", key="k1")),
        (app.bulk_undo, app.BulkUndo(key="k1")),
        (app.bulk_list, app.BulkList(dataset="line")),
        (app.findings, app.Findings(ref="line", kind=("dark", "doubled"))),
        (app.export, app.Export(ref="line@v1", directory=str(folder / "coco"))),
        (app.quarantine_list, app.QuarantineList()),
        (app.quarantine_retry, app.QuarantineRetry(dataset="line")),
        (app.quarantine_remove, app.QuarantineRemove("odd", ids=(known.refused,), reason="text")),
        *_about_metadata(known),
        (app.remove, app.Remove(dataset="line", paths=(known.sample,))),
        (app.unstage, app.Unstage(dataset="line")),
        (app.train, app.Train(ref="line@v2", model="inspector", seed=1)),
        (app.runs_list, app.RunsList()),
        (app.runs_show, app.RunsShow(run=known.run)),
        (app.runs_resume, app.RunsResume(run=known.run)),
        (app.reproduce, app.Reproduce(model="inspector@v1")),
        *_about_runs(known),
        (app.tune, app.Tune(ref="line@v2", space={"c": "0.1..1"}, model="tuned", trials=1)),
        (app.tune_show, app.TuneShow(run=known.search)),
        (app.tune_resume, app.TuneResume(run=known.search)),
        (app.evaluate, app.Evaluate(model="inspector@v2", on="line@v2:test")),
        (app.explain, app.Explain(model="inspector@v2", picture=known.sample, masks=64)),
        (app.assess, app.Assess(kind="size", model="inspector@v2")),
        (app.gate, app.Gate(model="inspector@v2")),
        (app.policy_show, app.PolicyShow(model="inspector")),
        (app.policy_diff, app.PolicyDiff(model="inspector")),
        (app.policy_approve, app.PolicyApprove(model="inspector", reason="the same")),
        (app.models, app.Models()),
        (app.model_approve, app.ModelApprove(ref="inspector@v2", reason="looks right")),
        (app.model_promote, app.ModelPromote(ref="inspector@v2")),
        (app.model_rollback, app.ModelRollback(name="inspector")),
        (app.model_alias, app.ModelAlias(ref="inspector@v2", alias="challenger")),
        (app.model_show, app.ModelShow(ref="inspector@v2")),
        (app.model_import, _an_import(folder)),
        *_about_packages(folder),
        (app.deploy, app.Deploy(model="inspector@v2", as_="belt")),
        (app.rollback, app.Rollback(name="belt")),
        (app.deploy, app.Deploy(model="inspector@v2", as_="belt", canary="20%")),
        (app.rollout_show, app.RolloutShow(name="belt")),
        (app.rollout_stop, app.RolloutStop(name="belt", because="enough seen")),
        (app.deploy, app.Deploy(model="inspector@v2", as_="belt", shadow=True)),
        (app.rollout_promote, app.RolloutPromote(name="belt")),
        (app.rollback, app.Rollback(name="belt")),
        (app.model_reject, app.ModelReject(ref="inspector@v2")),
        (app.deployments, app.Deployments()),
        (app.predictions, app.Predictions(name="belt", limit=4)),
        (app.predict, app.Predict(model="inspector@v1", sources=(str(known.parts / "bolt"),))),
        (app.batches, app.Batches(model="inspector@v1")),
        (app.trace, app.Trace(prediction=known.prediction)),
        *_about_incidents(known),
        (app.monitor, app.Monitor(name="belt")),
        (app.alerts_list, app.AlertsList()),
        (app.alerts_acknowledge, app.AlertsAcknowledge(alert=known.alert)),
        (app.alerts_close, app.AlertsClose(alert=known.alert)),
        *about_labels(known.tasks, known.truth, known.sample),
        (app.loop_start, app.LoopStart()),
        (app.loop_step, app.LoopStep(force=True)),
        (app.loop_status, app.LoopShow()),
        (app.loop_stop, app.LoopStop()),
        *_about_classes(folder),
        *_about_history(known),
        (app.datasets_remove, app.DatasetsRemove(dataset="line", dry_run=True)),
        (app.datasets_remove, app.DatasetsRemove(dataset="odd", message="not ours")),
        (app.datasets_trash, app.DatasetsTrash()),
        (app.datasets_restore, app.DatasetsRestore(dataset="odd")),
        (app.datasets_remove, app.DatasetsRemove(dataset="odd")),
        (app.datasets_purge, app.DatasetsPurge(dataset="odd")),
        (app.key_add, app.KeyAdd(name="shop", per_day=1000, for_=("desk",))),
        (app.key_list, app.KeyList()),
        (app.key_remove, app.KeyRemove(name="shop")),
        (app.user_add, app.UserAdd(user="ana", role="annotator")),
        (app.user_me, app.UserMe()),
        (app.user_list, app.UserList(may="label.write")),
        (app.user_remove, app.UserRemove(user="ana")),
        (app.facts, app.Facts(limit=3)),
        (app.audit, app.Audit()),
        (app.verify, app.Verify()),
        (app.storage, app.Storage()),
        (app.gc, app.Gc(dry_run=True)),
        # what cannot be is the same error everywhere
        (app.log, app.Log(dataset="nothing")),
        (app.commit, app.Commit(dataset="odd", message="nothing is there")),
        (app.model_promote, app.ModelPromote(ref="inspector@v9")),
        (app.trace, app.Trace(prediction="pred-nobody")),
        (app.datasets_remove, app.DatasetsRemove(dataset="line")),
        (app.runs_push, app.RunsPush(runs=(known.run,), to="http://127.0.0.1:9")),
        (app.model_push, app.ModelPush(ref="inspector@v1", to="http://127.0.0.1:9")),
        (app.tune_join, app.TuneJoin(run=known.search)),
    ]


def _an_import(folder: Path) -> app.ModelImport:
    file, contract = str(folder / "net.onnx"), str(folder / "net.json")
    return app.ModelImport(file=file, as_="embedder", contract=contract)


def _about_incidents(known: Known) -> list[tuple[app.Operation[Any, Any], Any]]:
    added = app.IncidentAdd(source=known.prediction, expect=("class=gear",), why="seen at the belt")
    return [
        (app.incident_add, added),
        (app.incident_list, app.IncidentList(model="inspector")),
        (app.incident_close, app.IncidentClose(incident=known.incident, why="a copy")),
        (app.incident_reopen, app.IncidentReopen(incident=known.incident, why="it is not")),
        (app.incident_close, app.IncidentClose(incident=known.incident, why="x", erase=True)),
        (app.incident_show, app.IncidentShow(incident=known.incident)),
    ]


def _about_packages(folder: Path) -> list[tuple[app.Operation[Any, Any], Any]]:
    file = str(folder / "inspector.visloop")
    return [
        (app.model_key, app.ModelKey()),
        (app.model_card, app.ModelCard(ref="inspector@v1", html=str(folder / "card.html"))),
        (app.model_export, app.ModelExport(ref="inspector@v1", file=file)),
        (app.model_verify, app.ModelVerify(what="inspector@v1")),
        (app.model_import, app.ModelImport(file=file, as_="sibling")),
        (app.model_archive, app.ModelArchive(ref="sibling@v1")),
        (app.model_archive, app.ModelArchive(ref="sibling@v1", undo=True)),
    ]


def _about_runs(known: Known) -> list[tuple[app.Operation[Any, Any], Any]]:
    run = known.script
    return [
        (app.runs_start, app.RunsStart(name="second", params={"lr": "0.1"}, alive_s=0)),
        (app.runs_log, app.RunsLog(run=run, metrics={"loss": 0.5}, step=3, alive_s=0)),
        (app.runs_save, app.RunsSave(run=run, files=(str(known.truth),), to="in")),
        (app.runs_artifacts, app.RunsArtifacts(run=run)),
        (app.runs_fetch, app.RunsFetch(run=run, directory=str(known.folder / "kept"))),
        (app.runs_note, app.RunsNote(run=run, notes="a try", tags={"who": "me"})),
        (app.runs_compare, app.RunsCompare(runs=(run, run))),
        (app.runs_end, app.RunsEnd(run=run)),
        (app.runs_curves, app.RunsCurves(runs=(run,))),
        (app.runs_experiments, app.RunsExperiments()),
        (app.runs_export, app.RunsExport(run=run, directory=str(known.folder / "events"))),
        (app.runs_import, app.RunsImport(directory=str(known.folder / "events"))),
        (app.runs_clone, app.RunsClone(run=known.run, seed=2, set={"folds": "4"})),
        (app.runs_remove, app.RunsRemove(run=run)),
        (app.runs_list, app.RunsList(where="metrics.loss > 0", limit=3)),
    ]


def _about_classes(folder: Path) -> list[tuple[app.Operation[Any, Any], Any]]:
    file, staged = str(folder / "classes.json"), {"dataset": "line", "with_staged": True}
    halves = {"line7-*": "spring coil"}
    return [
        (app.classes_set, app.ClassesSet(dataset="line", name="bolt", definition="has a thread")),
        (app.classes_alias, app.ClassesAlias(dataset="line", name="bolt", aliases=("screw",))),
        (app.classes_show, app.ClassesShow(dataset="line", name="screw")),
        (app.classes_rename, app.ClassesRename(old="bolt", new="hex bolt", **staged)),
        (app.classes_merge, app.ClassesMerge(names=("nut", "washer"), into="ring", **staged)),
        (
            app.classes_split,
            app.ClassesSplit(old="spring", by="folder", map=halves, rest="keep", **staged),
        ),
        (app.classes_remove, app.ClassesRemove(dataset="line", name="bracket")),
        (app.classes_export, app.ClassesExport(ref="line@v2", file=file)),
        (app.classes_import, app.ClassesImport(dataset="line", file=file)),
    ]


def _about_history(known: Known) -> list[tuple[app.Operation[Any, Any], Any]]:
    of, sample = {"dataset": "line"}, known.sample

    def noted(site: str) -> list[tuple[app.Operation[Any, Any], Any]]:
        return [
            (app.meta_set, app.MetaSet(dataset="line", paths=(sample,), set={"site": site})),
            (app.commit, app.Commit(dataset="line", message=f"site {site}")),
        ]

    return [
        (app.unstage, app.Unstage(**of)),
        (app.tag, app.Tag(ref="line@v2", name="gold")),
        (app.tag_list, app.TagList(**of)),
        (app.tag_remove, app.TagRemove(name="gold", **of)),
        (app.branch, app.Branch(name="trial", switch=True, **of)),
        *noted("north"),
        (app.switch, app.Switch(branch="main", **of)),
        *noted("south"),
        (app.merge, app.Merge(branch="trial", **of)),
        (app.merge_status, app.MergeStatus(**of)),
        (app.merge_abort, app.MergeAbort(**of)),
        (app.merge, app.Merge(branch="trial", **of)),
        (app.merge_show, app.MergeShow(conflict=known.conflict, **of)),
        (app.merge_resolve, app.MergeResolve(rule="theirs", hold=True, **of)),
        (app.merge_finish, app.MergeFinish(**of)),
        (app.branch_list, app.BranchList(**of)),
        (app.branch_remove, app.BranchRemove(name="trial", **of)),
        (app.blame, app.Blame(ref="line", path=sample)),
        (app.revert, app.Revert(version="v2", rule="ours", dry_run=True, **of)),
        (app.checkout, app.Checkout(ref="line@v1", directory=str(known.folder / "files"))),
        (app.query, app.Query(text='site = "north"', at="line")),
        (app.view_save, app.ViewSave(name="north", text='site = "north"', at="line")),
        (app.query, app.Query(view="north")),
        (app.view_list, app.ViewList()),
        (app.view_remove, app.ViewRemove(name="north")),
        (app.complete, app.Complete(text="wid", at="line")),
        (app.formats, app.Formats()),
    ]


def _about_metadata(known: Known) -> list[tuple[app.Operation[Any, Any], Any]]:
    field = app.MetaFieldAdd(dataset="line", name="height", type="number", unit="mm")
    told = {"height": "3 cm", "camera": "dock-1", "captured": "2024-05-01T12:00:00Z"}
    table = app.MetaImport(dataset="line", file=str(known.truth), key="name", dry_run=True)
    return [
        (app.camera_add, app.CameraAdd(camera="dock-1", place="dock", clock_offset_s=-3.25)),
        (app.camera_set, app.CameraSet(camera="dock-1", place="gate")),
        (app.camera_show, app.CameraShow(camera="dock-1")),
        (app.camera_list, app.CameraList()),
        (app.meta_field_add, field),
        (app.meta_set, app.MetaSet(dataset="line", paths=(known.sample,), set=told)),
        (app.meta_show, app.MetaShow(ref="line", path=known.sample)),
        (app.meta_fields, app.MetaFields(ref="line")),
        (app.meta_import, table),
        (app.meta_field_rename, app.MetaFieldRename(dataset="line", name="height", to="tall")),
        (app.meta_field_list, app.MetaFieldList(ref="line")),
        (app.meta_set, app.MetaSet(dataset="line", all=True, unset=("tall",))),
        (app.meta_field_remove, app.MetaFieldRemove(dataset="line", name="tall")),
        (app.camera_apply, app.CameraApply(dataset="line")),
        (app.camera_align, app.CameraAlign(ref="line", tolerance_s=1.0, group_field="moment")),
        (app.camera_remove, app.CameraRemove(camera="dock-1")),
    ]


def test_every_face_gives_the_same_answers_and_the_same_facts(
    world: worlds.World, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        faces = dict(_faces(world, tmp_path, stack, capfd))
        stream = stack.enter_context(worlds.serving(world.copy(tmp_path / "stream")))
        told = {name: _tell(world, tmp_path / name, ask, stream) for name, ask in faces.items()}
    covered = {operation.name for operation, _ in questions(_nothing(tmp_path))}
    assert covered == {each.name for each in app.OPERATIONS}, "every operation is asked"
    reference = told["sdk"]
    wrong = {verb: answer["error"] for verb, answer in reference["answers"] if "error" in answer}
    refused = ["label.back", "log", "commit", "model.promote", "trace", "datasets.remove"]
    refused += ["runs.push", "model.push", "tune.join"]
    assert list(wrong) == refused, wrong
    for name, heard in told.items():
        for (verb, ours), (_, theirs) in zip(reference["answers"], heard["answers"], strict=True):
            assert theirs == ours, f"{verb} by {name}"
        assert heard["facts"] == reference["facts"], f"facts by {name}"
    kinds = {fact["kind"] for fact in reference["facts"]}
    assert {"data.committed", "run.finished", "gate.passed", "model.promoted"} <= kinds
    assert {"deployment.changed", "label.accepted", "loop.started", "alert.closed"} <= kinds


def _tell(world: worlds.World, root: Path, ask: Callable[..., Answer], stream: str) -> Answer:
    known = _known(world, root, f"{stream}/predict/belt")
    with sdk.local(root) as here:
        before = here.ports.ledger.facts()[-1].seq
    answers = [
        (operation.name, _same(ask(operation, question), root))
        for operation, question in questions(known)
    ]
    with sdk.local(root) as here:
        facts = [worlds.plain(fact) for fact in here.ports.ledger.facts(after=before)]
    return {"answers": answers, "facts": [_same(fact, root) for fact in facts]}


def _nothing(folder: Path) -> Known:
    return Known(folder, folder, folder, *[""] * 10, ("", ""))


def _known(world: worlds.World, root: Path, stream: str) -> Known:
    folder = root / "out"
    folder.mkdir()
    shutil.copy(world.truth, folder / "truth.csv")
    embedder = infer.backbone()
    (folder / "net.onnx").write_bytes(embedder.onnx)
    (folder / "net.json").write_bytes(embedder.contract.to_json())
    with sdk.local(root) as here:
        tasks = here.call(app.label_list, app.LabelList(limit=2)).rows
        answered = here.call(app.predictions, app.Predictions(name="belt")).rows[0]
        gear = digest_of_test("inspector", answered["image"], expectations(["class=gear"]))
        sample = here.call(app.samples, app.Samples(ref="line@v1", limit=1)).rows[0]
        differs = (sample["id"], "", "metadata.site", [None, "south", "north"])
        return Known(
            parts=world.parts,
            truth=folder / "truth.csv",
            folder=folder,
            stream=stream,
            run=here.call(app.runs_list, app.RunsList()).rows[0]["id"],
            script=here.call(app.runs_start, app.RunsStart(experiment="bolts", alive_s=0)).run,
            search=here.call(app.tune, app.Tune(ref="line@v1", model="tuned", trials=1)).run,
            alert=here.call(app.alerts_list, app.AlertsList()).rows[0]["id"],
            prediction=answered["id"],
            incident=f"incident-{gear[:16]}",
            sample=sample["path"],
            conflict=digest_of(msgspec.msgpack.encode(differs, order="sorted"))[:10],
            refused=here.call(app.quarantine_list, app.QuarantineList()).rows[0]["id"],
            tasks=tuple(task["id"] for task in tasks),
        )


def _faces(
    world: worlds.World, folder: Path, stack: ExitStack, capfd: pytest.CaptureFixture[str]
) -> Iterator[tuple[str, Callable[..., Answer]]]:
    roots = {name: world.copy(folder / name) for name in ("sdk", "cli", "http", "curl")}
    yield "sdk", _sdk(stack.enter_context(sdk.local(roots["sdk"])))
    yield "cli", _cli(roots["cli"], capfd)
    for name in ("http", "curl"):
        url = stack.enter_context(worlds.api(roots[name]))
        token = app.token_of(roots[name])
        if name == "http":
            yield name, _sdk(stack.enter_context(sdk.remote(url, token=token)))
        else:
            yield name, _curl(url, token)


def _sdk(connection: sdk.Connection) -> Callable[..., Answer]:
    def ask(operation: app.Operation[Any, Any], question: Any) -> Answer:
        try:
            return worlds.plain(connection.call(operation, question))
        except VisloopError as error:
            return worlds.plain(
                {"error": {"code": error.code, "what": error.what, "fix": error.fix}}
            )

    return ask


def _cli(root: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    def ask(operation: app.Operation[Any, Any], question: Any) -> Answer:
        line = [*operation.name.split("."), *_arguments(operation, question)]
        code = cli.run([*line, "--json", "--workspace", str(root)])
        out = capfd.readouterr().out
        answer = json.loads(out)
        said_no = operation.name == "merge"  # both sides changed one value
        assert code == (1 if "error" in answer else 3 * said_no), (line, out)
        return answer

    return ask


def _arguments(operation: app.Operation[Any, Any], question: Any) -> Iterator[str]:
    """The request as it would be typed."""
    words: list[str] = []
    for each in app.parameters(operation.request):
        value = getattr(question, each.name)
        if value in (None, (), {}) or value is False:
            continue
        if each.cli == "arg":
            words += [*value] if isinstance(value, tuple) else [str(value)]
            continue
        option = f"--{each.option}"
        if value is True:
            yield option
        elif isinstance(value, dict):
            for key, one in value.items():
                yield from (option, f"{key}={one}")
        elif isinstance(value, tuple):
            for one in value:
                yield from (option, json.dumps(one) if isinstance(one, dict) else str(one))
        else:
            yield from (option, str(value))
    yield from words


def _curl(url: str, token: str) -> Callable[..., Answer]:
    def ask(operation: app.Operation[Any, Any], question: Any) -> Answer:
        path = operation.name.replace(".", "/")
        body = {each.name: getattr(question, each.name) for each in fields(question)}
        done = subprocess.run(
            [
                *("curl", "-sS", "-H", f"Authorization: Bearer {token}"),
                *("--data-binary", msgspec.json.encode(body).decode(), f"{url}/api/v1/{path}"),
            ],
            capture_output=True,
            check=True,
        )
        answer = json.loads(done.stdout)
        if "error" in answer:
            answer["error"].pop("exit_code")
        return answer

    return ask


_TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(Z|[+-]\d\d:\d\d)")
_HEX = re.compile(r"[0-9a-f]{12,64}")
_MEASURED = re.compile(
    r"(^time\.|^places$|_s$|_per_s$|^latency_ms$|^seconds$|^cost|^(blob|disk|kept|dead|removed|package)_bytes$)"
)


def _same(value: Any, root: Path) -> Any:
    """Without what must differ between two workspaces: moments, random ids, durations, folders."""
    if isinstance(value, dict):
        return {
            key: "measured" if _MEASURED.search(key) else _same(one, root)
            for key, one in value.items()
            if key not in ("pid", "worker", "seals", "secret", "hint", "public_key")
        }
    if isinstance(value, list):
        return [_same(one, root) for one in value]
    if isinstance(value, str):
        text = value.replace(str(root), "ROOT")
        return _HEX.sub("#", _TIMES.sub("TIME", text))
    return value
