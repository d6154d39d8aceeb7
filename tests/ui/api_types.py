"""The page's types, made from the operations and the records that they answer with.

python tests/ui/api_types.py        writes src/visloop/faces/ui/api.d.ts
python tests/ui/api_types.py -      prints it

A verb that lists answers plain rows; `ROWS` says which record each row is made from.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

from msgspec import inspect

from visloop import app, data, evaluate, label, observe, registry, serve, store, train
from visloop.app.verbs import cameras, formats
from visloop.data.standing import Status as DatasetStatus
from visloop.data.versions import DatasetSummary

TARGET = Path(__file__).parents[2] / "src" / "visloop" / "faces" / "ui" / "api.d.ts"


class LogRow(TypedDict):
    version: str
    time: str
    actor: str
    samples: int
    message: str
    branch: str
    parents: list[str]
    tags: list[str]


class FactRow(TypedDict):
    seq: int
    time: str
    actor: str
    kind: str
    subject: str
    payload: dict[str, Any]


class Sample(data.Sample, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """As `samples` answers it: with the file, where the bytes were left where they lie."""

    in_place: str = ""


class Change(TypedDict):
    """One changed sample, as `diff` answers it; both sides where they were asked for."""

    id: str
    path: str
    kinds: list[str]
    was_path: str | None
    fields: list[str]
    objects: list[data.ObjectChange]
    metadata: list[data.ValueChange]
    was: Sample | None
    now: Sample | None


class ShownTask(label.Task, frozen=True, kw_only=True):
    """A task, as `label queue` answers it."""

    people: list[str]
    answers: list[label.Answer]
    mine: label.Answer | None
    open: list[str]
    control: bool


class QueueRow(TypedDict):
    dataset: str
    waiting: int
    review: int
    disputed: int
    accepted: int
    rejected: int
    skipped: int
    uncommitted: int
    agreed: int
    mine: int
    given: int
    to_review: int
    to_decide: int


class GainPoint(TypedDict):
    """A version on a learning curve, as `label gain` answers it."""

    ref: str
    pictures: int
    n: int
    value: float
    low: float
    high: float


class Because(TypedDict):
    trigger: str
    labels: int
    alert: NotRequired[str]
    alert_opened_s: NotRequired[float]
    what: NotRequired[str]


class TurnRow(TypedDict):
    """One cycle of the loop; what its steps have not learnt yet is absent."""

    cycle: str
    state: str
    opened: str
    ended: str | None
    because: Because
    error: str | None
    version: NotRequired[str]
    run: NotRequired[str]
    model: NotRequired[str]
    verdict: NotRequired[str]
    champion: NotRequired[str | None]
    checks: NotRequired[list[str]]
    approval: NotRequired[str]
    shadow: NotRequired[str]
    why: NotRequired[str]
    time_to_heal_s: NotRequired[float]


class Beside(TypedDict):
    """A canary or shadow beside a deployed model, in short."""

    model: str
    share: float
    verdict: str
    because: str


class VariantRow(TypedDict):
    """Another form of a model, as `model export --target` judged it."""

    source: str
    target: str
    model: str
    passed: bool
    why: str
    calibrated_on: str
    bytes_before: int
    bytes_after: int
    margin: float
    report: evaluate.VariantReport
    time: str


class BatchRow(TypedDict):
    """A batch prediction, as `batches` answers it."""

    id: str
    model: str
    sources: list[str]
    out: str
    video: str
    command: str
    total: int | None
    resumed: int
    begun: str
    ended: str | None
    failed: int
    state: str
    done: int


class DeploymentRow(serve.Deployment, frozen=True, kw_only=True):
    """A deployment, as `deployments` answers it."""

    canary: Beside | None
    shadow: Beside | None
    batch: int | None
    batch_because: str


class RolloutRow(serve.Rollout, frozen=True, kw_only=True):
    """A candidate, as `rollout show` answers it; `boundary` is log10 of the evidence that stops it."""

    copied: serve.Copied
    boundary: float


ROWS: dict[tuple[str, str], Any] = {
    ("log", "rows"): LogRow,
    ("diff", "details"): Change,
    ("diff", "classes"): data.ClassChange,
    ("branch.list", "rows"): data.Branch,
    ("tag.list", "rows"): data.Tag,
    ("blame", "rows"): data.Blamed,
    ("merge", "conflicts"): data.MergeConflict,
    ("merge.status", "conflicts"): data.MergeConflict,
    ("merge.show", "conflict"): data.MergeConflict,
    ("merge.show", "base"): Sample,
    ("merge.show", "ours"): Sample,
    ("merge.show", "theirs"): Sample,
    ("merge.resolve", "conflicts"): data.MergeConflict,
    ("merge.finish", "conflicts"): data.MergeConflict,
    ("merge.abort", "conflicts"): data.MergeConflict,
    ("revert", "conflicts"): data.MergeConflict,
    ("status", "rows"): DatasetStatus,
    ("datasets", "rows"): DatasetSummary,
    ("datasets.trash", "rows"): app.RemovedDataset,
    ("samples", "rows"): Sample,
    ("quarantine.list", "rows"): data.Quarantined,
    ("formats", "rows"): formats.FormatLine,
    ("classes.list", "rows"): data.ClassRow,
    ("classes.add", "rows"): data.ClassEntry,
    ("meta.fields", "rows"): data.FieldSummary,
    ("meta.show", "rows"): data.Value,
    ("camera.list", "rows"): cameras.CameraAnswer,
    ("models", "rows"): registry.ModelLine,
    ("model.show", "model"): registry.ModelDetail,
    ("model.show", "variants"): VariantRow,
    ("batches", "rows"): BatchRow,
    ("key.list", "rows"): serve.KeyUse,
    ("model.show", "verdict"): 'Verbs["gate"]["answer"]',
    ("model.show", "report"): 'Verbs["evaluate"]["answer"]',
    ("runs.list", "rows"): train.RunLine,
    ("runs.curves", "rows"): train.Curve,
    ("runs.artifacts", "rows"): train.Artifact,
    ("runs.experiments", "rows"): train.Experiment,
    ("runs.show", "run"): train.Run,
    ("runs.show", "metrics"): train.Metric,
    ("evaluate", "per_class"): evaluate.ClassReport,
    ("evaluate", "calibration"): evaluate.Calibrated,
    ("gate", "checks"): evaluate.Check,
    ("deployments", "rows"): DeploymentRow,
    ("rollout.show", "rows"): RolloutRow,
    ("predictions", "rows"): serve.Logged,
    ("monitor", "windows"): observe.Window,
    ("monitor", "alerts"): observe.Alert,
    ("alerts.list", "rows"): observe.Alert,
    ("alerts.acknowledge", "rows"): observe.Alert,
    ("alerts.close", "rows"): observe.Alert,
    ("label.list", "rows"): label.Task,
    ("label.status", "rows"): QueueRow,
    ("label.next", "rows"): label.Task,
    ("label.queue", "rows"): ShownTask,
    ("label.back", "rows"): label.Task,
    ("label.people", "rows"): label.Work,
    ("label.agreement", "pairs"): label.Pair,
    ("label.agreement", "disagreed"): label.Disagreed,
    ("label.agreement", "fleiss"): label.Figure,
    ("label.agreement", "alpha"): label.Figure,
    ("label.progress", "per_hour"): label.Figure,
    ("label.progress", "left_s"): label.Figure,
    ("label.gain", "judged"): GainPoint,
    ("user.list", "rows"): store.Person,
    ("label.accept", "rows"): label.Task,
    ("label.reject", "rows"): label.Task,
    ("label.undo", "rows"): label.Task,
    ("facts", "rows"): FactRow,
    ("loop.status", "history"): TurnRow,
    ("loop.start", "history"): TurnRow,
    ("loop.stop", "history"): TurnRow,
}
_NAMED = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType)
_PLAIN: tuple[tuple[Any, str], ...] = (
    ((inspect.IntType, inspect.FloatType), "number"),
    ((inspect.StrType, inspect.DateTimeType), "string"),
    (inspect.BoolType, "boolean"),
    (inspect.NoneType, "null"),
    (inspect.AnyType, "any"),
)


class Member(NamedTuple):
    """One field of an interface."""

    name: str
    type: str
    optional: bool


class Types:
    """Interfaces by name, in the order in which they were met."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.classes: dict[str, type] = {}

    def name(self, cls: type, *, ask: bool = False) -> str:
        """The interface of a class, written down once."""
        name = cls.__name__ + "Ask" * ask
        if self.classes.setdefault(name, cls) is not cls:
            raise TypeError(f"two records are called {name}")
        if name not in self.found:
            self.found[name] = ""
            self.found[name] = _interface(name, self.members(cls, ask=ask))
        return name

    def text(self, info: inspect.Type) -> str:
        """TypeScript for a type as msgspec sees it."""
        for kind, text in _PLAIN:
            if isinstance(info, kind):
                return text
        if isinstance(info, _NAMED):
            return self.name(info.cls)
        if isinstance(info, inspect.LiteralType):
            return " | ".join(json.dumps(each) for each in info.values)
        if isinstance(info, inspect.UnionType):
            return " | ".join(dict.fromkeys(self.text(each) for each in info.types))
        return self._container(info)

    def _container(self, info: inspect.Type) -> str:
        if isinstance(info, inspect.TupleType):
            return f"[{', '.join(self.text(each) for each in info.item_types)}]"
        if isinstance(info, inspect.CollectionType):
            item = self.text(info.item_type)
            return f"({item})[]" if " " in item else f"{item}[]"
        if isinstance(info, inspect.DictType):
            return f"Record<string, {self.text(info.value_type)}>"
        raise TypeError(info)

    def members(self, cls: type, *, ask: bool = False) -> Iterator[Member]:
        """The fields of a record, as JSON has them."""
        info = inspect.type_info(cls)
        assert isinstance(info, _NAMED)
        may_lack = ask or getattr(getattr(cls, "__struct_config__", None), "omit_defaults", False)
        if isinstance(info, inspect.StructType) and info.tag is not None:
            yield Member(str(info.tag_field), json.dumps(info.tag), optional=False)
        for field in info.fields:
            lacks = not field.required and (may_lack or isinstance(info, inspect.TypedDictType))
            yield Member(field.encode_name, self.text(field.type), lacks)

    def answer(self, operation: app.Operation[Any, Any]) -> str:
        """The answer of a verb, its rows typed where `ROWS` knows them."""
        cls = operation.response
        rows = {name: each for (verb, name), each in ROWS.items() if verb == operation.name}
        if not rows:
            return self.name(cls)
        info = inspect.type_info(cls)
        assert isinstance(info, _NAMED)
        parts: list[Member] = []
        for field in info.fields:
            text = self.text(field.type)
            if record := rows.get(field.encode_name):
                known = record if isinstance(record, str) else self.name(record)
                text = known + "[]" * text.endswith("[]") + " | null" * text.endswith("| null")
            parts.append(Member(field.encode_name, text, optional=False))
        return "{ " + "; ".join(f"{each.name}: {each.type}" for each in parts) + " }"


def fields_of(cls: type) -> tuple[set[str], set[str]]:
    """The fields that an answer must have, and all that it may have."""
    members = list(Types().members(cls))
    return {each.name for each in members if not each.optional}, {each.name for each in members}


def _interface(name: str, members: Iterator[Member]) -> str:
    lines = [f"  {each.name}{'?' * each.optional}: {each.type};" for each in members]
    return "\n".join([f"export interface {name} {{", *lines, "}"])


def text() -> str:
    """The whole file."""
    types = Types()
    verbs = [
        f'  "{each.name}": {{ ask: {types.name(each.request, ask=True)};'
        f" answer: {types.answer(each)} }};"
        for each in app.OPERATIONS
    ]
    parts = [
        "// Made from the operations by tests/ui/api_types.py; a test fails when it drifts.",
        "\n".join(["export interface Verbs {", *verbs, "}"]),
        *sorted(types.found.values()),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] == ["-"]:
        sys.stdout.write(text())
    else:
        TARGET.write_text(text(), "utf-8")
