"""Reports on models, and gates as pure functions over their answers."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.evaluate.assess.case import Case as Case
    from visloop.evaluate.assess.kinds import KINDS as KINDS
    from visloop.evaluate.assess.kinds import asked_of as asked_of
    from visloop.evaluate.assess.kinds import find_kind as find_kind
    from visloop.evaluate.assess.kinds import read_settings as read_settings
    from visloop.evaluate.assess.making import AssessmentNotFound as AssessmentNotFound
    from visloop.evaluate.assess.making import list_assessments as list_assessments
    from visloop.evaluate.assess.making import load_assessment as load_assessment
    from visloop.evaluate.assess.making import make_assessment as make_assessment
    from visloop.evaluate.assess.own.load import LoadSettings as LoadSettings
    from visloop.evaluate.assess.own.load import Machine as Machine
    from visloop.evaluate.assess.records import Assessment as Assessment
    from visloop.evaluate.assess.records import Bound as Bound
    from visloop.evaluate.assess.records import Figure as Figure
    from visloop.evaluate.assess.records import Gathering as Gathering
    from visloop.evaluate.assess.records import Kind as Kind
    from visloop.evaluate.assess.records import NoSettings as NoSettings
    from visloop.evaluate.assess.records import Outcome as Outcome
    from visloop.evaluate.assess.records import Plot as Plot
    from visloop.evaluate.assess.records import Shot as Shot
    from visloop.evaluate.deciding import last_verdict as last_verdict
    from visloop.evaluate.deciding import run_gate as run_gate
    from visloop.evaluate.estimates import wilson as wilson
    from visloop.evaluate.explaining.drawing import overlaid as overlaid
    from visloop.evaluate.explaining.looking import look as look
    from visloop.evaluate.explaining.making import explain as explain
    from visloop.evaluate.explaining.records import METHODS as METHODS
    from visloop.evaluate.explaining.records import ExplainSettings as ExplainSettings
    from visloop.evaluate.explaining.records import Explanation as Explanation
    from visloop.evaluate.explaining.records import Method as Method
    from visloop.evaluate.explaining.records import Saliency as Saliency
    from visloop.evaluate.explaining.subject import NothingToExplain as NothingToExplain
    from visloop.evaluate.explaining.subject import Subject as Subject
    from visloop.evaluate.explaining.worth import deletion as deletion
    from visloop.evaluate.explaining.worth import input_heat as input_heat
    from visloop.evaluate.explaining.worth import insertion as insertion
    from visloop.evaluate.explaining.worth import points_at as points_at
    from visloop.evaluate.explaining.worth import scrambled as scrambled
    from visloop.evaluate.findings.making import FAULTS as FAULTS
    from visloop.evaluate.findings.making import FindingNotFound as FindingNotFound
    from visloop.evaluate.findings.making import Told as Told
    from visloop.evaluate.findings.making import forget_findings as forget_findings
    from visloop.evaluate.findings.making import load_finding as load_finding
    from visloop.evaluate.findings.making import look_for as look_for
    from visloop.evaluate.findings.making import settled as settled
    from visloop.evaluate.findings.records import Fault as Fault
    from visloop.evaluate.findings.records import Finding as Finding
    from visloop.evaluate.findings.records import Found as Found
    from visloop.evaluate.findings.records import Row as Row
    from visloop.evaluate.gate import judge as judge
    from visloop.evaluate.governing import InForce as InForce
    from visloop.evaluate.governing import PolicyNotApproved as PolicyNotApproved
    from visloop.evaluate.governing import PolicySeparation as PolicySeparation
    from visloop.evaluate.governing import approve_policy as approve_policy
    from visloop.evaluate.governing import policy_in_force as policy_in_force
    from visloop.evaluate.governing import require_policy as require_policy
    from visloop.evaluate.incidents.expecting import expectations as expectations
    from visloop.evaluate.incidents.expecting import reviewed as reviewed
    from visloop.evaluate.incidents.holding import told as told
    from visloop.evaluate.incidents.keeping import close_incident as close_incident
    from visloop.evaluate.incidents.keeping import list_incidents as list_incidents
    from visloop.evaluate.incidents.keeping import open_incident as open_incident
    from visloop.evaluate.incidents.keeping import reopen_incident as reopen_incident
    from visloop.evaluate.incidents.keeping import show_incident as show_incident
    from visloop.evaluate.incidents.records import Expected as Expected
    from visloop.evaluate.incidents.records import Held as Held
    from visloop.evaluate.incidents.records import Incident as Incident
    from visloop.evaluate.incidents.records import IncidentConflict as IncidentConflict
    from visloop.evaluate.incidents.records import IncidentNotFound as IncidentNotFound
    from visloop.evaluate.incidents.records import Origin as Origin
    from visloop.evaluate.incidents.records import classes_in as classes_in
    from visloop.evaluate.incidents.trying import try_incidents as try_incidents
    from visloop.evaluate.incidents.trying import untried as untried
    from visloop.evaluate.kept import EVALUATE_ROOTS as EVALUATE_ROOTS
    from visloop.evaluate.kinds.boxes import BoxAnswers as BoxAnswers
    from visloop.evaluate.kinds.every import HEADLINES as HEADLINES
    from visloop.evaluate.kinds.every import AnyAnswers as AnyAnswers
    from visloop.evaluate.kinds.every import score as score
    from visloop.evaluate.kinds.masks import MaskAnswers as MaskAnswers
    from visloop.evaluate.kinds.numbers import NumberAnswers as NumberAnswers
    from visloop.evaluate.learning import SIZES as SIZES
    from visloop.evaluate.learning import Improved as Improved
    from visloop.evaluate.learning import Learnt as Learnt
    from visloop.evaluate.learning import expect as expect
    from visloop.evaluate.policy import Assessed as Assessed
    from visloop.evaluate.policy import BetterThanBaseline as BetterThanBaseline
    from visloop.evaluate.policy import BetterThanChampion as BetterThanChampion
    from visloop.evaluate.policy import GatePolicy as GatePolicy
    from visloop.evaluate.policy import MinSamples as MinSamples
    from visloop.evaluate.policy import PolicyCheck as PolicyCheck
    from visloop.evaluate.policy import Threshold as Threshold
    from visloop.evaluate.ports import EvaluatePorts as EvaluatePorts
    from visloop.evaluate.querying import judged as judged
    from visloop.evaluate.querying import reports_relation as reports_relation
    from visloop.evaluate.records import Answers as Answers
    from visloop.evaluate.records import Calibrated as Calibrated
    from visloop.evaluate.records import Check as Check
    from visloop.evaluate.records import ClassReport as ClassReport
    from visloop.evaluate.records import Report as Report
    from visloop.evaluate.records import Scores as Scores
    from visloop.evaluate.records import Verdict as Verdict
    from visloop.evaluate.reporting import ReportNotFound as ReportNotFound
    from visloop.evaluate.reporting import evaluate as evaluate
    from visloop.evaluate.reporting import list_reports as list_reports
    from visloop.evaluate.reporting import load_answers as load_answers
    from visloop.evaluate.reporting import load_report as load_report
    from visloop.evaluate.reporting import load_study as load_study
    from visloop.evaluate.reporting import slices_of as slices_of
    from visloop.evaluate.showing.assessed import assessment_page as assessment_page
    from visloop.evaluate.showing.page import report_page as report_page
    from visloop.evaluate.showing.style import POLICY as POLICY
    from visloop.evaluate.showing.style import STYLE as STYLE
    from visloop.evaluate.showing.verdict import verdict_page as verdict_page
    from visloop.evaluate.study.beside import Beside as Beside
    from visloop.evaluate.study.beside import Goal as Goal
    from visloop.evaluate.study.beside import beside_champion as beside_champion
    from visloop.evaluate.study.beside import beside_goals as beside_goals
    from visloop.evaluate.study.beside import beside_simplest as beside_simplest
    from visloop.evaluate.study.records import Confused as Confused
    from visloop.evaluate.study.records import ErrorType as ErrorType
    from visloop.evaluate.study.records import Picture as Picture
    from visloop.evaluate.study.records import PrecisionRecall as PrecisionRecall
    from visloop.evaluate.study.records import Slice as Slice
    from visloop.evaluate.study.records import Study as Study
    from visloop.evaluate.variants import Sides as Sides
    from visloop.evaluate.variants import VariantReport as VariantReport
    from visloop.evaluate.variants import judge_variant as judge_variant

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "assess.case": ("Case",),
        "assess.kinds": ("KINDS", "asked_of", "find_kind", "read_settings"),
        "assess.making": (
            "AssessmentNotFound",
            "make_assessment",
            "list_assessments",
            "load_assessment",
        ),
        "assess.own.load": ("LoadSettings", "Machine"),
        "assess.records": (
            "Assessment",
            "Bound",
            "Figure",
            "Gathering",
            "Kind",
            "NoSettings",
            "Outcome",
            "Plot",
            "Shot",
        ),
        "findings.making": (
            "FAULTS",
            "FindingNotFound",
            "Told",
            "forget_findings",
            "load_finding",
            "look_for",
            "settled",
        ),
        "findings.records": ("Fault", "Finding", "Found", "Row"),
        "incidents.expecting": ("expectations", "reviewed"),
        "incidents.holding": ("told",),
        "incidents.keeping": (
            "close_incident",
            "list_incidents",
            "open_incident",
            "reopen_incident",
            "show_incident",
        ),
        "incidents.records": (
            "Expected",
            "Held",
            "Incident",
            "IncidentConflict",
            "IncidentNotFound",
            "Origin",
            "classes_in",
        ),
        "incidents.trying": ("try_incidents", "untried"),
        "kept": ("EVALUATE_ROOTS",),
        "querying": ("judged", "reports_relation"),
        "deciding": ("last_verdict", "run_gate"),
        "estimates": ("wilson",),
        "explaining.drawing": ("overlaid",),
        "explaining.looking": ("look",),
        "explaining.making": ("explain",),
        "explaining.records": (
            "METHODS",
            "ExplainSettings",
            "Explanation",
            "Method",
            "Saliency",
        ),
        "explaining.worth": ("deletion", "input_heat", "insertion", "points_at", "scrambled"),
        "explaining.subject": ("NothingToExplain", "Subject"),
        "gate": ("judge",),
        "governing": (
            "InForce",
            "PolicyNotApproved",
            "PolicySeparation",
            "approve_policy",
            "policy_in_force",
            "require_policy",
        ),
        "learning": ("SIZES", "Improved", "Learnt", "expect"),
        "policy": (
            "Assessed",
            "BetterThanBaseline",
            "BetterThanChampion",
            "GatePolicy",
            "MinSamples",
            "PolicyCheck",
            "Threshold",
        ),
        "ports": ("EvaluatePorts",),
        "records": (
            "Answers",
            "Calibrated",
            "Check",
            "ClassReport",
            "Report",
            "Scores",
            "Verdict",
        ),
        "reporting": (
            "ReportNotFound",
            "evaluate",
            "list_reports",
            "load_answers",
            "load_report",
            "load_study",
            "slices_of",
        ),
        "kinds.boxes": ("BoxAnswers",),
        "kinds.every": ("HEADLINES", "AnyAnswers", "score"),
        "kinds.masks": ("MaskAnswers",),
        "kinds.numbers": ("NumberAnswers",),
        "showing.assessed": ("assessment_page",),
        "showing.page": ("report_page",),
        "showing.verdict": ("verdict_page",),
        "showing.style": ("POLICY", "STYLE"),
        "study.beside": (
            "Beside",
            "Goal",
            "beside_champion",
            "beside_goals",
            "beside_simplest",
        ),
        "study.records": (
            "Confused",
            "ErrorType",
            "Picture",
            "PrecisionRecall",
            "Slice",
            "Study",
        ),
        "variants": ("Sides", "VariantReport", "judge_variant"),
    },
)
