"""Data sets: ingest, samples, versions, classes, splits, cached embeddings, quarantine."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.data.cameras.aligning import align as align
    from visloop.data.cameras.aligning import camera_apply as camera_apply
    from visloop.data.cameras.records import Camera as Camera
    from visloop.data.cameras.registry import CameraExists as CameraExists
    from visloop.data.cameras.registry import CameraNotFound as CameraNotFound
    from visloop.data.cameras.registry import camera_add as camera_add
    from visloop.data.cameras.registry import camera_list as camera_list
    from visloop.data.cameras.registry import camera_remove as camera_remove
    from visloop.data.cameras.registry import camera_set as camera_set
    from visloop.data.cameras.registry import camera_show as camera_show
    from visloop.data.catalog import DatasetInTrash as DatasetInTrash
    from visloop.data.catalog import DatasetNotFound as DatasetNotFound
    from visloop.data.catalog import VersionNotFound as VersionNotFound
    from visloop.data.checkouts.manifest import FolderInUse as FolderInUse
    from visloop.data.checkouts.writing import CheckedOut as CheckedOut
    from visloop.data.checkouts.writing import FilesChanged as FilesChanged
    from visloop.data.checkouts.writing import checkout as checkout
    from visloop.data.committing import MovedOn as MovedOn
    from visloop.data.committing import NothingToCommit as NothingToCommit
    from visloop.data.committing import commit as commit
    from visloop.data.comparing.records import ClassChange as ClassChange
    from visloop.data.comparing.records import Diff as Diff
    from visloop.data.comparing.records import DiffChoice as DiffChoice
    from visloop.data.comparing.records import DiffKind as DiffKind
    from visloop.data.comparing.records import ObjectChange as ObjectChange
    from visloop.data.comparing.records import ObjectCounts as ObjectCounts
    from visloop.data.comparing.records import SampleChange as SampleChange
    from visloop.data.comparing.records import SampleCounts as SampleCounts
    from visloop.data.comparing.records import ValueChange as ValueChange
    from visloop.data.comparing.sheets.writing import sheet as sheet
    from visloop.data.comparing.sheets.writing import sheet_ending as sheet_ending
    from visloop.data.comparing.versions import diff as diff
    from visloop.data.dictionary import UnknownClass as UnknownClass
    from visloop.data.dictionary import class_names as class_names
    from visloop.data.dictionary import classes as classes
    from visloop.data.dictionary import renamed as renamed
    from visloop.data.exporting import Exported as Exported
    from visloop.data.exporting import export as export
    from visloop.data.features import Embedder as Embedder
    from visloop.data.features import compute_embeddings as compute_embeddings
    from visloop.data.features import embeddings as embeddings
    from visloop.data.fields.built_in import BUILT_IN as BUILT_IN
    from visloop.data.fields.checking import WrongMetadata as WrongMetadata
    from visloop.data.fields.choosing import Chosen as Chosen
    from visloop.data.fields.declaring import field_add as field_add
    from visloop.data.fields.declaring import field_remove as field_remove
    from visloop.data.fields.declaring import field_rename as field_rename
    from visloop.data.fields.editing import Edited as Edited
    from visloop.data.fields.editing import meta_set as meta_set
    from visloop.data.fields.records import TYPES as TYPES
    from visloop.data.fields.records import Field as Field
    from visloop.data.fields.records import OwnFields as OwnFields
    from visloop.data.fields.summary import FieldSummary as FieldSummary
    from visloop.data.fields.summary import Value as Value
    from visloop.data.fields.summary import field_list as field_list
    from visloop.data.fields.summary import meta_fields as meta_fields
    from visloop.data.fields.summary import meta_show as meta_show
    from visloop.data.fields.tabular.importing import meta_import as meta_import
    from visloop.data.finding.finder import Finder as Finder
    from visloop.data.finding.gallery import Gallery as Gallery
    from visloop.data.finding.ranking import Sought as Sought
    from visloop.data.finding.ranking import ranked as ranked
    from visloop.data.finding.searching import Nearest as Nearest
    from visloop.data.finding.searching import search as search
    from visloop.data.formats import CARRIED as CARRIED
    from visloop.data.formats import FORMATS as FORMATS
    from visloop.data.formats import Format as Format
    from visloop.data.formats.coco.results import coco_results as coco_results
    from visloop.data.history.blame import Blamed as Blamed
    from visloop.data.history.blame import ObjectNotFound as ObjectNotFound
    from visloop.data.history.blame import blame as blame
    from visloop.data.history.clean import MergeWaits as MergeWaits
    from visloop.data.history.clean import StagedChanges as StagedChanges
    from visloop.data.history.hurt import HurtSamples as HurtSamples
    from visloop.data.history.hurt import hurt_samples as hurt_samples
    from visloop.data.history.hurt import left_in_place as left_in_place
    from visloop.data.history.hurt import originals as originals
    from visloop.data.history.hurt import restore as restore
    from visloop.data.history.kept import DATA_ROOTS as DATA_ROOTS
    from visloop.data.history.merging.conflicts import MergeConflict as MergeConflict
    from visloop.data.history.merging.running import merge as merge
    from visloop.data.history.merging.running import merge_abort as merge_abort
    from visloop.data.history.merging.running import merge_finish as merge_finish
    from visloop.data.history.merging.running import merge_resolve as merge_resolve
    from visloop.data.history.merging.running import merge_show as merge_show
    from visloop.data.history.merging.running import merge_status as merge_status
    from visloop.data.history.merging.running import revert as revert
    from visloop.data.history.merging.settling import ConflictNotFound as ConflictNotFound
    from visloop.data.history.merging.settling import Merged as Merged
    from visloop.data.history.merging.settling import NothingToMerge as NothingToMerge
    from visloop.data.history.merging.waiting import NoMergeWaits as NoMergeWaits
    from visloop.data.history.names import Branch as Branch
    from visloop.data.history.names import BranchKept as BranchKept
    from visloop.data.history.names import BranchNotFound as BranchNotFound
    from visloop.data.history.names import NameInUse as NameInUse
    from visloop.data.history.names import Tag as Tag
    from visloop.data.history.names import TagNotFound as TagNotFound
    from visloop.data.history.names import branch as branch
    from visloop.data.history.names import branch_list as branch_list
    from visloop.data.history.names import branch_remove as branch_remove
    from visloop.data.history.names import switch as switch
    from visloop.data.history.names import tag as tag
    from visloop.data.history.names import tag_list as tag_list
    from visloop.data.history.names import tag_remove as tag_remove
    from visloop.data.ingest.media import is_film_start as is_film_start
    from visloop.data.ingest.media import media_of as media_of
    from visloop.data.ingest.probe import probe as probe
    from visloop.data.ingest.records import BrokenFile as BrokenFile
    from visloop.data.ingest.records import Probe as Probe
    from visloop.data.ingest.scan import SourceNotFound as SourceNotFound
    from visloop.data.intake.add import add as add
    from visloop.data.intake.add import hand_over as hand_over
    from visloop.data.intake.promised import Missing as Missing
    from visloop.data.intake.promised import Promised as Promised
    from visloop.data.intake.promised import missing as missing
    from visloop.data.mapping.colouring import Colours as Colours
    from visloop.data.mapping.colouring import colours as colours
    from visloop.data.mapping.colouring import named_points as named_points
    from visloop.data.mapping.maps import PictureMap as PictureMap
    from visloop.data.mapping.maps import picture_map as picture_map
    from visloop.data.media.converted import MediaPicture as MediaPicture
    from visloop.data.media.following import FileChanged as FileChanged
    from visloop.data.media.following import FileGone as FileGone
    from visloop.data.media.following import following as following
    from visloop.data.media.footage import FilmNotFound as FilmNotFound
    from visloop.data.media.footage import Footage as Footage
    from visloop.data.media.footage import footage as footage
    from visloop.data.media.grey import GreyFunction as GreyFunction
    from visloop.data.media.grey import GreyWindow as GreyWindow
    from visloop.data.media.grey import grey_levels as grey_levels
    from visloop.data.media.grey import grey_pixels as grey_pixels
    from visloop.data.media.grey import parse_window as parse_window
    from visloop.data.media.grey import stretched as stretched
    from visloop.data.media.grey import windowed as windowed
    from visloop.data.media.keeping import in_place as in_place
    from visloop.data.media.video import MAX_FRAME_PIXELS as MAX_FRAME_PIXELS
    from visloop.data.media.video import Marks as Marks
    from visloop.data.media.video import OtherPixels as OtherPixels
    from visloop.data.media.video import VideoInfo as VideoInfo
    from visloop.data.media.video import VideoReader as VideoReader
    from visloop.data.media.video import frames_due as frames_due
    from visloop.data.media.video import open_video as open_video
    from visloop.data.offered import READ_FORMATS as READ_FORMATS
    from visloop.data.offered import WRITTEN_FORMATS as WRITTEN_FORMATS
    from visloop.data.ontology.colours import color_of as color_of
    from visloop.data.ontology.colours import color_of_id as color_of_id
    from visloop.data.ontology.colours import colours_of as colours_of
    from visloop.data.ontology.colours import ink_on as ink_on
    from visloop.data.ontology.dividing import ListUnreadable as ListUnreadable
    from visloop.data.ontology.dividing import SplitIncomplete as SplitIncomplete
    from visloop.data.ontology.editing import ClassInUse as ClassInUse
    from visloop.data.ontology.editing import add_classes as add_classes
    from visloop.data.ontology.editing import alias_class as alias_class
    from visloop.data.ontology.editing import import_classes as import_classes
    from visloop.data.ontology.editing import remove_class as remove_class
    from visloop.data.ontology.editing import set_class as set_class
    from visloop.data.ontology.files import ClassesUnreadable as ClassesUnreadable
    from visloop.data.ontology.files import written as written
    from visloop.data.ontology.listing import ClassRow as ClassRow
    from visloop.data.ontology.listing import list_classes as list_classes
    from visloop.data.ontology.listing import show_class as show_class
    from visloop.data.ontology.refactoring import OtherChanges as OtherChanges
    from visloop.data.ontology.refactoring import Refactored as Refactored
    from visloop.data.ontology.refactoring import merge_classes as merge_classes
    from visloop.data.ontology.refactoring import rename_class as rename_class
    from visloop.data.ontology.refactoring import split_class as split_class
    from visloop.data.ontology.rules import Circular as Circular
    from visloop.data.ontology.rules import ClassNotFound as ClassNotFound
    from visloop.data.ontology.rules import NameTaken as NameTaken
    from visloop.data.origins.archives.unpack import ArchiveRefused as ArchiveRefused
    from visloop.data.origins.arriving import About as About
    from visloop.data.origins.arriving import Arrivals as Arrivals
    from visloop.data.origins.arriving import Arriving as Arriving
    from visloop.data.origins.arriving import Piece as Piece
    from visloop.data.origins.arriving import UploadNotFound as UploadNotFound
    from visloop.data.origins.handed import Handed as Handed
    from visloop.data.origins.handed import check_handed as check_handed
    from visloop.data.origins.remote.bucket import open_bucket as open_bucket
    from visloop.data.origins.remote.net import Net as Net
    from visloop.data.origins.remote.net import NotGot as NotGot
    from visloop.data.picking.changing import Bulk as Bulk
    from visloop.data.picking.changing import Wish as Wish
    from visloop.data.picking.changing import change_many as change_many
    from visloop.data.picking.changing import known_bulk as known_bulk
    from visloop.data.picking.changing import list_bulk as list_bulk
    from visloop.data.picking.changing import remember as remember
    from visloop.data.picking.changing import undo_bulk as undo_bulk
    from visloop.data.picking.picks import pick as pick
    from visloop.data.picking.places import read_places as read_places
    from visloop.data.privacy.entering import NotProtected as NotProtected
    from visloop.data.privacy.entering import protected as protected
    from visloop.data.privacy.finding import find_faces as find_faces
    from visloop.data.privacy.finding import find_text as find_text
    from visloop.data.privacy.policy import Policy as Policy
    from visloop.data.privacy.regions import Redactor as Redactor
    from visloop.data.privacy.regions import Region as Region
    from visloop.data.quarantine import QuarantinedNotFound as QuarantinedNotFound
    from visloop.data.quarantine import quarantine_list as quarantine_list
    from visloop.data.quarantine import quarantine_remove as quarantine_remove
    from visloop.data.quarantine import quarantine_retry as quarantine_retry
    from visloop.data.querying.answering import Answer as Answer
    from visloop.data.querying.answering import Named as Named
    from visloop.data.querying.answering import NamedObjects as NamedObjects
    from visloop.data.querying.answering import Outdated as Outdated
    from visloop.data.querying.answering import completed as completed
    from visloop.data.querying.answering import named as named
    from visloop.data.querying.answering import named_objects as named_objects
    from visloop.data.querying.answering import query as query
    from visloop.data.records import Added as Added
    from visloop.data.records import AddOptions as AddOptions
    from visloop.data.records import Candidate as Candidate
    from visloop.data.records import ClassDictionary as ClassDictionary
    from visloop.data.records import ClassEntry as ClassEntry
    from visloop.data.records import DataPorts as DataPorts
    from visloop.data.records import Limits as Limits
    from visloop.data.records import Origin as Origin
    from visloop.data.records import Quarantined as Quarantined
    from visloop.data.records import Refusal as Refusal
    from visloop.data.records import Sample as Sample
    from visloop.data.records import Version as Version
    from visloop.data.removal import remove as remove
    from visloop.data.removal import take_back as take_back
    from visloop.data.removal import unstage as unstage
    from visloop.data.snapshot import Snapshot as Snapshot
    from visloop.data.snapshot import SplitNotFound as SplitNotFound
    from visloop.data.snapshot import open as open  # noqa: A004 - data.open("cards@v3")
    from visloop.data.splits import Shared as Shared
    from visloop.data.splits import split as split
    from visloop.data.staging import FrozenSplit as FrozenSplit
    from visloop.data.staging import Staged as Staged
    from visloop.data.staging import stage as stage
    from visloop.data.standing import FolderStatus as FolderStatus
    from visloop.data.standing import StagedCounts as StagedCounts
    from visloop.data.standing import Status as Status
    from visloop.data.standing import status as status
    from visloop.data.streams.folder import watch_folder as watch_folder
    from visloop.data.streams.live import is_live as is_live
    from visloop.data.streams.live import watch_stream as watch_stream
    from visloop.data.streams.records import Watch as Watch
    from visloop.data.streams.records import Watched as Watched
    from visloop.data.streams.records import parse_commits as parse_commits
    from visloop.data.trash import NotInTrash as NotInTrash
    from visloop.data.trash import Trashed as Trashed
    from visloop.data.trash import contents as contents
    from visloop.data.trash import in_trash as in_trash
    from visloop.data.trash import overdue as overdue
    from visloop.data.trash import purge as purge
    from visloop.data.trash import take_out as take_out
    from visloop.data.trash import throw_away as throw_away
    from visloop.data.trash import trash_list as trash_list
    from visloop.data.versions import DatasetSummary as DatasetSummary
    from visloop.data.versions import datasets as datasets
    from visloop.data.versions import log as log
    from visloop.data.versions import names as names
    from visloop.data.working import SampleNotFound as SampleNotFound
    from visloop.data.working import committed_at as committed_at
    from visloop.data.working import images_held as images_held
    from visloop.data.working import staged_paths as staged_paths
    from visloop.data.working import working_sample as working_sample
    from visloop.data.working import working_samples as working_samples

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "cameras.aligning": ("align", "camera_apply"),
        "cameras.records": ("Camera",),
        "cameras.registry": (
            "CameraExists",
            "CameraNotFound",
            "camera_add",
            "camera_list",
            "camera_remove",
            "camera_set",
            "camera_show",
        ),
        "fields.checking": ("WrongMetadata",),
        "fields.choosing": ("Chosen",),
        "fields.declaring": ("field_add", "field_remove", "field_rename"),
        "fields.editing": ("Edited", "meta_set"),
        "fields.summary": ("FieldSummary", "Value", "field_list", "meta_fields", "meta_show"),
        "fields.tabular.importing": ("meta_import",),
        "catalog": ("DatasetInTrash", "DatasetNotFound", "VersionNotFound"),
        "checkouts.manifest": ("FolderInUse",),
        "checkouts.writing": ("CheckedOut", "FilesChanged", "checkout"),
        "comparing.records": (
            "ClassChange",
            "Diff",
            "DiffChoice",
            "DiffKind",
            "ObjectChange",
            "ObjectCounts",
            "SampleChange",
            "SampleCounts",
            "ValueChange",
        ),
        "comparing.sheets.writing": ("sheet", "sheet_ending"),
        "comparing.versions": ("diff",),
        "dictionary": ("UnknownClass", "class_names", "classes", "renamed"),
        "exporting": ("Exported", "export"),
        "features": ("Embedder", "compute_embeddings", "embeddings"),
        "fields.built_in": ("BUILT_IN",),
        "fields.records": ("TYPES", "Field", "OwnFields"),
        "finding.finder": ("Finder",),
        "finding.gallery": ("Gallery",),
        "finding.ranking": ("Sought", "ranked"),
        "finding.searching": ("Nearest", "search"),
        "mapping.colouring": ("Colours", "colours", "named_points"),
        "picking.changing": (
            *("Bulk", "Wish", "change_many", "known_bulk", "list_bulk", "remember", "undo_bulk"),
        ),
        "picking.picks": ("pick",),
        "picking.places": ("read_places",),
        "mapping.maps": ("PictureMap", "picture_map"),
        "formats": ("CARRIED", "FORMATS", "Format"),
        "formats.coco.results": ("coco_results",),
        "ingest.media": ("is_film_start", "media_of"),
        "history.blame": ("Blamed", "ObjectNotFound", "blame"),
        "history.clean": ("MergeWaits", "StagedChanges"),
        "history.hurt": ("HurtSamples", "hurt_samples", "left_in_place", "originals", "restore"),
        "history.kept": ("DATA_ROOTS",),
        "history.merging.conflicts": ("MergeConflict",),
        "history.merging.running": (
            "merge",
            "merge_abort",
            "merge_finish",
            "merge_resolve",
            "merge_show",
            "merge_status",
            "revert",
        ),
        "history.merging.settling": ("ConflictNotFound", "Merged", "NothingToMerge"),
        "history.merging.waiting": ("NoMergeWaits",),
        "history.names": (
            "Branch",
            "BranchKept",
            "BranchNotFound",
            "NameInUse",
            "Tag",
            "TagNotFound",
            "branch",
            "branch_list",
            "branch_remove",
            "switch",
            "tag",
            "tag_list",
            "tag_remove",
        ),
        "ingest.probe": ("probe",),
        "ingest.records": ("BrokenFile", "Probe"),
        "ingest.scan": ("SourceNotFound",),
        "intake.add": ("add", "hand_over"),
        "intake.promised": ("Missing", "Promised", "missing"),
        "media.converted": ("MediaPicture",),
        "media.footage": ("FilmNotFound", "Footage", "footage"),
        "media.grey": (
            "GreyFunction",
            "GreyWindow",
            "grey_levels",
            "grey_pixels",
            "parse_window",
            "stretched",
            "windowed",
        ),
        "media.following": ("FileChanged", "FileGone", "following"),
        "media.keeping": ("in_place",),
        "media.video": (
            "MAX_FRAME_PIXELS",
            "Marks",
            "OtherPixels",
            "VideoInfo",
            "VideoReader",
            "frames_due",
            "open_video",
        ),
        "origins.archives.unpack": ("ArchiveRefused",),
        "privacy.entering": ("NotProtected", "protected"),
        "privacy.finding": ("find_faces", "find_text"),
        "privacy.policy": ("Policy",),
        "privacy.regions": ("Redactor", "Region"),
        "ontology.colours": ("color_of", "color_of_id", "colours_of", "ink_on"),
        "ontology.dividing": ("ListUnreadable", "SplitIncomplete"),
        "ontology.editing": (
            "ClassInUse",
            "add_classes",
            "alias_class",
            "import_classes",
            "remove_class",
            "set_class",
        ),
        "ontology.files": ("ClassesUnreadable", "written"),
        "ontology.listing": ("ClassRow", "list_classes", "show_class"),
        "ontology.refactoring": (
            "OtherChanges",
            "Refactored",
            "merge_classes",
            "rename_class",
            "split_class",
        ),
        "ontology.rules": ("Circular", "ClassNotFound", "NameTaken"),
        "origins.arriving": ("About", "Arrivals", "Arriving", "Piece", "UploadNotFound"),
        "origins.handed": ("Handed", "check_handed"),
        "origins.remote.bucket": ("open_bucket",),
        "origins.remote.net": ("Net", "NotGot"),
        "streams.folder": ("watch_folder",),
        "streams.live": ("is_live", "watch_stream"),
        "streams.records": ("Watch", "Watched", "parse_commits"),
        "offered": ("READ_FORMATS", "WRITTEN_FORMATS"),
        "querying.answering": (
            "Answer",
            "Named",
            "NamedObjects",
            "Outdated",
            "completed",
            "named",
            "named_objects",
            "query",
        ),
        "quarantine": (
            "QuarantinedNotFound",
            "quarantine_list",
            "quarantine_remove",
            "quarantine_retry",
        ),
        "records": (
            "AddOptions",
            "Added",
            "Candidate",
            "ClassDictionary",
            "ClassEntry",
            "DataPorts",
            "Limits",
            "Origin",
            "Quarantined",
            "Refusal",
            "Sample",
            "Version",
        ),
        "removal": ("remove", "take_back", "unstage"),
        "snapshot": ("Snapshot", "SplitNotFound", "open"),
        "splits": ("Shared", "split"),
        "staging": ("FrozenSplit", "Staged", "stage"),
        "standing": ("FolderStatus", "StagedCounts", "Status", "status"),
        "committing": ("MovedOn", "NothingToCommit", "commit"),
        "trash": (
            "NotInTrash",
            "Trashed",
            "contents",
            "in_trash",
            "overdue",
            "purge",
            "take_out",
            "throw_away",
            "trash_list",
        ),
        "versions": ("DatasetSummary", "datasets", "log", "names"),
        "working": (
            "SampleNotFound",
            "committed_at",
            "images_held",
            "staged_paths",
            "working_sample",
            "working_samples",
        ),
    },
)
