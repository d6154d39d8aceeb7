"""Recipes, runs and their tracking: from a data version to a registered model."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.train.bench import START as START
    from visloop.train.bench import Bench as Bench
    from visloop.train.environment import About as About
    from visloop.train.environment import about as about
    from visloop.train.environment import cpu_model as cpu_model
    from visloop.train.exchange.models import PushedModel as PushedModel
    from visloop.train.exchange.models import push_model as push_model
    from visloop.train.exchange.pushing import Pushed as Pushed
    from visloop.train.exchange.pushing import push_runs as push_runs
    from visloop.train.exchange.server import Server as Server
    from visloop.train.exchange.tensorboard import Exported as Exported
    from visloop.train.exchange.tensorboard import Imported as Imported
    from visloop.train.exchange.tensorboard import NoEvents as NoEvents
    from visloop.train.exchange.tensorboard import export_events as export_events
    from visloop.train.exchange.tensorboard import import_events as import_events
    from visloop.train.kept import TRAIN_ROOTS as TRAIN_ROOTS
    from visloop.train.lessons import choose_pictures as choose_pictures
    from visloop.train.objects import Labelled as Labelled
    from visloop.train.objects import box_around as box_around
    from visloop.train.own import as_recipe as as_recipe
    from visloop.train.previewing import Shown as Shown
    from visloop.train.previewing import class_colour as class_colour
    from visloop.train.previewing import preview as preview
    from visloop.train.querying import runs_relation as runs_relation
    from visloop.train.recipe import Fitted as Fitted
    from visloop.train.recipe import Lesson as Lesson
    from visloop.train.recipe import Recipe as Recipe
    from visloop.train.recipe import Start as Start
    from visloop.train.recipe import find_recipe as find_recipe
    from visloop.train.recipes.linear_head import calibrate as calibrate
    from visloop.train.recipes.linear_head import fit_head as fit_head
    from visloop.train.recipes.linear_head import rooted as rooted
    from visloop.train.records import Metric as Metric
    from visloop.train.records import Pruned as Pruned
    from visloop.train.records import Run as Run
    from visloop.train.records import RunBusy as RunBusy
    from visloop.train.records import RunDetail as RunDetail
    from visloop.train.records import RunKeyTaken as RunKeyTaken
    from visloop.train.records import RunLine as RunLine
    from visloop.train.records import RunNotFound as RunNotFound
    from visloop.train.records import TrainPorts as TrainPorts
    from visloop.train.records import TrainResult as TrainResult
    from visloop.train.reference import Reference as Reference
    from visloop.train.reproducing.cloning import Changes as Changes
    from visloop.train.reproducing.cloning import clone as clone
    from visloop.train.reproducing.code import CodeMissing as CodeMissing
    from visloop.train.reproducing.comparing import Reproduction as Reproduction
    from visloop.train.reproducing.comparing import reproduce as reproduce
    from visloop.train.reproducing.differences import Difference as Difference
    from visloop.train.reproducing.rebuilding import EnvironmentNotBuilt as EnvironmentNotBuilt
    from visloop.train.reproducing.rebuilding import Package as Package
    from visloop.train.reproducing.rebuilding import build_environment as build_environment
    from visloop.train.reproducing.rebuilding import plan_environment as plan_environment
    from visloop.train.reproducing.rebuilding import surroundings_of as surroundings_of
    from visloop.train.tracking.artifacts import PREDICTIONS as PREDICTIONS
    from visloop.train.tracking.artifacts import Artifact as Artifact
    from visloop.train.tracking.artifacts import ArtifactNotFound as ArtifactNotFound
    from visloop.train.tracking.artifacts import artifact_of as artifact_of
    from visloop.train.tracking.artifacts import artifacts_in as artifacts_in
    from visloop.train.tracking.artifacts import artifacts_of as artifacts_of
    from visloop.train.tracking.artifacts import check_artifact_path as check_artifact_path
    from visloop.train.tracking.artifacts import drop_artifacts as drop_artifacts
    from visloop.train.tracking.artifacts import save_artifact as save_artifact
    from visloop.train.tracking.artifacts import save_artifact_file as save_artifact_file
    from visloop.train.tracking.experiments import Experiment as Experiment
    from visloop.train.tracking.experiments import ExperimentNotFound as ExperimentNotFound
    from visloop.train.tracking.experiments import change_experiment as change_experiment
    from visloop.train.tracking.experiments import find_experiment as find_experiment
    from visloop.train.tracking.experiments import list_experiments as list_experiments
    from visloop.train.tracking.experiments import make_experiment as make_experiment
    from visloop.train.tracking.finding import Found as Found
    from visloop.train.tracking.finding import Order as Order
    from visloop.train.tracking.finding import Search as Search
    from visloop.train.tracking.finding import curves as curves
    from visloop.train.tracking.finding import list_runs as list_runs
    from visloop.train.tracking.finding import newest as newest
    from visloop.train.tracking.finding import require_run as require_run
    from visloop.train.tracking.finding import search as search
    from visloop.train.tracking.finding import show_run as show_run
    from visloop.train.tracking.inbox import Inbox as Inbox
    from visloop.train.tracking.logged import LoggedModel as LoggedModel
    from visloop.train.tracking.logged import LoggedModelNotFound as LoggedModelNotFound
    from visloop.train.tracking.logged import change_logged as change_logged
    from visloop.train.tracking.logged import find_logged as find_logged
    from visloop.train.tracking.logged import log_model as log_model
    from visloop.train.tracking.logged import logged_models as logged_models
    from visloop.train.tracking.logged import model_or_none as model_or_none
    from visloop.train.tracking.logged import require_owner as require_owner
    from visloop.train.tracking.points import Curve as Curve
    from visloop.train.tracking.points import Point as Point
    from visloop.train.tracking.recorder import Recorder as Recorder
    from visloop.train.tracking.recorder import progress_of as progress_of
    from visloop.train.tracking.scripts import Opening as Opening
    from visloop.train.tracking.scripts import Report as Report
    from visloop.train.tracking.scripts import RunEnded as RunEnded
    from visloop.train.tracking.scripts import about_here as about_here
    from visloop.train.tracking.scripts import annotate as annotate
    from visloop.train.tracking.scripts import end as end
    from visloop.train.tracking.scripts import reopen as reopen
    from visloop.train.tracking.scripts import report as report
    from visloop.train.tracking.scripts import start as start
    from visloop.train.tracking.surroundings import code_diff as code_diff
    from visloop.train.tracking.surroundings import environment_file as environment_file
    from visloop.train.tracking.where import RUN_FIELDS as RUN_FIELDS
    from visloop.train.tracking.where import Condition as Condition
    from visloop.train.tracking.where import Name as Name
    from visloop.train.tracking.where import parse_name as parse_name
    from visloop.train.tracking.where import parse_where as parse_where
    from visloop.train.training import resume as resume
    from visloop.train.training import train as train
    from visloop.train.truth import FROZEN as FROZEN
    from visloop.train.truth import Chosen as Chosen
    from visloop.train.truth import FrozenSplit as FrozenSplit
    from visloop.train.truth import choose as choose
    from visloop.train.truth import class_of as class_of
    from visloop.train.truth import training_split as training_split
    from visloop.train.tuning.aims import Aim as Aim
    from visloop.train.tuning.plan import Plan as Plan
    from visloop.train.tuning.plan import Wanted as Wanted
    from visloop.train.tuning.plan import combinations as combinations
    from visloop.train.tuning.searching import Outcome as Outcome
    from visloop.train.tuning.searching import begin as begin
    from visloop.train.tuning.searching import carry_on as carry_on
    from visloop.train.tuning.searching import check as check
    from visloop.train.tuning.searching import file_of as file_of
    from visloop.train.tuning.searching import lend_a_hand as lend_a_hand
    from visloop.train.tuning.showing import Shape as Shape
    from visloop.train.tuning.showing import shape_of as shape_of
    from visloop.train.tuning.space import Between as Between
    from visloop.train.tuning.space import Domain as Domain
    from visloop.train.tuning.space import OneOf as OneOf
    from visloop.train.tuning.space import Space as Space
    from visloop.train.tuning.study import Beginning as Beginning
    from visloop.train.tuning.study import Importance as Importance
    from visloop.train.tuning.study import Study as Study
    from visloop.train.tuning.study import Trial as Trial

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "kept": ("TRAIN_ROOTS",),
        "querying": ("runs_relation",),
        "bench": ("START", "Bench"),
        "lessons": ("choose_pictures",),
        "objects": ("Labelled", "box_around"),
        "own": ("as_recipe",),
        "previewing": ("Shown", "class_colour", "preview"),
        "recipe": ("Fitted", "Lesson", "Recipe", "Start", "find_recipe"),
        "environment": ("About", "about", "cpu_model"),
        "exchange.models": ("PushedModel", "push_model"),
        "exchange.pushing": ("Pushed", "push_runs"),
        "exchange.server": ("Server",),
        "exchange.tensorboard": (
            "Exported",
            "Imported",
            "NoEvents",
            "export_events",
            "import_events",
        ),
        "records": (
            "Metric",
            "Pruned",
            "Run",
            "RunBusy",
            "RunDetail",
            "RunKeyTaken",
            "RunLine",
            "RunNotFound",
            "TrainPorts",
            "TrainResult",
        ),
        "recipes.linear_head": ("calibrate", "fit_head", "rooted"),
        "reference": ("Reference",),
        "reproducing.cloning": ("Changes", "clone"),
        "reproducing.code": ("CodeMissing",),
        "reproducing.comparing": ("Reproduction", "reproduce"),
        "reproducing.differences": ("Difference",),
        "reproducing.rebuilding": (
            "EnvironmentNotBuilt",
            "Package",
            "build_environment",
            "plan_environment",
            "surroundings_of",
        ),
        "training": ("resume", "train"),
        "tracking.artifacts": (
            "PREDICTIONS",
            "Artifact",
            "ArtifactNotFound",
            "artifact_of",
            "artifacts_in",
            "artifacts_of",
            "check_artifact_path",
            "drop_artifacts",
            "save_artifact",
            "save_artifact_file",
        ),
        "tracking.experiments": (
            "Experiment",
            "ExperimentNotFound",
            "change_experiment",
            "find_experiment",
            "list_experiments",
            "make_experiment",
        ),
        "tracking.finding": (
            "Found",
            "Order",
            "Search",
            "curves",
            "list_runs",
            "newest",
            "require_run",
            "search",
            "show_run",
        ),
        "tracking.inbox": ("Inbox",),
        "tracking.logged": (
            "LoggedModel",
            "LoggedModelNotFound",
            "change_logged",
            "find_logged",
            "log_model",
            "logged_models",
            "model_or_none",
            "require_owner",
        ),
        "tracking.points": (
            "Curve",
            "Point",
        ),
        "tracking.recorder": ("Recorder", "progress_of"),
        "tracking.surroundings": ("code_diff", "environment_file"),
        "tracking.scripts": (
            "about_here",
            "Opening",
            "Report",
            "RunEnded",
            "annotate",
            "end",
            "reopen",
            "report",
            "start",
        ),
        "tracking.where": (
            "RUN_FIELDS",
            "Condition",
            "Name",
            "parse_name",
            "parse_where",
        ),
        "tuning.aims": ("Aim",),
        "tuning.plan": ("Plan", "Wanted", "combinations"),
        "tuning.searching": ("Outcome", "begin", "carry_on", "check", "file_of", "lend_a_hand"),
        "tuning.showing": ("Shape", "shape_of"),
        "tuning.space": ("Between", "Domain", "OneOf", "Space"),
        "tuning.study": ("Beginning", "Importance", "Study", "Trial"),
        "truth": ("FROZEN", "Chosen", "FrozenSplit", "choose", "class_of", "training_split"),
    },
)
