"""What every face is asked about the labelling queue."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from visloop import app

A_BOX = {"type": "box", "id": "b1", "label": "gear", "xyxy": [10.0, 12.0, 30.5, 40.0]}


def about_labels(
    tasks: tuple[str, ...], truth: Path, sample: str
) -> list[tuple[app.Operation[Any, Any], Any]]:
    """Every operation of the queue, in an order in which each has something to do."""
    return [
        (app.label_list, app.LabelList(limit=3)),
        (app.label_status, app.LabelStatus()),
        (app.label_next, app.LabelNext()),
        (app.label_queue, app.LabelQueue(view="all")),
        (app.label_assign, app.LabelAssign(dataset="line", limit=1, dry_run=True)),
        (app.label_agreement, app.LabelAgreement(dataset="line")),
        (app.label_people, app.LabelPeople()),
        (app.label_progress, app.LabelProgress(dataset="line")),
        (app.label_gain, app.LabelGain(dataset="line", more=5)),
        (app.label_unassign, app.LabelUnassign(dataset="line")),
        (app.label_back, app.LabelBack(task=tasks[0], comment="too wide")),
        (app.label_accept, app.LabelAccept(task=tasks[0], label="gear")),
        (app.label_undo, app.LabelUndo(task=tasks[0])),
        (app.label_reject, app.LabelReject(task=tasks[1])),
        (app.label_import, app.LabelImport(file=str(truth), dataset="line")),
        (
            app.label_propose,
            app.LabelPropose(dataset="line", path=sample, model="inspector@v1"),
        ),
        (app.label_doubt, app.LabelDoubt(model="inspector@v2", limit=1)),
        (app.label_open, app.LabelOpen(dataset="line", path=sample)),
        (
            app.label_edit,
            app.LabelEdit(dataset="line", path=sample, edits=({"put": A_BOX},)),
        ),
        (app.label_track, app.LabelTrack(dataset="line", film=sample)),
    ]
