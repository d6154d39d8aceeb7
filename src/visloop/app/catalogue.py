"""Every verb, in the order of a day's work; the faces are built from this list."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from visloop.app.verbs import (
    cameras,
    classes,
    comparing,
    datasets,
    formats,
    history,
    intake,
    lines,
    looping,
    merging,
    metadata,
    models,
    project,
    querying,
    refactoring,
    serving,
    streams,
    training,
    watching,
)
from visloop.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from visloop.app.operation import Operation

OPERATIONS: Final[tuple[Operation[Any, Any], ...]] = (
    intake.add,
    streams.watch,
    datasets.commit,
    datasets.log,
    comparing.diff,
    history.tag,
    history.tag_list,
    history.tag_remove,
    history.branch,
    history.branch_list,
    history.branch_remove,
    history.switch,
    merging.merge,
    merging.merge_status,
    merging.merge_resolve,
    merging.merge_abort,
    merging.revert,
    comparing.blame,
    history.checkout,
    datasets.status,
    datasets.samples,
    querying.query,
    querying.complete,
    datasets.export,
    formats.formats,
    datasets.split,
    datasets.datasets,
    intake.quarantine_list,
    intake.quarantine_retry,
    intake.quarantine_remove,
    datasets.remove,
    datasets.unstage,
    classes.classes_list,
    classes.classes_show,
    classes.classes_add,
    metadata.meta_fields,
    metadata.meta_show,
    metadata.meta_set,
    metadata.meta_import,
    metadata.meta_field_list,
    metadata.meta_field_add,
    metadata.meta_field_rename,
    metadata.meta_field_remove,
    cameras.camera_list,
    cameras.camera_show,
    cameras.camera_add,
    cameras.camera_set,
    cameras.camera_remove,
    cameras.camera_apply,
    cameras.camera_align,
    classes.classes_set,
    classes.classes_alias,
    classes.classes_remove,
    classes.classes_import,
    classes.classes_export,
    refactoring.classes_rename,
    refactoring.classes_merge,
    refactoring.classes_split,
    training.train,
    training.runs_list,
    training.runs_show,
    training.evaluate,
    training.gate,
    models.models,
    models.model_show,
    models.model_approve,
    models.model_reject,
    models.model_promote,
    models.model_rollback,
    models.model_alias,
    serving.deploy,
    serving.rollback,
    serving.deployments,
    serving.predictions,
    serving.predict,
    watching.monitor,
    watching.alerts_list,
    watching.alerts_acknowledge,
    watching.alerts_close,
    watching.label_list,
    watching.label_status,
    watching.label_next,
    watching.label_accept,
    watching.label_reject,
    watching.label_undo,
    watching.label_import,
    looping.loop_start,
    looping.loop_stop,
    looping.loop_status,
    looping.loop_step,
    project.facts,
    project.audit,
    project.trace,
    lines.demo_images,
    lines.demo_video,
    lines.demo_stream,
)

GROUPS: Final = {
    "alerts": "Alarms: list, acknowledge, close.",
    "camera": "The registry of cameras: places, clocks, calibration; whose picture it is.",
    "classes": "The class dictionary of a data set.",
    "demo": "The virtual factory line: pictures, a video, a live stream, with drift at will.",
    "label": "The queue of pictures that wait for a person.",
    "loop": "The closed loop: from production's mistakes to the next model.",
    "meta": "What is known of each picture besides its labels: typed fields with units.",
    "meta.field": "A data set's own metadata fields: list, declare, rename, remove.",
    "model": "One model version: show, approve, promote, roll back.",
    "quarantine": "Files that were not taken, and why.",
    "runs": "Training runs.",
}


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The known name that looks most like `wrong`, or nothing."""
    return next(iter(get_close_matches(wrong, list(known), n=1)), "")


def usage_error(what: str) -> UsageError:
    """What click complains about, as an error of ours."""
    return UsageError(what, fix="see --help")
