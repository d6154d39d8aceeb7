"""What verbs do across several rooms; loaded when the first of them runs."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.app.handlers.cards import card_of as card_of
    from visloop.app.handlers.cards import card_page as card_page
    from visloop.app.handlers.comparison import comparison_page as comparison_page
    from visloop.app.handlers.evidence import empty_trash as empty_trash
    from visloop.app.handlers.evidence import models_that_need as models_that_need
    from visloop.app.handlers.evidence import needs as needs
    from visloop.app.handlers.evidence import purged as purged
    from visloop.app.handlers.finding.faults import mended as mended
    from visloop.app.handlers.finding.faults import told_fault as told_fault
    from visloop.app.handlers.finding.mapsheet import map_rows as map_rows
    from visloop.app.handlers.finding.mapsheet import write_map as write_map
    from visloop.app.handlers.importing import import_model as import_model
    from visloop.app.handlers.importing import register_logged as register_logged
    from visloop.app.handlers.judging.assessing import assess as assess
    from visloop.app.handlers.judging.assessing import write_assessment as write_assessment
    from visloop.app.handlers.judging.evaluating import asked_slices as asked_slices
    from visloop.app.handlers.judging.evaluating import judge_champion as judge_champion
    from visloop.app.handlers.judging.evaluating import newest_report_html as newest_report_html
    from visloop.app.handlers.judging.evaluating import report_on as report_on
    from visloop.app.handlers.judging.evaluating import told_report as told_report
    from visloop.app.handlers.judging.evaluating import whole_report as whole_report
    from visloop.app.handlers.judging.evaluating import whole_report_on as whole_report_on
    from visloop.app.handlers.judging.evaluating import write_report as write_report
    from visloop.app.handlers.judging.explaining import encoded_jpeg as encoded_jpeg
    from visloop.app.handlers.judging.explaining import overlay as overlay
    from visloop.app.handlers.judging.explaining import picture_to_explain as picture_to_explain
    from visloop.app.handlers.judging.explaining import told_explanation as told_explanation
    from visloop.app.handlers.judging.explaining import write_explanation as write_explanation
    from visloop.app.handlers.judging.explaining import write_png as write_png
    from visloop.app.handlers.judging.gaining import gain_of as gain_of
    from visloop.app.handlers.judging.gating import (
        require_incidents_tried as require_incidents_tried,
    )
    from visloop.app.handlers.judging.gating import require_policy as require_policy
    from visloop.app.handlers.judging.gating import require_promotable as require_promotable
    from visloop.app.handlers.judging.gating import run_gate as run_gate
    from visloop.app.handlers.judging.gating import told_verdict as told_verdict
    from visloop.app.handlers.judging.gating import verdict_on as verdict_on
    from visloop.app.handlers.judging.gating import whole_verdict_on as whole_verdict_on
    from visloop.app.handlers.judging.gating import write_verdict as write_verdict
    from visloop.app.handlers.judging.governing import Governed as Governed
    from visloop.app.handlers.judging.governing import approve_policy as approve_policy
    from visloop.app.handlers.judging.governing import governed as governed
    from visloop.app.handlers.judging.incidents import add_incident as add_incident
    from visloop.app.handlers.judging.incidents import incident_answers as incident_answers
    from visloop.app.handlers.judging.incidents import told_incident as told_incident
    from visloop.app.handlers.judging.telling import told_assessment as told_assessment
    from visloop.app.handlers.lineage import lineage_of as lineage_of
    from visloop.app.handlers.naming import free_for_data as free_for_data
    from visloop.app.handlers.naming import free_for_model as free_for_model
    from visloop.app.handlers.packaging import export_model as export_model
    from visloop.app.handlers.packaging import import_package as import_package
    from visloop.app.handlers.packaging import is_package as is_package
    from visloop.app.handlers.packaging import signer as signer
    from visloop.app.handlers.packaging import verify_model as verify_model
    from visloop.app.handlers.packaging import write_file as write_file
    from visloop.app.handlers.policies import gate_policy as gate_policy
    from visloop.app.handlers.policies import loop_policy as loop_policy
    from visloop.app.handlers.policies import probing_policy as probing_policy
    from visloop.app.handlers.policies import watch_policy as watch_policy
    from visloop.app.handlers.policies import webhooks as webhooks
    from visloop.app.handlers.predicting.batches import batch_rows as batch_rows
    from visloop.app.handlers.predicting.running import Wanted as Wanted
    from visloop.app.handlers.predicting.running import predict_files as predict_files
    from visloop.app.handlers.proposing import proposals as proposals
    from visloop.app.handlers.relations import OF_DATA as OF_DATA
    from visloop.app.handlers.relations import RELATIONS as RELATIONS
    from visloop.app.handlers.relations import relation as relation
    from visloop.app.handlers.runs.reproduction import plan_reproduction as plan_reproduction
    from visloop.app.handlers.runs.reproduction import reproduce_afresh as reproduce_afresh
    from visloop.app.handlers.runs.reproduction import reproduce_here as reproduce_here
    from visloop.app.handlers.searching import importance_rows as importance_rows
    from visloop.app.handlers.searching import more_hands as more_hands
    from visloop.app.handlers.searching import planned as planned
    from visloop.app.handlers.searching import searched as searched
    from visloop.app.handlers.searching import trial_rows as trial_rows
    from visloop.app.handlers.searchpage import search_page as search_page
    from visloop.app.handlers.serving.rollouts import begin_candidate as begin_candidate
    from visloop.app.handlers.serving.rollouts import deployment_rows as deployment_rows
    from visloop.app.handlers.serving.rollouts import require_candidate as require_candidate
    from visloop.app.handlers.serving.rollouts import rollout_row as rollout_row
    from visloop.app.handlers.sharing import controls_among as controls_among
    from visloop.app.handlers.sharing import people_named as people_named
    from visloop.app.handlers.sharing import question_of as question_of
    from visloop.app.handlers.sharing import samples_asked as samples_asked
    from visloop.app.handlers.sheets import draw_sheet as draw_sheet
    from visloop.app.handlers.tracing import trace as trace
    from visloop.app.handlers.tracking import Comparison as Comparison
    from visloop.app.handlers.tracking import compare_runs as compare_runs
    from visloop.app.handlers.tracking import fetch_artifacts as fetch_artifacts
    from visloop.app.handlers.tracking import keep_files as keep_files
    from visloop.app.handlers.tracking import run_progress as run_progress
    from visloop.app.handlers.tracking import start_of_run as start_of_run
    from visloop.app.handlers.traffic import drifts_of as drifts_of
    from visloop.app.handlers.traffic import exchange as exchange
    from visloop.app.handlers.traffic import frames as frames
    from visloop.app.handlers.upkeep import ROOTS as ROOTS
    from visloop.app.handlers.upkeep import findings as findings
    from visloop.app.handlers.upkeep import originals as originals
    from visloop.app.handlers.upkeep import parts as parts
    from visloop.app.handlers.upkeep import places as places
    from visloop.app.handlers.upkeep import problems as problems
    from visloop.app.handlers.variants import Variant as Variant
    from visloop.app.handlers.variants import export_variant as export_variant
    from visloop.app.handlers.variants import variants_of as variants_of

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "proposing": ("proposals",),
        "relations": ("OF_DATA", "RELATIONS", "relation"),
        "predicting.batches": ("batch_rows",),
        "predicting.running": ("Wanted", "predict_files"),
        "evidence": ("empty_trash", "models_that_need", "needs", "purged"),
        "finding.faults": ("mended", "told_fault"),
        "finding.mapsheet": ("map_rows", "write_map"),
        "importing": ("import_model", "register_logged"),
        "comparison": ("comparison_page",),
        "judging.assessing": ("assess", "write_assessment"),
        "judging.telling": ("told_assessment",),
        "judging.governing": ("Governed", "approve_policy", "governed"),
        "judging.evaluating": (
            "asked_slices",
            "judge_champion",
            "newest_report_html",
            "report_on",
            "told_report",
            "whole_report",
            "whole_report_on",
            "write_report",
        ),
        "judging.incidents": ("add_incident", "incident_answers", "told_incident"),
        "judging.explaining": (
            "encoded_jpeg",
            "overlay",
            "picture_to_explain",
            "told_explanation",
            "write_explanation",
            "write_png",
        ),
        "judging.gaining": ("gain_of",),
        "judging.gating": (
            "require_incidents_tried",
            "require_policy",
            "require_promotable",
            "run_gate",
            "told_verdict",
            "verdict_on",
            "whole_verdict_on",
            "write_verdict",
        ),
        "cards": ("card_of", "card_page"),
        "lineage": ("lineage_of",),
        "packaging": (
            "export_model",
            "import_package",
            "is_package",
            "signer",
            "verify_model",
            "write_file",
        ),
        "naming": ("free_for_data", "free_for_model"),
        "policies": (
            "gate_policy",
            "loop_policy",
            "probing_policy",
            "watch_policy",
            "webhooks",
        ),
        "runs.reproduction": ("plan_reproduction", "reproduce_afresh", "reproduce_here"),
        "searching": ("importance_rows", "more_hands", "planned", "searched", "trial_rows"),
        "searchpage": ("search_page",),
        "sharing": ("controls_among", "people_named", "question_of", "samples_asked"),
        "sheets": ("draw_sheet",),
        "tracing": ("trace",),
        "upkeep": ("ROOTS", "findings", "originals", "parts", "places", "problems"),
        "variants": ("Variant", "export_variant", "variants_of"),
        "tracking": (
            "Comparison",
            "compare_runs",
            "fetch_artifacts",
            "keep_files",
            "run_progress",
            "start_of_run",
        ),
        "serving.rollouts": (
            "begin_candidate",
            "deployment_rows",
            "require_candidate",
            "rollout_row",
        ),
        "traffic": ("drifts_of", "exchange", "frames"),
    },
)
