"""The labelling queue: pictures that wait for a person, why, and what the person decided."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.label.agreeing.figures import Figure as Figure
    from visloop.label.agreeing.pace import Progress as Progress
    from visloop.label.agreeing.pace import progress as progress
    from visloop.label.agreeing.report import Agreement as Agreement
    from visloop.label.agreeing.report import Disagreed as Disagreed
    from visloop.label.agreeing.report import Overlap as Overlap
    from visloop.label.agreeing.report import Pair as Pair
    from visloop.label.agreeing.report import agreement as agreement
    from visloop.label.agreeing.work import Work as Work
    from visloop.label.agreeing.work import people as people
    from visloop.label.asking import ask_again as ask_again
    from visloop.label.asking import withdraw as withdraw
    from visloop.label.decisions import accept as accept
    from visloop.label.decisions import back as back
    from visloop.label.decisions import reject as reject
    from visloop.label.decisions import skip as skip
    from visloop.label.decisions import undo as undo
    from visloop.label.doubting import Doubted as Doubted
    from visloop.label.doubting import Doubts as Doubts
    from visloop.label.doubting import doubt as doubt
    from visloop.label.editing import Edit as Edit
    from visloop.label.editing import EditConflict as EditConflict
    from visloop.label.editing import Edited as Edited
    from visloop.label.editing import draw as draw
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
    from visloop.label.records import GivenToOthers as GivenToOthers
    from visloop.label.records import LabelPorts as LabelPorts
    from visloop.label.records import NothingProposed as NothingProposed
    from visloop.label.records import NotWaiting as NotWaiting
    from visloop.label.records import OwnWork as OwnWork
    from visloop.label.records import Proposal as Proposal
    from visloop.label.records import Question as Question
    from visloop.label.records import Rules as Rules
    from visloop.label.records import Task as Task
    from visloop.label.records import TaskCommitted as TaskCommitted
    from visloop.label.records import TaskNotFound as TaskNotFound
    from visloop.label.settling import split_of as split_of
    from visloop.label.shapes import WrongShape as WrongShape
    from visloop.label.together.answering import Said as Said
    from visloop.label.together.assigning import BARS as BARS
    from visloop.label.together.assigning import Assigned as Assigned
    from visloop.label.together.assigning import Wanted as Wanted
    from visloop.label.together.assigning import assign as assign
    from visloop.label.together.assigning import assign_queued as assign_queued
    from visloop.label.together.assigning import given_out as given_out
    from visloop.label.together.assigning import unassign as unassign
    from visloop.label.together.counting import Yours as Yours
    from visloop.label.together.counting import yours as yours
    from visloop.label.together.people import Answer as Answer
    from visloop.label.together.people import Rights as Rights
    from visloop.label.together.people import rights_of as rights_of
    from visloop.label.together.showing import VIEWS as VIEWS
    from visloop.label.together.showing import Shown as Shown
    from visloop.label.together.showing import view as view
    from visloop.label.together.showing import without_hints as without_hints

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "asking": ("ask_again", "withdraw"),
        "kept": ("LABEL_ROOTS",),
        "querying": ("Reviewed", "reviewed", "tasks_relation"),
        "doubting": ("Doubted", "Doubts", "doubt"),
        "editing": ("Edit", "EditConflict", "Edited", "draw", "edit", "read", "read_edits"),
        "decisions": ("accept", "back", "reject", "skip", "undo"),
        "settling": ("split_of",),
        "agreeing.figures": ("Figure",),
        "agreeing.pace": ("Progress", "progress"),
        "agreeing.report": ("Agreement", "Disagreed", "Overlap", "Pair", "agreement"),
        "agreeing.work": ("Work", "people"),
        "together.answering": ("Said",),
        "together.assigning": (
            "BARS",
            "Assigned",
            "Wanted",
            "assign",
            "assign_queued",
            "given_out",
            "unassign",
        ),
        "together.counting": ("Yours", "yours"),
        "together.people": ("Answer", "Rights", "rights_of"),
        "together.showing": ("VIEWS", "Shown", "view", "without_hints"),
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
            "Rules",
            "Question",
            "OwnWork",
            "NotWaiting",
            "GivenToOthers",
            "Task",
            "TaskCommitted",
            "TaskNotFound",
        ),
        "shapes": ("WrongShape",),
        "following": ("Placed", "TrackSeen", "tracks"),
    },
)
