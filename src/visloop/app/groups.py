"""Words around the verbs: what each group of them is about, and what is wrong with a command line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

from visloop.errors import UsageError

GROUPS: Final = {
    "alerts": "Alarms: list, acknowledge, close.",
    "bulk": "Many samples at once: tag, label, split, drop, queue; take it back.",
    "camera": "The registry of cameras: places, clocks, calibration; whose picture it is.",
    "classes": "The class dictionary of a data set.",
    "demo": "The virtual factory line: pictures, a video, a live stream, with drift at will.",
    "incident": "Failures in production that are permanent tests: every gate asks about them.",
    "key": "API keys: who may ask the models that are served, and how much.",
    "label": "The queue of pictures that wait for a person.",
    "loop": "The closed loop: from production's mistakes to the next model.",
    "map": "Every picture as a point: lay out, read the points.",
    "meta": "What is known of each picture besides its labels: typed fields with units.",
    "meta.field": "A data set's own metadata fields: list, declare, rename, remove.",
    "model": "One model version: show, import, approve, promote, roll back.",
    "policy": "What the gate asks of a model: show, compare with visloop.yaml, approve.",
    "quarantine": "Files that were not taken, and why.",
    "rollout": "Candidates beside a deployed model, canaries and shadows: show, promote, stop.",
    "runs": "Runs: trainings and scripts, their curves and files, compared.",
    "tune": "Searches over parameters and recipes.",
    "user": "People: who may do what, and the tokens that they show.",
    "view": "Questions with a name: save, list, remove.",
}

SECTIONS: Final[dict[str, tuple[str, ...]]] = {
    "Begin": ("quickstart", "init", "up", "demo", "completion"),
    "Data": (
        "add",
        "watch",
        "status",
        "samples",
        "datasets",
        "quarantine",
        "classes",
        "meta",
        "camera",
        "split",
        "remove",
        "unstage",
        "export",
        "formats",
    ),
    "Versions": (
        "commit",
        "log",
        "diff",
        "blame",
        "checkout",
        "tag",
        "branch",
        "switch",
        "merge",
        "revert",
    ),
    "Find": ("query", "search", "map", "view", "pick", "bulk", "findings", "complete"),
    "Label": ("label",),
    "Train": ("train", "tune", "track", "runs", "reproduce"),
    "Judge": ("evaluate", "explain", "assess", "gate", "policy", "incident", "models", "model"),
    "Serve": (
        "deploy",
        "deployments",
        "rollout",
        "rollback",
        "predict",
        "batches",
        "predictions",
        "serve",
        "key",
    ),
    "Watch what is served": ("monitor", "alerts", "trace"),
    "The loop": ("loop", "worker"),
    "Upkeep": ("storage", "verify", "gc", "facts", "audit", "user"),
}
"""The commands in the order of the work, for `visloop --help`; one that is missing here stands last."""


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The known name that looks most like `wrong`, or nothing."""
    return next(iter(get_close_matches(wrong, list(known), n=1)), "")


def usage_error(what: str) -> UsageError:
    """What click complains about, as an error of ours."""
    return UsageError(what, fix="see --help")
