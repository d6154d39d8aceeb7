"""The labelling queue: pictures that wait for a person, why, and what the person decided."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.label.asking import ask_again as ask_again
    from visloop.label.asking import withdraw as withdraw
    from visloop.label.decisions import accept as accept
    from visloop.label.decisions import reject as reject
    from visloop.label.decisions import skip as skip
    from visloop.label.decisions import split_of as split_of
    from visloop.label.decisions import undo as undo
    from visloop.label.doubting import Doubted as Doubted
    from visloop.label.doubting import Doubts as Doubts
    from visloop.label.doubting import doubt as doubt
    from visloop.label.editing import Edit as Edit
    from visloop.label.editing import EditConflict as EditConflict
    from visloop.label.editing import Edited as Edited
    from visloop.label.editing import edit as edit
    from visloop.label.editing import read as read
    from visloop.label.editing import read_edits as read_edits
    from visloop.label.following import Placed as Placed
    from visloop.label.following import TrackSeen as TrackSeen
    from visloop.label.following import tracks as tracks
    from visloop.label.imports import Imported as Imported
    from visloop.label.imports import LabelsUnreadable as LabelsUnreadable
    from visloop.label.imports import Row as Row
    from visloop.label.imports import import_labels as import_labels
    from visloop.label.imports import read_rows as read_rows
    from visloop.label.kept import LABEL_ROOTS as LABEL_ROOTS
    from visloop.label.presence import Editor as Editor
    from visloop.label.presence import present as present
    from visloop.label.querying import Reviewed as Reviewed
    from visloop.label.querying import reviewed as reviewed
    from visloop.label.querying import tasks_relation as tasks_relation
    from visloop.label.queue import counts as counts
    from visloop.label.queue import enqueue as enqueue
    from visloop.label.queue import list_tasks as list_tasks
    from visloop.label.queue import next_task as next_task
    from visloop.label.queue import of_prediction as of_prediction
    from visloop.label.queue import task as task
    from visloop.label.queue import undecided as undecided
    from visloop.label.records import STATES as STATES
    from visloop.label.records import Counts as Counts
    from visloop.label.records import LabelPorts as LabelPorts
    from visloop.label.records import NothingProposed as NothingProposed
    from visloop.label.records import Proposal as Proposal
    from visloop.label.records import Task as Task
    from visloop.label.records import TaskCommitted as TaskCommitted
    from visloop.label.records import TaskNotFound as TaskNotFound
    from visloop.label.shapes import WrongShape as WrongShape

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "asking": ("ask_again", "withdraw"),
        "kept": ("LABEL_ROOTS",),
        "querying": ("Reviewed", "reviewed", "tasks_relation"),
        "doubting": ("Doubted", "Doubts", "doubt"),
        "decisions": ("accept", "reject", "skip", "split_of", "undo"),
        "editing": ("Edit", "EditConflict", "Edited", "edit", "read", "read_edits"),
        "presence": ("Editor", "present"),
        "imports": ("Imported", "LabelsUnreadable", "Row", "import_labels", "read_rows"),
        "queue": (
            "counts",
            "enqueue",
            "list_tasks",
            "next_task",
            "of_prediction",
            "task",
            "undecided",
        ),
        "records": (
            "STATES",
            "Counts",
            "LabelPorts",
            "NothingProposed",
            "Proposal",
            "Task",
            "TaskCommitted",
            "TaskNotFound",
        ),
        "shapes": ("WrongShape",),
        "following": ("Placed", "TrackSeen", "tracks"),
    },
)
