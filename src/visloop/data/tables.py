"""The data room's tables: data sets, versions, what is staged, what was read from where.

Samples of a version are not here but in its tree; rows hold only what is not committed yet
(`working`), what speeds up the next look (`sources`, `embeddings`), and what waits for a person
(`quarantine`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from visloop.store import Json, UtcDateTime, format_column, metadata


def _owner() -> tuple[Column[str], Column[str]]:
    return Column("project", String, primary_key=True), Column("dataset", String, primary_key=True)


datasets: Final = Table(
    "datasets",
    metadata,
    *_owner(),
    Column("created", UtcDateTime, nullable=False),
    # counts changes of the working state: each transaction that stages takes the next
    Column("sequence", BigInteger, nullable=False, default=0),
    # the working class dictionary (MessagePack) and the sequence that changed it; NULL: the head's
    Column("classes", LargeBinary),
    Column("classes_seq", BigInteger, nullable=False, default=0),
    # the working fields of metadata, in the same way
    Column("fields", LargeBinary),
    Column("fields_seq", BigInteger, nullable=False, default=0, server_default="0"),
    # the first import has begun and not ended: its classes are learnt, even after a kill
    Column("learning", Boolean, nullable=False, default=False),
    # the branch that the working set belongs to: commits go there
    Column("branch", String, nullable=False, default="main", server_default="main"),
    # live; trash; purged: nothing is left but the name, and the greatest number that was given
    Column("state", String, nullable=False, default="live", server_default="live"),
    Column("removed", UtcDateTime),
    Column("given", Integer, nullable=False, default=0, server_default="0"),
    format_column(),
)

versions: Final = Table(
    "versions",
    metadata,
    *_owner(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("root", String(64), nullable=False),
    Column("parent", Integer),
    Column("count", BigInteger, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("message", Text, nullable=False),
    # the second parent, of a merge
    Column("merged", Integer),
    Column("branch", String, nullable=False, default="main", server_default="main"),
    format_column(),
)

branches: Final = Table(
    "branches",
    metadata,
    *_owner(),
    Column("name", String, primary_key=True),
    Column("head", Integer, nullable=False),
    format_column(),
)

tags: Final = Table(
    "tags",
    metadata,
    *_owner(),
    Column("name", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
)

merges: Final = Table(  # a merge or revert that waits for a person to resolve its conflicts
    "merges",
    metadata,
    *_owner(),
    Column("kind", String, nullable=False),  # merge, revert
    Column("base", Integer),  # the version that is reverted
    Column("theirs", Integer),  # the version that is merged
    Column("named", String, nullable=False),  # as the person said it: a branch, a version
    Column("rule", String, nullable=False),
    Column("message", Text, nullable=False),
    Column("actor", String, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    format_column(),
)

choices: Final = Table(  # what was taken for conflicts of the merge that waits
    "merge_choices",
    metadata,
    *_owner(),
    Column("conflict", String, primary_key=True),
    Column("take", String, nullable=False),
    format_column(),
)

working: Final = Table(
    "working",
    metadata,
    *_owner(),
    Column("path", String, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("split", String, nullable=False, default=""),
    Column("sample", LargeBinary),  # MessagePack of a Sample; NULL: taken out
    format_column(),
)

sources: Final = Table(
    "sources",
    metadata,
    *_owner(),
    Column("file", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    # -1: changed so shortly before it was read that an equal time proves nothing
    Column("mtime_ns", BigInteger, nullable=False),
    Column("labels", String, nullable=False),
    Column("state", String, nullable=False),  # sample, quarantined, labels
    Column("path", String, nullable=False),
    Column("image", String, nullable=False),
    # of a file that is stored changed (converted, cleaned), or whose parts are: the keyed digest of
    # its own bytes; "" where `image` is their digest
    Column("original", String, nullable=False, default="", server_default=""),
    format_column(),
    sqlite_with_rowid=False,
)

roots: Final = Table(
    "source_roots",
    metadata,
    *_owner(),
    Column("root", String, primary_key=True),
    Column("raw", LargeBinary, nullable=False),  # as the system names it, also where not UTF-8
    Column("added", UtcDateTime, nullable=False),
    format_column(),
)

located: Final = Table(  # files left where they lie: their bytes are not in the store
    "located",
    metadata,
    Column("image", String(64), primary_key=True),
    Column("file", String, primary_key=True),
    Column("raw", LargeBinary, nullable=False),  # as the system names it, also where not UTF-8
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("noted", UtcDateTime, nullable=False),
    format_column(),
    Index(None, "file"),
)

fetched: Final = Table(  # what servers said of URLs, to ask them next time whether that changed
    "fetched",
    metadata,
    Column("url", String, primary_key=True),
    Column("stamp", BigInteger, primary_key=True, autoincrement=False),  # stands for the bytes
    Column("etag", String, nullable=False),
    Column("modified", String, nullable=False),
    format_column(),
)

quarantine: Final = Table(
    "quarantine",
    metadata,
    *_owner(),
    Column("id", String, primary_key=True),
    Column("path", String, nullable=False),
    Column("source", String, nullable=False),
    Column("reason_code", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fix", Text, nullable=False),
    Column("image", String),
    Column("split", String),
    Column("time", UtcDateTime, nullable=False),
    Column("found", LargeBinary),  # MessagePack of what the scan said, to retry with its labels
    Column("state", String, nullable=False),  # waiting, repaired, removed
    Column("closed_because", Text, nullable=False, default=""),
    format_column(),
    Index(None, "project", "dataset", "source"),
)

embeddings: Final = Table(
    "embeddings",
    metadata,
    Column("model", String, primary_key=True),
    Column("image", String, primary_key=True),
    Column("chunk", String(64), nullable=False),
    Column("row", Integer, nullable=False),
    format_column(),
    sqlite_with_rowid=False,
)

cameras: Final = Table(
    "cameras",
    metadata,
    Column("project", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("camera", LargeBinary, nullable=False),  # MessagePack of a Camera
    Column("added", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    format_column(),
)

picks: Final = Table(  # samples chosen by hand
    "picks",
    metadata,
    Column("project", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("dataset", String, nullable=False),
    Column("samples", LargeBinary, nullable=False),  # 16 bytes each, ascending
    Column("count", Integer, nullable=False),
    Column("created", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    format_column(),
)

bulk_changes: Final = Table(  # changes of many samples, to be taken back
    "bulk_changes",
    metadata,
    Column("project", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("dataset", String, nullable=False),
    Column("says", Json, nullable=False),
    # MessagePack of `Before` of each sample, by Zstandard
    Column("before", LargeBinary, nullable=False),
    Column("tasks", Json, nullable=False),
    Column("matched", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("time", UtcDateTime, nullable=False),
    Column("actor", String, nullable=False),
    Column("undone", UtcDateTime),
    format_column(),
    Index(None, "project", "dataset", "time"),
)
