"""What the data room stores, takes and answers: immutable records, no behaviour beyond look-ups.

Records that are stored are msgspec Structs and say `format`; ports and options are dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from visloop import query
from visloop.data.privacy.policy import Policy
from visloop.ids import FORMAT, digest_of
from visloop.vision import Annotation

if TYPE_CHECKING:
    from pathlib import Path

    from visloop.data.finding.finder import Finder
    from visloop.progress import Progress
    from visloop.query import Kept
    from visloop.store import Blobs, Ledger


@dataclass(frozen=True)
class Limits:
    """What is taken from videos, archives, buckets and the net at most.

    An archive: files in it, GiB and times its own size when unpacked. Fetching: files at once, MB a
    file, seconds a file, how often it is tried.
    """

    frames_per_video: int = 100_000
    archive_members: int = 1_000_000
    archive_gb: float = 200.0
    archive_ratio: int = 200
    fetch_at_once: int = 16
    fetch_mb: float = 1024.0
    fetch_seconds: float = 60.0
    fetch_tries: int = 4
    private_addresses: bool = False


@dataclass(frozen=True)
class DataPorts:
    """What the data room needs from outside: where state lives, where bytes live, who watches.

    `scratch` is the folder for what is unpacked or fetched for a while (None: the system's).
    `privacy` is what is taken off every picture that comes in; `secret` makes pseudonyms that
    nobody outside the workspace can make.
    """

    ledger: Ledger
    blobs: Blobs
    progress: Progress
    scratch: Path | None = None
    limits: Limits = field(default_factory=Limits)
    privacy: Policy = field(default_factory=Policy)
    secret: str = ""
    columns: Kept = field(default_factory=lambda: query.Kept())  # noqa: PLW0108 - found when it is used
    finder: Finder | None = None


class Sample(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A picture in a data set: a logical path, bytes by digest, annotations, metadata.

    `path` is a posix path inside the data set, kept exactly as found (no Unicode normalisation);
    `id` stays when the sample moves or gets new bytes. `width` and `height` are pixels of the
    upright picture, after the EXIF `orientation` (1 … 8, 1 = as stored) is applied; `mode` is
    Pillow's name for the stored pixels. `image` is the digest of the encoded bytes, `bytes` how
    many. `added` is RFC 3339 in UTC, `source` where it came from (a file, a deployment, a URL).
    `labelled` is False while nobody has said what the picture shows: only otherwise does a sample
    without annotations hold no object.
    """

    id: str
    path: str
    image: str
    bytes: int
    width: int
    height: int
    media: str = "image/jpeg"
    mode: str = "RGB"
    orientation: int = 1
    annotations: tuple[Annotation, ...] = ()
    split: str | None = None
    metadata: dict[str, Any] = {}
    source: str = ""
    added: str = ""
    labelled: bool = True
    format: int = FORMAT


class Candidate(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What ingest hands over for one good picture: a sample that has no identity yet.

    Its bytes are in the blob store already (put, not yet flushed). `annotations` carry no ids
    unless the format held them; None means that the source says nothing about labels, so the
    sample keeps those it has (an empty tuple is a picture known to hold no object). `split` None
    likewise keeps the sample's split. `notes` say what was done with the file beyond plain
    reading ("rotated by EXIF", "two zero-area boxes left out").
    """

    path: str
    image: str
    bytes: int
    width: int
    height: int
    media: str = "image/jpeg"
    mode: str = "RGB"
    orientation: int = 1
    annotations: tuple[Annotation, ...] | None = None
    split: str | None = None
    metadata: dict[str, Any] = {}
    source: str = ""
    notes: tuple[str, ...] = ()


class Refusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A file (or one object in it) that was not taken, why, and what mends it.

    `path` is the logical path it would have had, `source` the file it came from, `reason_code` a
    stable word (`truncated`, `not_an_image`, `too_large` …), `image` the digest of the refused
    bytes where they were kept.
    """

    path: str
    source: str
    reason_code: str
    reason: str
    fix: str = ""
    image: str | None = None


class Quarantined(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal that waits for a person: repair the file and retry, or remove it."""

    id: str
    dataset: str
    path: str
    source: str
    reason_code: str
    reason: str
    fix: str = ""
    image: str | None = None
    split: str | None = None
    time: str = ""
    format: int = FORMAT


class Origin(msgspec.Struct, frozen=True):
    """A class that another one took over, by a merge or a split: its id and its name then."""

    id: int
    name: str


class ClassEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One class: `id` never changes and is never given to another class.

    `parent` is another class, or a group that is none itself (a COCO supercategory). `color` is
    `#rrggbb`; empty: the one that belongs to the id. `origins` are classes merged into this one, or
    the one that it was split from.
    """

    id: int
    name: str
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    color: str = ""
    definition: str = ""
    origins: tuple[Origin, ...] = ()


class ClassDictionary(msgspec.Struct, frozen=True, kw_only=True):
    """The classes of a data set, in the order of their ids; versioned with the data."""

    entries: tuple[ClassEntry, ...] = ()
    next_id: int = 0
    format: int = FORMAT

    @property
    def names(self) -> tuple[str, ...]:
        """Class names in the order of their ids."""
        return tuple(entry.name for entry in self.entries)

    @property
    def digest(self) -> str:
        """BLAKE3 over the canonical MessagePack; contracts and models quote it."""
        return digest_of(msgspec.msgpack.encode(self))

    def resolve(self, name: str) -> ClassEntry | None:
        """The class of that name, else the one that has it as an alias, else None."""
        for entry in self.entries:
            if entry.name == name:
                return entry
        return next((entry for entry in self.entries if name in entry.aliases), None)

    def lookup(self) -> dict[str, str]:
        """Every name and alias → the class's name; build once, ask often."""
        table = {alias: entry.name for entry in self.entries for alias in entry.aliases}
        return table | {entry.name: entry.name for entry in self.entries}

    def with_added(self, names: Iterable[str]) -> ClassDictionary:
        """A dictionary that also holds `names`, in the given order; known ones are left alone."""
        known = set(self.lookup())
        fresh: list[ClassEntry] = []
        for name in names:
            if name not in known:
                known.add(name)
                fresh.append(ClassEntry(id=self.next_id + len(fresh), name=name))
        if not fresh:
            return self
        return ClassDictionary(entries=(*self.entries, *fresh), next_id=self.next_id + len(fresh))


@dataclass(frozen=True)
class AddOptions:
    """How `add` reads what it is given.

    `class_map` renames classes on the way in (`{"pants": "trousers"}`), after the formats handed
    over the names they found; `new_classes` are put into the dictionary first; `add_classes` lets
    any new class name into a dictionary that has some already; `dry_run` changes nothing.

    `in_place` keeps no copy of the files but remembers where they lie. `frames` says which
    pictures of a video are taken: `every:0.5s`, `key`, `scene`, `scene:0.3`, `all`; empty leaves
    videos out. `pages` is `first` or `all` of a file that holds several; `window` says which grey
    values of a DICOM picture become black and white: `auto`, `full` or `CENTRE,WIDTH`. `licence`,
    `camera` and `metadata` are noted on each sample. `privacy` makes the workspace's policy
    stricter (`{"faces": "blur"}`); `deep` decodes every picture whole before it is believed.
    Files written to within the last `settle_s` seconds are left for later.
    """

    format: str = "auto"
    split: str | None = None
    class_map: Mapping[str, str] = field(default_factory=dict[str, str])
    add_classes: bool = False
    new_classes: tuple[str, ...] = ()
    dry_run: bool = False
    in_place: bool = False
    frames: str = ""
    settle_s: float = 0.0
    pages: Literal["first", "all"] = "first"
    window: str = "auto"
    licence: str = ""
    camera: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    privacy: Mapping[str, str] = field(default_factory=dict[str, str])
    deep: bool = False


@dataclass(frozen=True)
class Added:
    """What `add` did: counts, and `notes`, one per file treated other than by plainly adding it.

    `quarantined` counts files; `left_out` objects of files that were taken, which wait there too.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    left_out: int = 0
    classes_added: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Version:
    """An immutable state of a data set; `root` is the digest of its root object, `count` its samples.

    `actor` is who committed it (`user:owner`), `time` RFC 3339 in UTC, `parent` the version before;
    `merged` is the version that a merge brought in beside it, `branch` where it was committed.
    """

    dataset: str
    number: int
    root: str
    parent: int | None
    count: int
    time: str
    actor: str
    message: str
    project: str = "default"
    format: int = FORMAT
    merged: int | None = None
    branch: str = "main"

    @property
    def parents(self) -> tuple[int, ...]:
        """Numbers of the versions that it was made from: none, one, or two of a merge."""
        return tuple(each for each in (self.parent, self.merged) if each is not None)

    @property
    def name(self) -> str:
        """As people write it: `v3`; the working state has number 0 and is called `work`."""
        return f"v{self.number}" if self.number else "work"

    @property
    def ref(self) -> str:
        """As every face takes it: `cards@v3`."""
        return f"{self.dataset}@{self.name}"
