"""What lasts: the ledger (state and facts), blobs (bytes by digest), jobs, people, clocks, the spool."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.store.blobs import PackBlobs as PackBlobs
    from visloop.store.buckets import Bucket as Bucket
    from visloop.store.buckets import BucketForbidden as BucketForbidden
    from visloop.store.buckets import BucketNotFound as BucketNotFound
    from visloop.store.buckets import BucketObject as BucketObject
    from visloop.store.buckets import BucketUnreachable as BucketUnreachable
    from visloop.store.bytes import BlobNotFound as BlobNotFound
    from visloop.store.bytes import Blobs as Blobs
    from visloop.store.claims import Claim as Claim
    from visloop.store.claims import Job as Job
    from visloop.store.clock import FakeClock as FakeClock
    from visloop.store.clock import SystemClock as SystemClock
    from visloop.store.compute.local import Compute as Compute
    from visloop.store.compute.local import Threads as Threads
    from visloop.store.compute.local import compute_at as compute_at
    from visloop.store.compute.local import in_order as in_order
    from visloop.store.engine import LedgerBusy as LedgerBusy
    from visloop.store.forks import survives_forks as survives_forks
    from visloop.store.housekeeping.collecting import Collected as Collected
    from visloop.store.housekeeping.collecting import collect as collect
    from visloop.store.housekeeping.roots import STORE_ROOTS as STORE_ROOTS
    from visloop.store.housekeeping.roots import Link as Link
    from visloop.store.housekeeping.roots import Look as Look
    from visloop.store.housekeeping.roots import Roots as Roots
    from visloop.store.housekeeping.roots import Seen as Seen
    from visloop.store.housekeeping.roots import StoreDamaged as StoreDamaged
    from visloop.store.housekeeping.roots import named_in as named_in
    from visloop.store.housekeeping.scrub import BlobProblem as BlobProblem
    from visloop.store.housekeeping.sharing import Share as Share
    from visloop.store.housekeeping.sharing import shares as shares
    from visloop.store.housekeeping.sweeping import GRACE_S as GRACE_S
    from visloop.store.housekeeping.upkeep import StoreSize as StoreSize
    from visloop.store.housekeeping.upkeep import Upkeep as Upkeep
    from visloop.store.housekeeping.verifying import Findings as Findings
    from visloop.store.housekeeping.verifying import check as check
    from visloop.store.jobs import JobNotFound as JobNotFound
    from visloop.store.jobs import Jobs as Jobs
    from visloop.store.jobs import worker_name as worker_name
    from visloop.store.leases import heartbeats as heartbeats
    from visloop.store.ledger import Ledger as Ledger
    from visloop.store.ledger import LedgerNotFound as LedgerNotFound
    from visloop.store.ledger import Write as Write
    from visloop.store.people import EVERY_PROJECT as EVERY_PROJECT
    from visloop.store.people import FOR_PEOPLE as FOR_PEOPLE
    from visloop.store.people import PARTS as PARTS
    from visloop.store.people import ROLES as ROLES
    from visloop.store.people import Person as Person
    from visloop.store.people import authorise as authorise
    from visloop.store.people import ensure_owner as ensure_owner
    from visloop.store.people import ensure_project as ensure_project
    from visloop.store.people import give_role as give_role
    from visloop.store.people import issue_token as issue_token
    from visloop.store.people import list_people as list_people
    from visloop.store.people import permits as permits
    from visloop.store.people import projects_in_use as projects_in_use
    from visloop.store.people import revoke_tokens as revoke_tokens
    from visloop.store.people import role_of as role_of
    from visloop.store.people import take_roles as take_roles
    from visloop.store.people import token_holder as token_holder
    from visloop.store.references import Elsewhere as Elsewhere
    from visloop.store.references import Follow as Follow
    from visloop.store.references import Following as Following
    from visloop.store.references import parsed as parsed
    from visloop.store.references import reference as reference
    from visloop.store.seals import Seal as Seal
    from visloop.store.seals import Verified as Verified
    from visloop.store.spool import Spool as Spool
    from visloop.store.spool import SpoolRef as SpoolRef
    from visloop.store.spool import SpoolTooSmall as SpoolTooSmall
    from visloop.store.tables import Json as Json
    from visloop.store.tables import Sequence64 as Sequence64
    from visloop.store.tables import UtcDateTime as UtcDateTime
    from visloop.store.tables import format_column as format_column
    from visloop.store.tables import metadata as metadata
    from visloop.store.tables import utc_text as utc_text

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "blobs": ("PackBlobs",),
        "bytes": ("BlobNotFound", "Blobs"),
        "buckets": (
            "Bucket",
            "BucketForbidden",
            "BucketNotFound",
            "BucketObject",
            "BucketUnreachable",
        ),
        "claims": ("Claim", "Job"),
        "clock": ("FakeClock", "SystemClock"),
        "jobs": ("JobNotFound", "Jobs", "worker_name"),
        "compute.local": ("Compute", "Threads", "compute_at", "in_order"),
        "engine": ("LedgerBusy",),
        "forks": ("survives_forks",),
        "leases": ("heartbeats",),
        "ledger": ("Ledger", "LedgerNotFound", "Write"),
        "people": (
            "EVERY_PROJECT",
            "FOR_PEOPLE",
            "PARTS",
            "ROLES",
            "Person",
            "authorise",
            "ensure_owner",
            "ensure_project",
            "projects_in_use",
            "give_role",
            "issue_token",
            "list_people",
            "permits",
            "revoke_tokens",
            "role_of",
            "take_roles",
            "token_holder",
        ),
        "references": ("Elsewhere", "Follow", "Following", "parsed", "reference"),
        "housekeeping.collecting": ("Collected", "collect"),
        "housekeeping.verifying": ("Findings", "check"),
        "housekeeping.roots": (
            "STORE_ROOTS",
            "StoreDamaged",
            "Link",
            "Look",
            "Roots",
            "Seen",
            "named_in",
        ),
        "housekeeping.scrub": ("BlobProblem",),
        "housekeeping.sharing": ("Share", "shares"),
        "housekeeping.sweeping": ("GRACE_S",),
        "housekeeping.upkeep": ("StoreSize", "Upkeep"),
        "seals": ("Seal", "Verified"),
        "spool": ("Spool", "SpoolRef", "SpoolTooSmall"),
        "tables": (
            "Json",
            "Sequence64",
            "UtcDateTime",
            "format_column",
            "metadata",
            "utc_text",
        ),
    },
)
