"""`checkout`: a version's pictures as files; the next one touches only what differs."""

# Paths are text here: a Path for every file costs more than the system call that it is made for.
# ruff: noqa: PTH103, PTH108, PTH118

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from visloop.data import catalog
from visloop.data.checkouts.manifest import FileNames, Manifest, Row, Todo
from visloop.data.formats.pictures import split_suffix
from visloop.data.formats.target import FolderNotEmpty
from visloop.data.ingest.media import EXTENSIONS, READ_SUFFIXES
from visloop.data.records import DataPorts
from visloop.data.snapshot import Snapshot, open_ref
from visloop.data.tree.codec import Entry
from visloop.data.tree.edit import differences
from visloop.data.tree.nodes import Nodes, Tree
from visloop.data.working import batches, decode, image_of
from visloop.errors import Conflict, NotFound
from visloop.events import Scope
from visloop.ids import Ref, digest_of

_AT_ONCE: Final = 2000
_NAMED: Final = 5


class FilesChanged(Conflict):
    """Files that the checkout would write or remove were changed by somebody else."""

    code = "data.files_changed"


@dataclass(frozen=True)
class CheckedOut:
    """What a checkout did: files written, removed, left as they were; `renamed` have another name."""

    ref: str
    directory: str
    written: int
    removed: int
    unchanged: int
    renamed: int


def checkout(
    ports: DataPorts,
    scope: Scope,
    ref: Ref,
    directory: Path | str,
    *,
    force: bool = False,
    repair: bool = False,
) -> CheckedOut:
    """Write the pictures of a version into a folder, byte for byte, at their logical paths.

    What was written is remembered in the folder: of another version only what differs is written,
    and what it does not have is removed. Files of others are left alone.

    Args:
        ports: where state and bytes live.
        scope: who asks, in which project.
        ref: the version, or one split of it.
        directory: the folder; made when it is not there.
        force: overwrite and remove files that somebody changed.
        repair: look at every file, and write those again that are missing.

    Raises:
        DatasetNotFound, VersionNotFound, SplitNotFound: the reference names nothing.
        FolderNotEmpty: the place is a file.
        FilesChanged: somebody changed a file that would be written or removed; nothing was touched.
        FolderInUse: another checkout works there.
    """
    snapshot = open_ref(ports, ref, scope.project)
    folder = os.path.abspath(os.path.expanduser(directory))  # noqa: PTH100, PTH111
    if os.path.isfile(folder):  # noqa: PTH113
        raise FolderNotEmpty(f"{folder!r} is a file", fix="name a folder, or one that is not there")
    os.makedirs(folder, exist_ok=True)
    fresh = not os.listdir(folder)  # noqa: PTH208
    with Manifest(folder) as manifest:
        return _Checkout(ports, snapshot, folder, manifest).run(
            fresh=fresh, force=force, repair=repair
        )


class _Checkout:
    """One run: planned, checked, done."""

    def __init__(
        self, ports: DataPorts, snapshot: Snapshot, folder: str, manifest: Manifest
    ) -> None:
        self._ports, self._snapshot = ports, snapshot
        self._folder, self._manifest = folder, manifest
        self._made: dict[str, str] = {}  # folders of this run, as they are named and where they are

    def run(self, *, fresh: bool, force: bool, repair: bool) -> CheckedOut:
        """From the plan to the last file."""
        with self._manifest.planning() as left:
            before = None if left or repair else self._before()
            names = FileNames(self._manifest)
            self._manifest.plan(self._planned(before, names, repair=repair))
            planned = {each.file for each in self._manifest.todo()} if left else set[str]()
            self._manifest.plan(
                Todo(f"\0{file}", file, None) for file in left if file not in planned
            )
            todo = self._manifest.todo()
            if not fresh and not force:
                self._check(todo, left)
        done = self._ports.progress.track(todo, doing="check out", unit="picture", total=len(todo))
        written, removed = self._do(done)
        self._manifest.finish(self._says())
        renamed = sum(1 for each in todo if each.image and each.file != each.path)
        unchanged = self._manifest.count - written
        ref = self._snapshot.version.ref
        split = f":{self._snapshot.split}" if self._snapshot.split else ""
        return CheckedOut(f"{ref}{split}", self._folder, written, removed, unchanged, renamed)

    def _says(self) -> dict[str, str]:
        version = self._snapshot.version
        return {"root": version.root, "split": self._snapshot.split or "", "ref": version.ref}

    def _before(self) -> Tree | None:
        """The tree of the version that lies in the folder, where it can be told what differs."""
        root = self._manifest.said("root")
        split = self._manifest.said("split")
        if not root or split != (self._snapshot.split or ""):
            return None
        try:
            found = catalog.load_root(self._ports.blobs, root)
        except NotFound:  # the folder was filled from another workspace
            return None
        return Tree.open(Nodes(self._ports.blobs), found.tree)

    def _planned(self, before: Tree | None, names: FileNames, *, repair: bool) -> Iterator[Todo]:
        """What is to be written and removed."""
        pairs = self._against_rows() if before is None else self._against(before)
        for row, entry in pairs:
            if entry is None:
                if row is not None:
                    yield Todo(row.path, row.file, None)
            elif row is None:
                yield Todo(entry.key, names.unique(_file_name(entry)), image_of(entry.value))
            elif row.image != image_of(entry.value) or (repair and not self._is_there(row)):
                yield Todo(row.path, row.file, image_of(entry.value))

    def _against(self, before: Tree) -> Iterator[tuple[Row | None, Entry | None]]:
        """What differs from the version that lies in the folder."""
        split = self._snapshot.split
        for was, now in differences(before, self._snapshot.tree):
            either = now or was
            assert either is not None
            wanted = now if now is not None and (split is None or now.tag == split) else None
            yield self._manifest.get(either.key), wanted

    def _against_rows(self) -> Iterator[tuple[Row | None, Entry | None]]:
        """Every file that was written beside every sample, both by path."""
        rows = iter(list(self._manifest.rows()))
        row = next(rows, None)
        for entry in self._snapshot.tree.entries(tag=self._snapshot.split):
            while row is not None and row.path < entry.key:
                yield row, None
                row = next(rows, None)
            if row is not None and row.path == entry.key:
                yield row, entry
                row = next(rows, None)
            else:
                yield None, entry
        while row is not None:
            yield row, None
            row = next(rows, None)

    def _is_there(self, row: Row) -> bool:
        try:
            stat = os.lstat(self._place(row.file))
        except OSError:
            return False
        return (stat.st_size, stat.st_mtime_ns) == (row.size_bytes, row.mtime_ns)

    def _check(self, todo: list[Todo], left: Mapping[str, Todo]) -> None:
        """Nothing is touched where somebody else wrote; what a killed checkout left is ours."""
        changed = [each for each in todo if each.file not in left and self._is_changed(each)]
        if changed:
            raise _changed(self._folder, changed)

    def _is_changed(self, each: Todo) -> bool:
        """Whether something else lies there than this folder's checkouts wrote."""
        place = self._place(each.file)
        if not os.path.lexists(place):
            return False
        row = self._manifest.get(each.path)
        if row is not None and self._is_there(row):
            return False
        known = {each.image, row.image if row else None}
        if not os.path.isfile(place) or os.path.islink(place):  # noqa: PTH113, PTH114
            return True
        return digest_of(Path(place).read_bytes()) not in known

    def _do(self, todo: Iterator[Todo]) -> tuple[int, int]:
        written = removed = 0
        for part in batches(todo, _AT_ONCE):
            gone = [each.path for each in part if each.image is None]
            rows: list[Row] = []
            for each in part:
                if each.image is None:
                    self._remove(each.file)
                else:
                    rows.append(self._write(each, self._ports.blobs.get(each.image)))
            self._manifest.done(gone, rows)
            written, removed = written + len(rows), removed + len(gone)
        return written, removed

    def _write(self, each: Todo, data: bytes) -> Row:
        """One file; a new one in the place of an old one, so that links to that stay as they are."""
        assert each.image is not None
        inner, _, name = each.file.rpartition("/")
        folder = self._made.get(inner)
        if folder is None:
            folder = self._made[inner] = self._place(inner) if inner else self._folder
            os.makedirs(folder, exist_ok=True)
        place = folder + os.sep + name
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            handle = os.open(place, flags, 0o666)
        except FileExistsError:
            os.unlink(place)
            handle = os.open(place, flags, 0o666)
        try:  # the bare calls: a file object costs as much as the writing
            written = os.write(handle, data)
            while written < len(data):
                written += os.write(handle, memoryview(data)[written:])
            stat = os.fstat(handle)
        finally:
            os.close(handle)
        return Row(each.path, each.file, each.image, stat.st_size, stat.st_mtime_ns)

    def _remove(self, file: str) -> None:
        """The file, and the folders that nothing lies in any more."""
        with suppress(FileNotFoundError):
            os.unlink(self._place(file))
        inner = file.rpartition("/")[0]
        while inner:
            self._made.pop(inner, None)
            try:
                os.rmdir(self._place(inner))  # noqa: PTH106
            except OSError:
                return
            inner = inner.rpartition("/")[0]

    def _place(self, file: str) -> str:
        return os.path.join(self._folder, *file.split("/"))


def _file_name(entry: Entry) -> str:
    """The logical path, with a suffix that says what the bytes are where it has none."""
    _, suffix = split_suffix(entry.key)
    if suffix[1:].lower() in READ_SUFFIXES:
        return entry.key
    return entry.key + EXTENSIONS[decode(entry).media]


def _changed(folder: str, changed: list[Todo]) -> FilesChanged:
    shown = ", ".join(each.file for each in changed[:_NAMED])
    more = f" and {len(changed) - _NAMED:,} more" if len(changed) > _NAMED else ""
    return FilesChanged(
        f"in {folder!r} somebody else wrote: {shown}{more}; nothing was touched",
        fix="keep them elsewhere, then: --force   (or check out into another folder)",
    )
