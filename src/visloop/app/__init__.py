"""One typed operation per verb, with request and answer; and the workspace itself."""

# written by tools/doors.py: `make docs`
from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.app.catalogue import OPERATIONS as OPERATIONS
    from visloop.app.cutouts import Cutouts as Cutouts
    from visloop.app.groups import GROUPS as GROUPS
    from visloop.app.groups import SECTIONS as SECTIONS
    from visloop.app.groups import nearest as nearest
    from visloop.app.groups import usage_error as usage_error
    from visloop.app.handlers.relations import askable as askable
    from visloop.app.keeping import about as about
    from visloop.app.keeping import artifact_bytes as artifact_bytes
    from visloop.app.keeping import authorise as authorise
    from visloop.app.keeping import code_diff as code_diff
    from visloop.app.keeping import environment_file as environment_file
    from visloop.app.keeping import keep_artifact as keep_artifact
    from visloop.app.keeping import model_folder as model_folder
    from visloop.app.keeping import name_model as name_model
    from visloop.app.keeping import register_logged as register_logged
    from visloop.app.keeping import report_html as report_html
    from visloop.app.media import answered_thumbnail as answered_thumbnail
    from visloop.app.media import image_bytes as image_bytes
    from visloop.app.media import thumbnail as thumbnail
    from visloop.app.names import NAMES as NAMES
    from visloop.app.operation import Operation as Operation
    from visloop.app.operation import Parameter as Parameter
    from visloop.app.operation import parameters as parameters
    from visloop.app.ports import Ports as Ports
    from visloop.app.ports import with_progress as with_progress
    from visloop.app.pushing import push as push
    from visloop.app.pushing import push_missing as push_missing
    from visloop.app.pushing import upload_begin as upload_begin
    from visloop.app.pushing import upload_find as upload_find
    from visloop.app.pushing import upload_taken as upload_taken
    from visloop.app.pushing import uploads_settle as uploads_settle
    from visloop.app.rows import Count as Count
    from visloop.app.rows import Rows as Rows
    from visloop.app.running import execute as execute
    from visloop.app.running import exit_code_of as exit_code_of
    from visloop.app.schema import HEAD as HEAD
    from visloop.app.schema import upgrade as upgrade
    from visloop.app.verbs.cameras import CameraAdd as CameraAdd
    from visloop.app.verbs.cameras import CameraAlign as CameraAlign
    from visloop.app.verbs.cameras import CameraAligned as CameraAligned
    from visloop.app.verbs.cameras import CameraAnswer as CameraAnswer
    from visloop.app.verbs.cameras import CameraApply as CameraApply
    from visloop.app.verbs.cameras import CameraList as CameraList
    from visloop.app.verbs.cameras import CameraRemove as CameraRemove
    from visloop.app.verbs.cameras import CameraSet as CameraSet
    from visloop.app.verbs.cameras import CameraShow as CameraShow
    from visloop.app.verbs.cameras import camera_add as camera_add
    from visloop.app.verbs.cameras import camera_align as camera_align
    from visloop.app.verbs.cameras import camera_apply as camera_apply
    from visloop.app.verbs.cameras import camera_list as camera_list
    from visloop.app.verbs.cameras import camera_remove as camera_remove
    from visloop.app.verbs.cameras import camera_set as camera_set
    from visloop.app.verbs.cameras import camera_show as camera_show
    from visloop.app.verbs.classes import ClassesAdd as ClassesAdd
    from visloop.app.verbs.classes import ClassesAlias as ClassesAlias
    from visloop.app.verbs.classes import ClassesExport as ClassesExport
    from visloop.app.verbs.classes import ClassesImport as ClassesImport
    from visloop.app.verbs.classes import ClassesList as ClassesList
    from visloop.app.verbs.classes import ClassesRemove as ClassesRemove
    from visloop.app.verbs.classes import ClassesSet as ClassesSet
    from visloop.app.verbs.classes import ClassesShow as ClassesShow
    from visloop.app.verbs.classes import ExportedClasses as ExportedClasses
    from visloop.app.verbs.classes import ImportedClasses as ImportedClasses
    from visloop.app.verbs.classes import OneClass as OneClass
    from visloop.app.verbs.classes import classes_add as classes_add
    from visloop.app.verbs.classes import classes_alias as classes_alias
    from visloop.app.verbs.classes import classes_export as classes_export
    from visloop.app.verbs.classes import classes_import as classes_import
    from visloop.app.verbs.classes import classes_list as classes_list
    from visloop.app.verbs.classes import classes_remove as classes_remove
    from visloop.app.verbs.classes import classes_set as classes_set
    from visloop.app.verbs.classes import classes_show as classes_show
    from visloop.app.verbs.comparing import Blame as Blame
    from visloop.app.verbs.comparing import Diff as Diff
    from visloop.app.verbs.comparing import DiffAnswer as DiffAnswer
    from visloop.app.verbs.comparing import blame as blame
    from visloop.app.verbs.comparing import diff as diff
    from visloop.app.verbs.datasets import Commit as Commit
    from visloop.app.verbs.datasets import Committed as Committed
    from visloop.app.verbs.datasets import Datasets as Datasets
    from visloop.app.verbs.datasets import Export as Export
    from visloop.app.verbs.datasets import Exported as Exported
    from visloop.app.verbs.datasets import Log as Log
    from visloop.app.verbs.datasets import Remove as Remove
    from visloop.app.verbs.datasets import SamplePage as SamplePage
    from visloop.app.verbs.datasets import Samples as Samples
    from visloop.app.verbs.datasets import Split as Split
    from visloop.app.verbs.datasets import SplitAnswer as SplitAnswer
    from visloop.app.verbs.datasets import Status as Status
    from visloop.app.verbs.datasets import Unstage as Unstage
    from visloop.app.verbs.datasets import commit as commit
    from visloop.app.verbs.datasets import datasets as datasets
    from visloop.app.verbs.datasets import export as export
    from visloop.app.verbs.datasets import log as log
    from visloop.app.verbs.datasets import remove as remove
    from visloop.app.verbs.datasets import samples as samples
    from visloop.app.verbs.datasets import split as split
    from visloop.app.verbs.datasets import status as status
    from visloop.app.verbs.datasets import unstage as unstage
    from visloop.app.verbs.finding.changing import Bulk as Bulk
    from visloop.app.verbs.finding.changing import BulkAnswer as BulkAnswer
    from visloop.app.verbs.finding.changing import BulkList as BulkList
    from visloop.app.verbs.finding.changing import BulkUndo as BulkUndo
    from visloop.app.verbs.finding.changing import Pick as Pick
    from visloop.app.verbs.finding.changing import PickAnswer as PickAnswer
    from visloop.app.verbs.finding.changing import bulk as bulk
    from visloop.app.verbs.finding.changing import bulk_list as bulk_list
    from visloop.app.verbs.finding.changing import bulk_undo as bulk_undo
    from visloop.app.verbs.finding.changing import pick as pick
    from visloop.app.verbs.finding.faults import Findings as Findings
    from visloop.app.verbs.finding.faults import FindingsAnswer as FindingsAnswer
    from visloop.app.verbs.finding.faults import findings as findings
    from visloop.app.verbs.finding.mapping import Map as Map
    from visloop.app.verbs.finding.mapping import MapAnswer as MapAnswer
    from visloop.app.verbs.finding.mapping import MapPoints as MapPoints
    from visloop.app.verbs.finding.mapping import PointsAnswer as PointsAnswer
    from visloop.app.verbs.finding.mapping import map_ as map_
    from visloop.app.verbs.finding.mapping import map_points as map_points
    from visloop.app.verbs.finding.searching import Search as Search
    from visloop.app.verbs.finding.searching import SearchAnswer as SearchAnswer
    from visloop.app.verbs.finding.searching import search as search
    from visloop.app.verbs.formats import FormatLine as FormatLine
    from visloop.app.verbs.formats import Formats as Formats
    from visloop.app.verbs.formats import formats as formats
    from visloop.app.verbs.history import Branch as Branch
    from visloop.app.verbs.history import BranchAnswer as BranchAnswer
    from visloop.app.verbs.history import BranchList as BranchList
    from visloop.app.verbs.history import BranchRemove as BranchRemove
    from visloop.app.verbs.history import Checkout as Checkout
    from visloop.app.verbs.history import CheckoutAnswer as CheckoutAnswer
    from visloop.app.verbs.history import Switch as Switch
    from visloop.app.verbs.history import Tag as Tag
    from visloop.app.verbs.history import Tagged as Tagged
    from visloop.app.verbs.history import TagList as TagList
    from visloop.app.verbs.history import TagRemove as TagRemove
    from visloop.app.verbs.history import branch as branch
    from visloop.app.verbs.history import branch_list as branch_list
    from visloop.app.verbs.history import branch_remove as branch_remove
    from visloop.app.verbs.history import checkout as checkout
    from visloop.app.verbs.history import switch as switch
    from visloop.app.verbs.history import tag as tag
    from visloop.app.verbs.history import tag_list as tag_list
    from visloop.app.verbs.history import tag_remove as tag_remove
    from visloop.app.verbs.intake import Add as Add
    from visloop.app.verbs.intake import AddAnswer as AddAnswer
    from visloop.app.verbs.intake import QuarantineList as QuarantineList
    from visloop.app.verbs.intake import QuarantineRemove as QuarantineRemove
    from visloop.app.verbs.intake import QuarantineRetry as QuarantineRetry
    from visloop.app.verbs.intake import add as add
    from visloop.app.verbs.intake import quarantine_list as quarantine_list
    from visloop.app.verbs.intake import quarantine_remove as quarantine_remove
    from visloop.app.verbs.intake import quarantine_retry as quarantine_retry
    from visloop.app.verbs.judging.assessing import Assess as Assess
    from visloop.app.verbs.judging.assessing import Assessed as Assessed
    from visloop.app.verbs.judging.assessing import assess as assess
    from visloop.app.verbs.judging.evaluating import Evaluate as Evaluate
    from visloop.app.verbs.judging.evaluating import Evaluated as Evaluated
    from visloop.app.verbs.judging.evaluating import evaluate as evaluate
    from visloop.app.verbs.judging.explaining import Explain as Explain
    from visloop.app.verbs.judging.explaining import Explained as Explained
    from visloop.app.verbs.judging.explaining import explain as explain
    from visloop.app.verbs.judging.gating import Gate as Gate
    from visloop.app.verbs.judging.gating import Gated as Gated
    from visloop.app.verbs.judging.gating import PolicyApprove as PolicyApprove
    from visloop.app.verbs.judging.gating import PolicyChanges as PolicyChanges
    from visloop.app.verbs.judging.gating import PolicyDiff as PolicyDiff
    from visloop.app.verbs.judging.gating import PolicyShow as PolicyShow
    from visloop.app.verbs.judging.gating import PolicyShown as PolicyShown
    from visloop.app.verbs.judging.gating import gate as gate
    from visloop.app.verbs.judging.gating import policy_approve as policy_approve
    from visloop.app.verbs.judging.gating import policy_diff as policy_diff
    from visloop.app.verbs.judging.gating import policy_show as policy_show
    from visloop.app.verbs.judging.incidents import IncidentAdd as IncidentAdd
    from visloop.app.verbs.judging.incidents import IncidentAdded as IncidentAdded
    from visloop.app.verbs.judging.incidents import IncidentAnswer as IncidentAnswer
    from visloop.app.verbs.judging.incidents import IncidentClose as IncidentClose
    from visloop.app.verbs.judging.incidents import IncidentList as IncidentList
    from visloop.app.verbs.judging.incidents import IncidentReopen as IncidentReopen
    from visloop.app.verbs.judging.incidents import IncidentShow as IncidentShow
    from visloop.app.verbs.judging.incidents import incident_add as incident_add
    from visloop.app.verbs.judging.incidents import incident_close as incident_close
    from visloop.app.verbs.judging.incidents import incident_list as incident_list
    from visloop.app.verbs.judging.incidents import incident_reopen as incident_reopen
    from visloop.app.verbs.judging.incidents import incident_show as incident_show
    from visloop.app.verbs.labelling.agreeing import Agreed as Agreed
    from visloop.app.verbs.labelling.agreeing import LabelAgreement as LabelAgreement
    from visloop.app.verbs.labelling.agreeing import LabelPeople as LabelPeople
    from visloop.app.verbs.labelling.agreeing import label_agreement as label_agreement
    from visloop.app.verbs.labelling.agreeing import label_people as label_people
    from visloop.app.verbs.labelling.doubting import LabelDoubt as LabelDoubt
    from visloop.app.verbs.labelling.doubting import LabelsDoubted as LabelsDoubted
    from visloop.app.verbs.labelling.doubting import label_doubt as label_doubt
    from visloop.app.verbs.labelling.editing import EditedSample as EditedSample
    from visloop.app.verbs.labelling.editing import FilmTracks as FilmTracks
    from visloop.app.verbs.labelling.editing import LabelEdit as LabelEdit
    from visloop.app.verbs.labelling.editing import LabelOpen as LabelOpen
    from visloop.app.verbs.labelling.editing import LabelPropose as LabelPropose
    from visloop.app.verbs.labelling.editing import LabelTrack as LabelTrack
    from visloop.app.verbs.labelling.editing import OpenSample as OpenSample
    from visloop.app.verbs.labelling.editing import Proposals as Proposals
    from visloop.app.verbs.labelling.editing import label_edit as label_edit
    from visloop.app.verbs.labelling.editing import label_open as label_open
    from visloop.app.verbs.labelling.editing import label_propose as label_propose
    from visloop.app.verbs.labelling.editing import label_track as label_track
    from visloop.app.verbs.labelling.expecting import Gained as Gained
    from visloop.app.verbs.labelling.expecting import LabelGain as LabelGain
    from visloop.app.verbs.labelling.expecting import LabelProgress as LabelProgress
    from visloop.app.verbs.labelling.expecting import Progressed as Progressed
    from visloop.app.verbs.labelling.expecting import label_gain as label_gain
    from visloop.app.verbs.labelling.expecting import label_progress as label_progress
    from visloop.app.verbs.labelling.sharing import LabelAssign as LabelAssign
    from visloop.app.verbs.labelling.sharing import LabelAssigned as LabelAssigned
    from visloop.app.verbs.labelling.sharing import LabelBack as LabelBack
    from visloop.app.verbs.labelling.sharing import LabelQueue as LabelQueue
    from visloop.app.verbs.labelling.sharing import LabelUnassign as LabelUnassign
    from visloop.app.verbs.labelling.sharing import LabelUnassigned as LabelUnassigned
    from visloop.app.verbs.labelling.sharing import label_assign as label_assign
    from visloop.app.verbs.labelling.sharing import label_back as label_back
    from visloop.app.verbs.labelling.sharing import label_queue as label_queue
    from visloop.app.verbs.labelling.sharing import label_unassign as label_unassign
    from visloop.app.verbs.lines import DemoImages as DemoImages
    from visloop.app.verbs.lines import DemoStream as DemoStream
    from visloop.app.verbs.lines import DemoVideo as DemoVideo
    from visloop.app.verbs.lines import DemoWritten as DemoWritten
    from visloop.app.verbs.lines import Streamed as Streamed
    from visloop.app.verbs.lines import demo_images as demo_images
    from visloop.app.verbs.lines import demo_stream as demo_stream
    from visloop.app.verbs.lines import demo_video as demo_video
    from visloop.app.verbs.looping import LoopAnswer as LoopAnswer
    from visloop.app.verbs.looping import LoopBusy as LoopBusy
    from visloop.app.verbs.looping import LoopShow as LoopShow
    from visloop.app.verbs.looping import LoopStart as LoopStart
    from visloop.app.verbs.looping import LoopStep as LoopStep
    from visloop.app.verbs.looping import LoopStepped as LoopStepped
    from visloop.app.verbs.looping import LoopStop as LoopStop
    from visloop.app.verbs.looping import loop_start as loop_start
    from visloop.app.verbs.looping import loop_status as loop_status
    from visloop.app.verbs.looping import loop_step as loop_step
    from visloop.app.verbs.looping import loop_stop as loop_stop
    from visloop.app.verbs.merging import Merge as Merge
    from visloop.app.verbs.merging import MergeAbort as MergeAbort
    from visloop.app.verbs.merging import MergeAnswer as MergeAnswer
    from visloop.app.verbs.merging import MergeFinish as MergeFinish
    from visloop.app.verbs.merging import MergeResolve as MergeResolve
    from visloop.app.verbs.merging import MergeShow as MergeShow
    from visloop.app.verbs.merging import MergeShown as MergeShown
    from visloop.app.verbs.merging import MergeStatus as MergeStatus
    from visloop.app.verbs.merging import Revert as Revert
    from visloop.app.verbs.merging import merge as merge
    from visloop.app.verbs.merging import merge_abort as merge_abort
    from visloop.app.verbs.merging import merge_finish as merge_finish
    from visloop.app.verbs.merging import merge_resolve as merge_resolve
    from visloop.app.verbs.merging import merge_show as merge_show
    from visloop.app.verbs.merging import merge_status as merge_status
    from visloop.app.verbs.merging import revert as revert
    from visloop.app.verbs.metadata import MetaChanged as MetaChanged
    from visloop.app.verbs.metadata import MetaFieldAdd as MetaFieldAdd
    from visloop.app.verbs.metadata import MetaFieldList as MetaFieldList
    from visloop.app.verbs.metadata import MetaFieldRemove as MetaFieldRemove
    from visloop.app.verbs.metadata import MetaFieldRename as MetaFieldRename
    from visloop.app.verbs.metadata import MetaFields as MetaFields
    from visloop.app.verbs.metadata import MetaImport as MetaImport
    from visloop.app.verbs.metadata import MetaImported as MetaImported
    from visloop.app.verbs.metadata import MetaSet as MetaSet
    from visloop.app.verbs.metadata import MetaShow as MetaShow
    from visloop.app.verbs.metadata import meta_field_add as meta_field_add
    from visloop.app.verbs.metadata import meta_field_list as meta_field_list
    from visloop.app.verbs.metadata import meta_field_remove as meta_field_remove
    from visloop.app.verbs.metadata import meta_field_rename as meta_field_rename
    from visloop.app.verbs.metadata import meta_fields as meta_fields
    from visloop.app.verbs.metadata import meta_import as meta_import
    from visloop.app.verbs.metadata import meta_set as meta_set
    from visloop.app.verbs.metadata import meta_show as meta_show
    from visloop.app.verbs.models import ModelAlias as ModelAlias
    from visloop.app.verbs.models import ModelAnswer as ModelAnswer
    from visloop.app.verbs.models import ModelApprove as ModelApprove
    from visloop.app.verbs.models import ModelDecision as ModelDecision
    from visloop.app.verbs.models import ModelImport as ModelImport
    from visloop.app.verbs.models import ModelImported as ModelImported
    from visloop.app.verbs.models import ModelPromote as ModelPromote
    from visloop.app.verbs.models import ModelReject as ModelReject
    from visloop.app.verbs.models import ModelRollback as ModelRollback
    from visloop.app.verbs.models import Models as Models
    from visloop.app.verbs.models import ModelShow as ModelShow
    from visloop.app.verbs.models import Promoted as Promoted
    from visloop.app.verbs.models import model_alias as model_alias
    from visloop.app.verbs.models import model_approve as model_approve
    from visloop.app.verbs.models import model_import as model_import
    from visloop.app.verbs.models import model_promote as model_promote
    from visloop.app.verbs.models import model_reject as model_reject
    from visloop.app.verbs.models import model_rollback as model_rollback
    from visloop.app.verbs.models import model_show as model_show
    from visloop.app.verbs.models import models as models
    from visloop.app.verbs.project import Audit as Audit
    from visloop.app.verbs.project import Audited as Audited
    from visloop.app.verbs.project import FactList as FactList
    from visloop.app.verbs.project import Facts as Facts
    from visloop.app.verbs.project import Trace as Trace
    from visloop.app.verbs.project import Traced as Traced
    from visloop.app.verbs.project import audit as audit
    from visloop.app.verbs.project import facts as facts
    from visloop.app.verbs.project import trace as trace
    from visloop.app.verbs.querying import Complete as Complete
    from visloop.app.verbs.querying import Completed as Completed
    from visloop.app.verbs.querying import Query as Query
    from visloop.app.verbs.querying import QueryAnswer as QueryAnswer
    from visloop.app.verbs.querying import ViewList as ViewList
    from visloop.app.verbs.querying import ViewRemove as ViewRemove
    from visloop.app.verbs.querying import ViewSave as ViewSave
    from visloop.app.verbs.querying import asked_of as asked_of
    from visloop.app.verbs.querying import complete as complete
    from visloop.app.verbs.querying import query as query
    from visloop.app.verbs.querying import view_list as view_list
    from visloop.app.verbs.querying import view_remove as view_remove
    from visloop.app.verbs.querying import view_save as view_save
    from visloop.app.verbs.refactoring import ClassesMerge as ClassesMerge
    from visloop.app.verbs.refactoring import ClassesRename as ClassesRename
    from visloop.app.verbs.refactoring import ClassesSplit as ClassesSplit
    from visloop.app.verbs.refactoring import Refactored as Refactored
    from visloop.app.verbs.refactoring import classes_merge as classes_merge
    from visloop.app.verbs.refactoring import classes_rename as classes_rename
    from visloop.app.verbs.refactoring import classes_split as classes_split
    from visloop.app.verbs.registry.cards import Card as Card
    from visloop.app.verbs.registry.cards import ModelCard as ModelCard
    from visloop.app.verbs.registry.cards import model_card as model_card
    from visloop.app.verbs.registry.packages import ModelExport as ModelExport
    from visloop.app.verbs.registry.packages import ModelExported as ModelExported
    from visloop.app.verbs.registry.packages import ModelKey as ModelKey
    from visloop.app.verbs.registry.packages import ModelVerified as ModelVerified
    from visloop.app.verbs.registry.packages import ModelVerify as ModelVerify
    from visloop.app.verbs.registry.packages import SigningKey as SigningKey
    from visloop.app.verbs.registry.packages import model_export as model_export
    from visloop.app.verbs.registry.packages import model_key as model_key
    from visloop.app.verbs.registry.packages import model_verify as model_verify
    from visloop.app.verbs.registry.shelving import ModelArchive as ModelArchive
    from visloop.app.verbs.registry.shelving import Shelved as Shelved
    from visloop.app.verbs.registry.shelving import model_archive as model_archive
    from visloop.app.verbs.rollouts import RolloutEnded as RolloutEnded
    from visloop.app.verbs.rollouts import RolloutPromote as RolloutPromote
    from visloop.app.verbs.rollouts import RolloutShow as RolloutShow
    from visloop.app.verbs.rollouts import RolloutStop as RolloutStop
    from visloop.app.verbs.rollouts import rollout_promote as rollout_promote
    from visloop.app.verbs.rollouts import rollout_show as rollout_show
    from visloop.app.verbs.rollouts import rollout_stop as rollout_stop
    from visloop.app.verbs.runs.exchanging import ModelPush as ModelPush
    from visloop.app.verbs.runs.exchanging import ModelPushed as ModelPushed
    from visloop.app.verbs.runs.exchanging import RunExported as RunExported
    from visloop.app.verbs.runs.exchanging import RunsExport as RunsExport
    from visloop.app.verbs.runs.exchanging import RunsImport as RunsImport
    from visloop.app.verbs.runs.exchanging import RunsPush as RunsPush
    from visloop.app.verbs.runs.exchanging import model_push as model_push
    from visloop.app.verbs.runs.exchanging import runs_export as runs_export
    from visloop.app.verbs.runs.exchanging import runs_import as runs_import
    from visloop.app.verbs.runs.exchanging import runs_push as runs_push
    from visloop.app.verbs.runs.looking import RunAnswer as RunAnswer
    from visloop.app.verbs.runs.looking import RunRows as RunRows
    from visloop.app.verbs.runs.looking import RunsArtifacts as RunsArtifacts
    from visloop.app.verbs.runs.looking import RunsCompare as RunsCompare
    from visloop.app.verbs.runs.looking import RunsCompared as RunsCompared
    from visloop.app.verbs.runs.looking import RunsCurves as RunsCurves
    from visloop.app.verbs.runs.looking import RunsExperiments as RunsExperiments
    from visloop.app.verbs.runs.looking import RunsFetch as RunsFetch
    from visloop.app.verbs.runs.looking import RunsList as RunsList
    from visloop.app.verbs.runs.looking import RunsShow as RunsShow
    from visloop.app.verbs.runs.looking import runs_artifacts as runs_artifacts
    from visloop.app.verbs.runs.looking import runs_compare as runs_compare
    from visloop.app.verbs.runs.looking import runs_curves as runs_curves
    from visloop.app.verbs.runs.looking import runs_experiments as runs_experiments
    from visloop.app.verbs.runs.looking import runs_fetch as runs_fetch
    from visloop.app.verbs.runs.looking import runs_list as runs_list
    from visloop.app.verbs.runs.looking import runs_show as runs_show
    from visloop.app.verbs.runs.repeating import Reproduce as Reproduce
    from visloop.app.verbs.runs.repeating import Reproduced as Reproduced
    from visloop.app.verbs.runs.repeating import ReproducedDifference as ReproducedDifference
    from visloop.app.verbs.runs.repeating import RunsClone as RunsClone
    from visloop.app.verbs.runs.repeating import RunsCloned as RunsCloned
    from visloop.app.verbs.runs.repeating import reproduce as reproduce
    from visloop.app.verbs.runs.repeating import runs_clone as runs_clone
    from visloop.app.verbs.runs.reporting import RunLogged as RunLogged
    from visloop.app.verbs.runs.reporting import RunNamed as RunNamed
    from visloop.app.verbs.runs.reporting import RunNoted as RunNoted
    from visloop.app.verbs.runs.reporting import RunsEnd as RunsEnd
    from visloop.app.verbs.runs.reporting import RunsLog as RunsLog
    from visloop.app.verbs.runs.reporting import RunsNote as RunsNote
    from visloop.app.verbs.runs.reporting import RunsRemove as RunsRemove
    from visloop.app.verbs.runs.reporting import RunsSave as RunsSave
    from visloop.app.verbs.runs.reporting import RunsStart as RunsStart
    from visloop.app.verbs.runs.reporting import runs_end as runs_end
    from visloop.app.verbs.runs.reporting import runs_log as runs_log
    from visloop.app.verbs.runs.reporting import runs_note as runs_note
    from visloop.app.verbs.runs.reporting import runs_remove as runs_remove
    from visloop.app.verbs.runs.reporting import runs_save as runs_save
    from visloop.app.verbs.runs.reporting import runs_start as runs_start
    from visloop.app.verbs.runs.training import Resumed as Resumed
    from visloop.app.verbs.runs.training import RunsResume as RunsResume
    from visloop.app.verbs.runs.training import Train as Train
    from visloop.app.verbs.runs.training import Trained as Trained
    from visloop.app.verbs.runs.training import runs_resume as runs_resume
    from visloop.app.verbs.runs.training import train as train
    from visloop.app.verbs.runs.tuning import Tune as Tune
    from visloop.app.verbs.runs.tuning import TuneAnswer as TuneAnswer
    from visloop.app.verbs.runs.tuning import Tuned as Tuned
    from visloop.app.verbs.runs.tuning import TuneJoin as TuneJoin
    from visloop.app.verbs.runs.tuning import TuneJoined as TuneJoined
    from visloop.app.verbs.runs.tuning import TuneResume as TuneResume
    from visloop.app.verbs.runs.tuning import TuneShow as TuneShow
    from visloop.app.verbs.runs.tuning import tune as tune
    from visloop.app.verbs.runs.tuning import tune_join as tune_join
    from visloop.app.verbs.runs.tuning import tune_resume as tune_resume
    from visloop.app.verbs.runs.tuning import tune_show as tune_show
    from visloop.app.verbs.serving import Batches as Batches
    from visloop.app.verbs.serving import Deploy as Deploy
    from visloop.app.verbs.serving import Deployed as Deployed
    from visloop.app.verbs.serving import Deployments as Deployments
    from visloop.app.verbs.serving import Predict as Predict
    from visloop.app.verbs.serving import Predicted as Predicted
    from visloop.app.verbs.serving import Predictions as Predictions
    from visloop.app.verbs.serving import Rollback as Rollback
    from visloop.app.verbs.serving import batches as batches
    from visloop.app.verbs.serving import deploy as deploy
    from visloop.app.verbs.serving import deployments as deployments
    from visloop.app.verbs.serving import predict as predict
    from visloop.app.verbs.serving import predictions as predictions
    from visloop.app.verbs.serving import rollback as rollback
    from visloop.app.verbs.streams import Watch as Watch
    from visloop.app.verbs.streams import WatchAnswer as WatchAnswer
    from visloop.app.verbs.streams import watch as watch
    from visloop.app.verbs.upkeep.collecting import Gc as Gc
    from visloop.app.verbs.upkeep.collecting import GcAnswer as GcAnswer
    from visloop.app.verbs.upkeep.collecting import Storage as Storage
    from visloop.app.verbs.upkeep.collecting import StorageAnswer as StorageAnswer
    from visloop.app.verbs.upkeep.collecting import StoragePart as StoragePart
    from visloop.app.verbs.upkeep.collecting import StoragePlace as StoragePlace
    from visloop.app.verbs.upkeep.collecting import gc as gc
    from visloop.app.verbs.upkeep.collecting import storage as storage
    from visloop.app.verbs.upkeep.keys import KeyAdd as KeyAdd
    from visloop.app.verbs.upkeep.keys import KeyAdded as KeyAdded
    from visloop.app.verbs.upkeep.keys import KeyList as KeyList
    from visloop.app.verbs.upkeep.keys import KeyRemove as KeyRemove
    from visloop.app.verbs.upkeep.keys import KeyRemoved as KeyRemoved
    from visloop.app.verbs.upkeep.keys import key_add as key_add
    from visloop.app.verbs.upkeep.keys import key_list as key_list
    from visloop.app.verbs.upkeep.keys import key_remove as key_remove
    from visloop.app.verbs.upkeep.people import Me as Me
    from visloop.app.verbs.upkeep.people import UserAdd as UserAdd
    from visloop.app.verbs.upkeep.people import UserAdded as UserAdded
    from visloop.app.verbs.upkeep.people import UserList as UserList
    from visloop.app.verbs.upkeep.people import UserMe as UserMe
    from visloop.app.verbs.upkeep.people import UserRemove as UserRemove
    from visloop.app.verbs.upkeep.people import UserRemoved as UserRemoved
    from visloop.app.verbs.upkeep.people import user_add as user_add
    from visloop.app.verbs.upkeep.people import user_list as user_list
    from visloop.app.verbs.upkeep.people import user_me as user_me
    from visloop.app.verbs.upkeep.people import user_remove as user_remove
    from visloop.app.verbs.upkeep.removing import DatasetNeeded as DatasetNeeded
    from visloop.app.verbs.upkeep.removing import DatasetsPurge as DatasetsPurge
    from visloop.app.verbs.upkeep.removing import DatasetsRemove as DatasetsRemove
    from visloop.app.verbs.upkeep.removing import DatasetsRestore as DatasetsRestore
    from visloop.app.verbs.upkeep.removing import DatasetsTrash as DatasetsTrash
    from visloop.app.verbs.upkeep.removing import RemovedDataset as RemovedDataset
    from visloop.app.verbs.upkeep.removing import datasets_purge as datasets_purge
    from visloop.app.verbs.upkeep.removing import datasets_remove as datasets_remove
    from visloop.app.verbs.upkeep.removing import datasets_restore as datasets_restore
    from visloop.app.verbs.upkeep.removing import datasets_trash as datasets_trash
    from visloop.app.verbs.upkeep.verifying import Verify as Verify
    from visloop.app.verbs.upkeep.verifying import VerifyAnswer as VerifyAnswer
    from visloop.app.verbs.upkeep.verifying import verify as verify
    from visloop.app.verbs.watching import AlertsAcknowledge as AlertsAcknowledge
    from visloop.app.verbs.watching import AlertsClose as AlertsClose
    from visloop.app.verbs.watching import AlertsList as AlertsList
    from visloop.app.verbs.watching import LabelAccept as LabelAccept
    from visloop.app.verbs.watching import LabelImport as LabelImport
    from visloop.app.verbs.watching import LabelList as LabelList
    from visloop.app.verbs.watching import LabelNext as LabelNext
    from visloop.app.verbs.watching import LabelReject as LabelReject
    from visloop.app.verbs.watching import LabelsImported as LabelsImported
    from visloop.app.verbs.watching import LabelStatus as LabelStatus
    from visloop.app.verbs.watching import LabelUndo as LabelUndo
    from visloop.app.verbs.watching import Monitor as Monitor
    from visloop.app.verbs.watching import Monitored as Monitored
    from visloop.app.verbs.watching import alerts_acknowledge as alerts_acknowledge
    from visloop.app.verbs.watching import alerts_close as alerts_close
    from visloop.app.verbs.watching import alerts_list as alerts_list
    from visloop.app.verbs.watching import label_accept as label_accept
    from visloop.app.verbs.watching import label_import as label_import
    from visloop.app.verbs.watching import label_list as label_list
    from visloop.app.verbs.watching import label_next as label_next
    from visloop.app.verbs.watching import label_reject as label_reject
    from visloop.app.verbs.watching import label_status as label_status
    from visloop.app.verbs.watching import label_undo as label_undo
    from visloop.app.verbs.watching import monitor as monitor
    from visloop.app.worker import Worker as Worker
    from visloop.app.workspace import INNER as INNER
    from visloop.app.workspace import WorkspaceFormat as WorkspaceFormat
    from visloop.app.workspace import WorkspaceNotFound as WorkspaceNotFound
    from visloop.app.workspace import actor_for as actor_for
    from visloop.app.workspace import close_ports as close_ports
    from visloop.app.workspace import create as create
    from visloop.app.workspace import find as find
    from visloop.app.workspace import open_ports as open_ports
    from visloop.app.workspace import opened as opened
    from visloop.app.workspace import scope_for as scope_for
    from visloop.app.workspace import token_of as token_of
    from visloop.app.workspace import worker_name as worker_name

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "catalogue": ("OPERATIONS",),
        "cutouts": ("Cutouts",),
        "groups": (
            "GROUPS",
            "SECTIONS",
            "nearest",
            "usage_error",
        ),
        "handlers.relations": ("askable",),
        "keeping": (
            "about",
            "artifact_bytes",
            "authorise",
            "code_diff",
            "environment_file",
            "keep_artifact",
            "model_folder",
            "name_model",
            "register_logged",
            "report_html",
        ),
        "media": (
            "answered_thumbnail",
            "image_bytes",
            "thumbnail",
        ),
        "names": ("NAMES",),
        "operation": (
            "Operation",
            "Parameter",
            "parameters",
        ),
        "ports": (
            "Ports",
            "with_progress",
        ),
        "pushing": (
            "push",
            "push_missing",
            "upload_begin",
            "upload_find",
            "upload_taken",
            "uploads_settle",
        ),
        "rows": (
            "Count",
            "Rows",
        ),
        "running": (
            "execute",
            "exit_code_of",
        ),
        "schema": (
            "HEAD",
            "upgrade",
        ),
        "verbs.cameras": (
            "CameraAdd",
            "CameraAlign",
            "CameraAligned",
            "CameraAnswer",
            "CameraApply",
            "CameraList",
            "CameraRemove",
            "CameraSet",
            "CameraShow",
            "camera_add",
            "camera_align",
            "camera_apply",
            "camera_list",
            "camera_remove",
            "camera_set",
            "camera_show",
        ),
        "verbs.classes": (
            "ClassesAdd",
            "ClassesAlias",
            "ClassesExport",
            "ClassesImport",
            "ClassesList",
            "ClassesRemove",
            "ClassesSet",
            "ClassesShow",
            "ExportedClasses",
            "ImportedClasses",
            "OneClass",
            "classes_add",
            "classes_alias",
            "classes_export",
            "classes_import",
            "classes_list",
            "classes_remove",
            "classes_set",
            "classes_show",
        ),
        "verbs.comparing": (
            "Blame",
            "Diff",
            "DiffAnswer",
            "blame",
            "diff",
        ),
        "verbs.datasets": (
            "Commit",
            "Committed",
            "Datasets",
            "Export",
            "Exported",
            "Log",
            "Remove",
            "SamplePage",
            "Samples",
            "Split",
            "SplitAnswer",
            "Status",
            "Unstage",
            "commit",
            "datasets",
            "export",
            "log",
            "remove",
            "samples",
            "split",
            "status",
            "unstage",
        ),
        "verbs.finding.changing": (
            "Bulk",
            "BulkAnswer",
            "BulkList",
            "BulkUndo",
            "Pick",
            "PickAnswer",
            "bulk",
            "bulk_list",
            "bulk_undo",
            "pick",
        ),
        "verbs.finding.faults": (
            "Findings",
            "FindingsAnswer",
            "findings",
        ),
        "verbs.finding.mapping": (
            "Map",
            "MapAnswer",
            "MapPoints",
            "PointsAnswer",
            "map_",
            "map_points",
        ),
        "verbs.finding.searching": (
            "Search",
            "SearchAnswer",
            "search",
        ),
        "verbs.formats": (
            "FormatLine",
            "Formats",
            "formats",
        ),
        "verbs.history": (
            "Branch",
            "BranchAnswer",
            "BranchList",
            "BranchRemove",
            "Checkout",
            "CheckoutAnswer",
            "Switch",
            "Tag",
            "TagList",
            "TagRemove",
            "Tagged",
            "branch",
            "branch_list",
            "branch_remove",
            "checkout",
            "switch",
            "tag",
            "tag_list",
            "tag_remove",
        ),
        "verbs.intake": (
            "Add",
            "AddAnswer",
            "QuarantineList",
            "QuarantineRemove",
            "QuarantineRetry",
            "add",
            "quarantine_list",
            "quarantine_remove",
            "quarantine_retry",
        ),
        "verbs.judging.assessing": (
            "Assess",
            "Assessed",
            "assess",
        ),
        "verbs.judging.evaluating": (
            "Evaluate",
            "Evaluated",
            "evaluate",
        ),
        "verbs.judging.explaining": (
            "Explain",
            "Explained",
            "explain",
        ),
        "verbs.judging.gating": (
            "Gate",
            "Gated",
            "PolicyApprove",
            "PolicyChanges",
            "PolicyDiff",
            "PolicyShow",
            "PolicyShown",
            "gate",
            "policy_approve",
            "policy_diff",
            "policy_show",
        ),
        "verbs.judging.incidents": (
            "IncidentAdd",
            "IncidentAdded",
            "IncidentAnswer",
            "IncidentClose",
            "IncidentList",
            "IncidentReopen",
            "IncidentShow",
            "incident_add",
            "incident_close",
            "incident_list",
            "incident_reopen",
            "incident_show",
        ),
        "verbs.labelling.agreeing": (
            "Agreed",
            "LabelAgreement",
            "LabelPeople",
            "label_agreement",
            "label_people",
        ),
        "verbs.labelling.doubting": (
            "LabelDoubt",
            "LabelsDoubted",
            "label_doubt",
        ),
        "verbs.labelling.editing": (
            "EditedSample",
            "FilmTracks",
            "LabelEdit",
            "LabelOpen",
            "LabelPropose",
            "LabelTrack",
            "OpenSample",
            "Proposals",
            "label_edit",
            "label_open",
            "label_propose",
            "label_track",
        ),
        "verbs.labelling.expecting": (
            "Gained",
            "LabelGain",
            "LabelProgress",
            "Progressed",
            "label_gain",
            "label_progress",
        ),
        "verbs.labelling.sharing": (
            "LabelAssign",
            "LabelAssigned",
            "LabelBack",
            "LabelQueue",
            "LabelUnassign",
            "LabelUnassigned",
            "label_assign",
            "label_back",
            "label_queue",
            "label_unassign",
        ),
        "verbs.lines": (
            "DemoImages",
            "DemoStream",
            "DemoVideo",
            "DemoWritten",
            "Streamed",
            "demo_images",
            "demo_stream",
            "demo_video",
        ),
        "verbs.looping": (
            "LoopAnswer",
            "LoopBusy",
            "LoopShow",
            "LoopStart",
            "LoopStep",
            "LoopStepped",
            "LoopStop",
            "loop_start",
            "loop_status",
            "loop_step",
            "loop_stop",
        ),
        "verbs.merging": (
            "Merge",
            "MergeAbort",
            "MergeAnswer",
            "MergeFinish",
            "MergeResolve",
            "MergeShow",
            "MergeShown",
            "MergeStatus",
            "Revert",
            "merge",
            "merge_abort",
            "merge_finish",
            "merge_resolve",
            "merge_show",
            "merge_status",
            "revert",
        ),
        "verbs.metadata": (
            "MetaChanged",
            "MetaFieldAdd",
            "MetaFieldList",
            "MetaFieldRemove",
            "MetaFieldRename",
            "MetaFields",
            "MetaImport",
            "MetaImported",
            "MetaSet",
            "MetaShow",
            "meta_field_add",
            "meta_field_list",
            "meta_field_remove",
            "meta_field_rename",
            "meta_fields",
            "meta_import",
            "meta_set",
            "meta_show",
        ),
        "verbs.models": (
            "ModelAlias",
            "ModelAnswer",
            "ModelApprove",
            "ModelDecision",
            "ModelImport",
            "ModelImported",
            "ModelPromote",
            "ModelReject",
            "ModelRollback",
            "ModelShow",
            "Models",
            "Promoted",
            "model_alias",
            "model_approve",
            "model_import",
            "model_promote",
            "model_reject",
            "model_rollback",
            "model_show",
            "models",
        ),
        "verbs.project": (
            "Audit",
            "Audited",
            "FactList",
            "Facts",
            "Trace",
            "Traced",
            "audit",
            "facts",
            "trace",
        ),
        "verbs.querying": (
            "Complete",
            "Completed",
            "Query",
            "QueryAnswer",
            "ViewList",
            "ViewRemove",
            "ViewSave",
            "asked_of",
            "complete",
            "query",
            "view_list",
            "view_remove",
            "view_save",
        ),
        "verbs.refactoring": (
            "ClassesMerge",
            "ClassesRename",
            "ClassesSplit",
            "Refactored",
            "classes_merge",
            "classes_rename",
            "classes_split",
        ),
        "verbs.registry.cards": (
            "Card",
            "ModelCard",
            "model_card",
        ),
        "verbs.registry.packages": (
            "ModelExport",
            "ModelExported",
            "ModelKey",
            "ModelVerified",
            "ModelVerify",
            "SigningKey",
            "model_export",
            "model_key",
            "model_verify",
        ),
        "verbs.registry.shelving": (
            "ModelArchive",
            "Shelved",
            "model_archive",
        ),
        "verbs.rollouts": (
            "RolloutEnded",
            "RolloutPromote",
            "RolloutShow",
            "RolloutStop",
            "rollout_promote",
            "rollout_show",
            "rollout_stop",
        ),
        "verbs.runs.exchanging": (
            "ModelPush",
            "ModelPushed",
            "RunExported",
            "RunsExport",
            "RunsImport",
            "RunsPush",
            "model_push",
            "runs_export",
            "runs_import",
            "runs_push",
        ),
        "verbs.runs.looking": (
            "RunAnswer",
            "RunRows",
            "RunsArtifacts",
            "RunsCompare",
            "RunsCompared",
            "RunsCurves",
            "RunsExperiments",
            "RunsFetch",
            "RunsList",
            "RunsShow",
            "runs_artifacts",
            "runs_compare",
            "runs_curves",
            "runs_experiments",
            "runs_fetch",
            "runs_list",
            "runs_show",
        ),
        "verbs.runs.repeating": (
            "Reproduce",
            "Reproduced",
            "ReproducedDifference",
            "RunsClone",
            "RunsCloned",
            "reproduce",
            "runs_clone",
        ),
        "verbs.runs.reporting": (
            "RunLogged",
            "RunNamed",
            "RunNoted",
            "RunsEnd",
            "RunsLog",
            "RunsNote",
            "RunsRemove",
            "RunsSave",
            "RunsStart",
            "runs_end",
            "runs_log",
            "runs_note",
            "runs_remove",
            "runs_save",
            "runs_start",
        ),
        "verbs.runs.training": (
            "Resumed",
            "RunsResume",
            "Train",
            "Trained",
            "runs_resume",
            "train",
        ),
        "verbs.runs.tuning": (
            "Tune",
            "TuneAnswer",
            "TuneJoin",
            "TuneJoined",
            "TuneResume",
            "TuneShow",
            "Tuned",
            "tune",
            "tune_join",
            "tune_resume",
            "tune_show",
        ),
        "verbs.serving": (
            "Batches",
            "Deploy",
            "Deployed",
            "Deployments",
            "Predict",
            "Predicted",
            "Predictions",
            "Rollback",
            "batches",
            "deploy",
            "deployments",
            "predict",
            "predictions",
            "rollback",
        ),
        "verbs.streams": (
            "Watch",
            "WatchAnswer",
            "watch",
        ),
        "verbs.upkeep.collecting": (
            "Gc",
            "GcAnswer",
            "Storage",
            "StorageAnswer",
            "StoragePart",
            "StoragePlace",
            "gc",
            "storage",
        ),
        "verbs.upkeep.keys": (
            "KeyAdd",
            "KeyAdded",
            "KeyList",
            "KeyRemove",
            "KeyRemoved",
            "key_add",
            "key_list",
            "key_remove",
        ),
        "verbs.upkeep.people": (
            "Me",
            "UserAdd",
            "UserAdded",
            "UserList",
            "UserMe",
            "UserRemove",
            "UserRemoved",
            "user_add",
            "user_list",
            "user_me",
            "user_remove",
        ),
        "verbs.upkeep.removing": (
            "DatasetNeeded",
            "DatasetsPurge",
            "DatasetsRemove",
            "DatasetsRestore",
            "DatasetsTrash",
            "RemovedDataset",
            "datasets_purge",
            "datasets_remove",
            "datasets_restore",
            "datasets_trash",
        ),
        "verbs.upkeep.verifying": (
            "Verify",
            "VerifyAnswer",
            "verify",
        ),
        "verbs.watching": (
            "AlertsAcknowledge",
            "AlertsClose",
            "AlertsList",
            "LabelAccept",
            "LabelImport",
            "LabelList",
            "LabelNext",
            "LabelReject",
            "LabelStatus",
            "LabelUndo",
            "LabelsImported",
            "Monitor",
            "Monitored",
            "alerts_acknowledge",
            "alerts_close",
            "alerts_list",
            "label_accept",
            "label_import",
            "label_list",
            "label_next",
            "label_reject",
            "label_status",
            "label_undo",
            "monitor",
        ),
        "worker": ("Worker",),
        "workspace": (
            "INNER",
            "WorkspaceFormat",
            "WorkspaceNotFound",
            "close_ports",
            "create",
            "find",
            "open_ports",
            "opened",
            "scope_for",
            "actor_for",
            "token_of",
            "worker_name",
        ),
    },
)
