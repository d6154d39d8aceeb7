"""Verbs over monitors, alerts and the labelling queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from visloop import data, label, observe
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Rows, plain, rows_of

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope

KEY: Final = "a name of your own for this deed: sent again under it, it is done once"


@dataclass(frozen=True)
class Monitor:
    """Look at a deployment: windows tested for drift, alerts, what was captured and why."""

    name: str = arg("the deployment")
    windows: int = opt("the newest so many windows", default=60)


@dataclass(frozen=True)
class Monitored:
    """Windows oldest first; `verdict` in words."""

    name: str
    state: str
    verdict: str
    windows: tuple[dict[str, Any], ...]
    alerts: tuple[dict[str, Any], ...]
    captured: dict[str, int]


@operation("monitor", permission="observe.read")
def monitor(ports: Ports, scope: Scope, ask: Monitor) -> Monitored:
    """What the worker has found so far."""
    found = observe.summary(ports.observe, scope, ask.name, windows=ask.windows)
    return Monitored(**plain(found))


@dataclass(frozen=True)
class AlertsList:
    """List alerts, newest first."""

    state: str | None = opt("open, acknowledged or closed", default=None)


@operation("alerts.list", permission="observe.read")
def alerts_list(ports: Ports, scope: Scope, ask: AlertsList) -> Rows:
    """One row an alert."""
    return rows_of(observe.list_alerts(ports.observe, scope, state=ask.state))


@dataclass(frozen=True)
class AlertsAcknowledge:
    """Say that somebody looks after an alert."""

    alert: str = arg("its id")


@operation("alerts.acknowledge", permission="observe.write")
def alerts_acknowledge(ports: Ports, scope: Scope, ask: AlertsAcknowledge) -> Rows:
    """Recorded as a fact."""
    return rows_of([observe.acknowledge(ports.observe, scope, ask.alert)])


@dataclass(frozen=True)
class AlertsClose:
    """Close an alert by hand; a new alarm opens a new one."""

    alert: str = arg("its id")


@operation("alerts.close", permission="observe.write")
def alerts_close(ports: Ports, scope: Scope, ask: AlertsClose) -> Rows:
    """Recorded as a fact."""
    return rows_of([observe.close_alert(ports.observe, scope, ask.alert)])


@dataclass(frozen=True)
class LabelList:
    """List the queue: pictures that wait for a person, and why each is there."""

    dataset: str | None = opt("only for this data set", default=None)
    state: str = opt("waiting, review, disputed, accepted, rejected or skipped", default="waiting")
    limit: int = opt("at most so many", default=50)


@operation("label.list", permission="label.read")
def label_list(ports: Ports, scope: Scope, ask: LabelList) -> Rows:
    """Most urgent first."""
    rights = label.rights_of(ports.label, scope)
    found = label.list_tasks(ports.label, scope, ask.dataset, state=ask.state, limit=ask.limit)
    return rows_of(label.without_hints(each, rights) for each in found)


@dataclass(frozen=True)
class LabelStatus:
    """Say how the queue of each data set stands: waiting, decided, labels that no version holds yet.

    `mine`, `to_review` and `to_decide` are what your own views of it hold; `given` of `mine` were given
    to you, the others are for anybody.
    """


@operation("label.status", permission="label.read")
def label_status(ports: Ports, scope: Scope, ask: LabelStatus) -> Rows:
    """One row a data set."""
    del ask
    yours = label.yours(ports.label, scope)
    return rows_of(
        {"dataset": name}
        | plain(label.counts(ports.label, scope, name))
        | plain(yours.get(name, label.Yours()))
        for name in data.names(ports.data, scope)
    )


@dataclass(frozen=True)
class LabelNext:
    """Show the picture that needs you most: one that was given to you, else one for anybody."""

    dataset: str | None = opt("only for this data set", default=None)


@operation("label.next", permission="label.read")
def label_next(ports: Ports, scope: Scope, ask: LabelNext) -> Rows:
    """One row, or none."""
    found = label.view(ports.label, scope, "mine", ask.dataset, limit=1)
    return rows_of(each.task for each in found)


@dataclass(frozen=True)
class LabelAccept:
    """Accept the proposed label of a task, or give the right one.

    Of a picture that was given to several people it is your answer; of one that is to review or
    disputed it is what holds.
    """

    task: str = arg("its id")
    label: str | None = opt("the right class; default: the proposed one", default=None)
    of: str = opt("what this person answered: of a disputed picture", default="")
    nothing: bool = opt("there is nothing to label", default=False)
    seconds: float = opt("how long it took, as you measured", default=0.0)
    draw: bool = opt("take it in as proposed, or with nothing on it, to draw on it", default=False)
    key: str = opt(KEY, default="")


@operation("label.accept", permission="label.write")
def label_accept(ports: Ports, scope: Scope, ask: LabelAccept) -> Rows:
    """The sample is staged in its data set in the same transaction."""
    share = ports.config.loop.test_share
    done = label.accept(
        ports.label,
        scope,
        ask.task,
        label.Said(ask.label, of=ask.of, nothing=ask.nothing, seconds=ask.seconds),
        test_share=share,
        drawing=ask.draw,
        key=ask.key,
    )
    return rows_of([label.without_hints(done, label.rights_of(ports.label, scope))])


@dataclass(frozen=True)
class LabelReject:
    """Leave a picture out: it is not worth learning from."""

    task: str = arg("its id")
    key: str = opt(KEY, default="")


@operation("label.reject", permission="label.write")
def label_reject(ports: Ports, scope: Scope, ask: LabelReject) -> Rows:
    """Recorded as a fact."""
    return rows_of([label.reject(ports.label, scope, ask.task, key=ask.key)])


@dataclass(frozen=True)
class LabelUndo:
    """Take a decision back; the picture waits again."""

    task: str = arg("its id")
    key: str = opt(KEY, default="")


@operation("label.undo", permission="label.write")
def label_undo(ports: Ports, scope: Scope, ask: LabelUndo) -> Rows:
    """Possible until the label is committed."""
    share = ports.config.loop.test_share
    done = label.undo(ports.label, scope, ask.task, test_share=share, key=ask.key)
    return rows_of([label.without_hints(done, label.rights_of(ports.label, scope))])


@dataclass(frozen=True)
class LabelImport:
    """Accept many labels at once from a CSV or JSON file: a picture (digest, task, file) and a label."""

    file: str = arg("columns: image, task, prediction or file; and label", path=True)
    dataset: str = opt("the data set")


@dataclass(frozen=True)
class LabelsImported:
    """Counts, and the rows that no waiting picture answers to."""

    accepted: int
    unchanged: int
    unknown: tuple[str, ...]


@operation("label.import", permission="label.write")
def label_import(ports: Ports, scope: Scope, ask: LabelImport) -> LabelsImported:
    """Each row is its own accepted label."""
    done = label.import_labels(
        ports.label,
        scope,
        ask.dataset,
        label.read_rows(Path(ask.file)),
        test_share=ports.config.loop.test_share,
    )
    return LabelsImported(
        accepted=done.accepted, unchanged=done.unchanged, unknown=tuple(done.unknown)
    )
