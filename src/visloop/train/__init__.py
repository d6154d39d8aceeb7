"""Recipes, runs and their tracking: from a data version to a registered model."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.train.bench import Bench as Bench
    from visloop.train.kept import TRAIN_ROOTS as TRAIN_ROOTS
    from visloop.train.objects import Labelled as Labelled
    from visloop.train.objects import box_around as box_around
    from visloop.train.own import as_recipe as as_recipe
    from visloop.train.previewing import Shown as Shown
    from visloop.train.previewing import preview as preview
    from visloop.train.querying import runs_relation as runs_relation
    from visloop.train.recipe import Fitted as Fitted
    from visloop.train.recipe import Lesson as Lesson
    from visloop.train.recipe import Recipe as Recipe
    from visloop.train.recipe import Start as Start
    from visloop.train.recipe import find_recipe as find_recipe
    from visloop.train.recipes.linear_head import calibrate as calibrate
    from visloop.train.recipes.linear_head import fit_head as fit_head
    from visloop.train.records import Metric as Metric
    from visloop.train.records import Run as Run
    from visloop.train.records import RunBusy as RunBusy
    from visloop.train.records import RunDetail as RunDetail
    from visloop.train.records import RunKeyTaken as RunKeyTaken
    from visloop.train.records import RunLine as RunLine
    from visloop.train.records import RunNotFound as RunNotFound
    from visloop.train.records import TrainPorts as TrainPorts
    from visloop.train.records import TrainResult as TrainResult
    from visloop.train.reference import Reference as Reference
    from visloop.train.reproducing import Difference as Difference
    from visloop.train.reproducing import Reproduction as Reproduction
    from visloop.train.reproducing import reproduce as reproduce
    from visloop.train.runs import list_runs as list_runs
    from visloop.train.runs import show_run as show_run
    from visloop.train.training import resume as resume
    from visloop.train.training import train as train
    from visloop.train.truth import FROZEN as FROZEN
    from visloop.train.truth import Chosen as Chosen
    from visloop.train.truth import FrozenSplit as FrozenSplit
    from visloop.train.truth import choose as choose
    from visloop.train.truth import class_of as class_of

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "kept": ("TRAIN_ROOTS",),
        "querying": ("runs_relation",),
        "bench": ("Bench",),
        "objects": ("Labelled", "box_around"),
        "own": ("as_recipe",),
        "previewing": ("Shown", "preview"),
        "recipe": ("Fitted", "Lesson", "Recipe", "Start", "find_recipe"),
        "records": (
            "Metric",
            "Run",
            "RunBusy",
            "RunDetail",
            "RunKeyTaken",
            "RunLine",
            "RunNotFound",
            "TrainPorts",
            "TrainResult",
        ),
        "recipes.linear_head": ("calibrate", "fit_head"),
        "reference": ("Reference",),
        "runs": ("list_runs", "show_run"),
        "reproducing": ("Difference", "Reproduction", "reproduce"),
        "training": ("resume", "train"),
        "truth": ("FROZEN", "Chosen", "FrozenSplit", "choose", "class_of"),
    },
)
