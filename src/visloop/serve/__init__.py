"""Models behind URLs: deployments, the inference server, the prediction log."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.serve.errors import DeploymentNotFound as DeploymentNotFound
    from visloop.serve.journal.history import Logged as Logged
    from visloop.serve.journal.history import PredictionNotFound as PredictionNotFound
    from visloop.serve.journal.history import captured as captured
    from visloop.serve.journal.history import prediction as prediction
    from visloop.serve.journal.history import predictions as predictions
    from visloop.serve.journal.record import Captured as Captured
    from visloop.serve.kept import SERVE_ROOTS as SERVE_ROOTS
    from visloop.serve.keys.keeping import Key as Key
    from visloop.serve.keys.keeping import KeyUse as KeyUse
    from visloop.serve.keys.keeping import add_key as add_key
    from visloop.serve.keys.keeping import list_keys as list_keys
    from visloop.serve.keys.keeping import remove_key as remove_key
    from visloop.serve.ports import ServePorts as ServePorts
    from visloop.serve.processes import PART as PART
    from visloop.serve.processes import LogBalance as LogBalance
    from visloop.serve.processes import Server as Server
    from visloop.serve.processes import lost as lost
    from visloop.serve.processes import servers as servers
    from visloop.serve.querying import deployments_relation as deployments_relation
    from visloop.serve.querying import predictions_relation as predictions_relation
    from visloop.serve.rollout import Deployment as Deployment
    from visloop.serve.rollout import NothingToRollBackTo as NothingToRollBackTo
    from visloop.serve.rollout import deploy as deploy
    from visloop.serve.rollout import deployment as deployment
    from visloop.serve.rollout import deployments as deployments
    from visloop.serve.rollout import require_servable as require_servable
    from visloop.serve.rollout import rollback as rollback
    from visloop.serve.rollout import undeploy as undeploy
    from visloop.serve.rollout import url_of as url_of
    from visloop.serve.server import address_of as address_of
    from visloop.serve.server import listen as listen
    from visloop.serve.server import run as run
    from visloop.serve.settings import ServeSettings as ServeSettings
    from visloop.serve.switching.changing import begin_rollout as begin_rollout
    from visloop.serve.switching.changing import promote_rollout as promote_rollout
    from visloop.serve.switching.changing import stop_rollout as stop_rollout
    from visloop.serve.switching.judging import judge_rollouts as judge_rollouts
    from visloop.serve.switching.judging import shadow_harm as shadow_harm
    from visloop.serve.switching.judging import shadow_words as shadow_words
    from visloop.serve.switching.records import CanaryPolicy as CanaryPolicy
    from visloop.serve.switching.records import Copied as Copied
    from visloop.serve.switching.records import Rollout as Rollout
    from visloop.serve.switching.records import RolloutNotFound as RolloutNotFound
    from visloop.serve.switching.records import RolloutRunning as RolloutRunning
    from visloop.serve.switching.store import CopiedAnswer as CopiedAnswer
    from visloop.serve.switching.store import copied as copied
    from visloop.serve.switching.store import copied_answers as copied_answers
    from visloop.serve.switching.store import rollout_by_id as rollout_by_id
    from visloop.serve.switching.store import rollouts as rollouts
    from visloop.serve.switching.store import running_rollouts as running_rollouts
    from visloop.serve.switching.waiting import wait_ready as wait_ready
    from visloop.serve.wire.proxy import Proxy as Proxy
    from visloop.serve.wire.tracing import Traced as Traced

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "keys.keeping": ("Key", "KeyUse", "add_key", "list_keys", "remove_key"),
        "kept": ("SERVE_ROOTS",),
        "querying": ("deployments_relation", "predictions_relation"),
        "rollout": (
            "Deployment",
            "NothingToRollBackTo",
            "deploy",
            "deployment",
            "deployments",
            "require_servable",
            "rollback",
            "undeploy",
            "url_of",
        ),
        "switching.changing": ("begin_rollout", "promote_rollout", "stop_rollout"),
        "switching.judging": ("judge_rollouts", "shadow_harm", "shadow_words"),
        "switching.records": (
            "CanaryPolicy",
            "Copied",
            "Rollout",
            "RolloutNotFound",
            "RolloutRunning",
        ),
        "switching.store": (
            "CopiedAnswer",
            "copied",
            "copied_answers",
            "rollouts",
            "rollout_by_id",
            "running_rollouts",
        ),
        "switching.waiting": ("wait_ready",),
        "errors": ("DeploymentNotFound",),
        "journal.history": (
            "Logged",
            "PredictionNotFound",
            "captured",
            "prediction",
            "predictions",
        ),
        "ports": ("ServePorts",),
        "wire.proxy": ("Proxy",),
        "wire.tracing": ("Traced",),
        "journal.record": ("Captured",),
        "server": ("address_of", "listen", "run"),
        "processes": ("PART", "LogBalance", "Server", "lost", "servers"),
        "settings": ("ServeSettings",),
    },
)
