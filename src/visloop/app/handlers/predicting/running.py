"""Batch prediction: sources → `Compute` → journal → files. A kill costs what was under way."""

from __future__ import annotations

import shlex
import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from visloop import data, infer, registry, store
from visloop.app.handlers.predicting.batches import Batch, id_of, keep
from visloop.app.handlers.predicting.films import check_film, write_film
from visloop.app.handlers.predicting.journal import Journal, PredictionUnderWay, journal
from visloop.app.handlers.predicting.outputs import Sheets, check_out, is_folder, write_out
from visloop.app.handlers.predicting.sources import Picture, Source, sources_of
from visloop.errors import UsageError
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope
    from visloop.infer import Answered
    from visloop.registry import ModelVersion, Package

FORMAT: Final = 1
_NAMED_ERRORS: Final = 20

_Named: TypeAlias = "tuple[str, float | None]"


@dataclass(frozen=True)
class Wanted:
    """What `predict` was asked for; `every_s` None: 1, or every frame where a film is drawn."""

    model: str
    sources: tuple[str, ...]
    out: Path | None = None
    video: Path | None = None
    every_s: float | None = None
    fresh: bool = False
    dry_run: bool = False

    @property
    def step_s(self) -> float:
        """Seconds between two frames of a film."""
        usual = 1.0 if self.video is None else 0.0
        return usual if self.every_s is None else self.every_s

    @property
    def command(self) -> str:
        """What asks for the same once more."""
        line = ["visloop", "predict", self.model, *self.sources]
        options = {"--out": self.out, "--video": self.video, "--every": self.every_s}
        for option, value in options.items():
            line += [] if value is None else [option, f"{value}"]
        return shlex.join(line)


@dataclass
class Tally:
    """What came of it; `rows` where nothing is written, else none."""

    model: str
    count: int = 0
    failed: int = 0
    resumed: int = 0
    errors: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def take(self, row: dict[str, Any]) -> None:
        """Count one row, name what could not be read."""
        self.count += 1
        if "error" not in row:
            return
        self.failed += 1
        if len(self.errors) < _NAMED_ERRORS:
            moment = f" at {row['time_s']:g} s" if "time_s" in row else ""
            self.errors.append({"file": row["file"] + moment, **row["error"]})


def predict_files(ports: Ports, scope: Scope, wanted: Wanted) -> Tally:
    """Answer every picture once, in order; what cannot be read has `error` in place of an answer.

    Raises:
        NotFound: a source does not exist.
        UsageError: the output cannot hold such answers.
        PredictionUnderWay: another prediction began at the same output.
    """
    version = registry.resolve(ports.registry, scope, Ref.parse(wanted.model))
    package = registry.load(ports.registry, version)
    with tempfile.TemporaryDirectory(prefix="predict-", dir=_scratch(ports)) as folder:
        sources = sources_of(ports, scope, wanted.sources, wanted.step_s, Path(folder))
        if not sources:
            raise UsageError("say what is to be answered", fix="visloop predict MODEL FOLDER")
        if wanted.out is not None:
            check_out(wanted.out, package.contract)
        film = check_film(wanted.video, sources) if wanted.video is not None else None
        if wanted.dry_run:
            counts = [source.count() for source in sources]
            return Tally(version.ref, count=sum(each or 0 for each in counts))
        with _kept(wanted, version, package) as kept:
            counts = [source.count() for source in sources]
            total = None if None in counts else sum(each or 0 for each in counts)
            batch = _noted(ports, wanted, version, kept, total)
            tally = _Run(ports, wanted, version, package, kept).answered(sources, total)
            if kept is not None and batch is not None:
                _finish(ports, wanted, package, kept, film)
                _note_end(ports, batch, tally)
        return tally


def _scratch(ports: Ports) -> Path:
    folder = ports.inner / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _kept(wanted: Wanted, version: ModelVersion, package: Package) -> Any:
    """The journal beside the output; none where nothing is written."""
    out = wanted.out or wanted.video
    if out is None:
        return nullcontext()
    head = {
        "format": FORMAT,
        "model": version.ref,
        "package": version.package,
        "contract": package.contract.digest,
        "sources": wanted.sources,
        "every_s": wanted.step_s,
        "out": str(wanted.out or ""),
        "video": str(wanted.video or ""),
    }
    named = wanted.out is not None and is_folder(wanted.out)
    place = out / ".answers.part" if named else out.with_name(f"{out.name}.part")
    return journal(place, head, fresh=wanted.fresh)


def _noted(
    ports: Ports, wanted: Wanted, version: ModelVersion, kept: Journal | None, total: int | None
) -> Batch | None:
    """Who looks for batch predictions finds this one from now on."""
    if kept is None:
        return None
    batch = Batch(
        id=id_of(kept.path),
        model=version.ref,
        sources=tuple(wanted.sources),
        out=_absolute(wanted.out),
        video=_absolute(wanted.video),
        command=wanted.command,
        part=_absolute(kept.path),
        total=total,
        resumed=kept.done,
        begun=ports.clock.now(),
    )
    keep(ports, batch)
    return batch


def _note_end(ports: Ports, batch: Batch, tally: Tally) -> None:
    now = ports.clock.now()
    keep(ports, msgspec.structs.replace(batch, ended=now, count=tally.count, failed=tally.failed))


def _absolute(path: Path | None) -> str:
    return "" if path is None else str(path.absolute())


def _finish(
    ports: Ports, wanted: Wanted, package: Package, kept: Journal, film: Path | None
) -> None:
    if wanted.out is not None:
        write_out(wanted.out, kept, package.contract)
    if wanted.video is not None and film is not None:
        write_film(
            ports, film, wanted.video, kept.rows(), data.colours_of(package.contract.classes)
        )
    kept.drop()


class _Run:
    """The pictures on their way through."""

    def __init__(
        self,
        ports: Ports,
        wanted: Wanted,
        version: ModelVersion,
        package: Package,
        kept: Journal | None,
    ) -> None:
        self._ports, self._kept = ports, kept
        self._tally = Tally(version.ref)
        out = wanted.out
        self._sheets = Sheets(out) if out is not None and is_folder(out) else None
        colours = data.colours_of(package.contract.classes) if self._sheets else None
        author = f"model:{version.ref}"
        self._make = partial(infer.Answering, package.onnx, package.contract, author, colours)

    def answered(self, sources: Sequence[Source], total: int | None) -> Tally:
        """Every picture that has no row yet, and the tally of all."""
        pictures = chain.from_iterable(source.pictures() for source in sources)
        if self._kept is not None and self._kept.done:
            self._skip(pictures, self._kept)
            total = None if total is None else total - self._tally.resumed
        waiting: deque[_Named] = deque()
        compute = store.compute_at(self._ports.config.compute)
        found = compute.map(self._make, _loads(pictures, waiting))
        for answer in self._ports.progress.track(found, doing="predict", unit="image", total=total):
            self._take(waiting.popleft(), answer)
        return self._tally

    def _skip(self, pictures: Iterator[Picture], kept: Journal) -> None:
        """Go past what was answered before the cut; its rows must be those of these pictures."""
        for row in kept.rows():
            picture = next(pictures, None)
            if picture is None or (picture.name, picture.time_s) != (
                row["file"],
                row.get("time_s"),
            ):
                met = "nothing" if picture is None else picture.name
                raise PredictionUnderWay(
                    f"the sources changed since this began: {row['file']} was there, now {met}",
                    fix="begin again: --fresh",
                )
            self._tally.take(row)
            if self._sheets is not None:
                self._sheets.place(row)
        self._tally.resumed = kept.done
        self._ports.progress.note(f"{kept.done:,} pictures were answered before; going on")

    def _take(self, named: _Named, answer: Answered) -> None:
        name, time_s = named
        moment = {} if time_s is None else {"time_s": time_s}
        row: dict[str, Any] = {"file": name} | moment | answer.row
        self._tally.take(row)
        if self._sheets is not None:
            place = self._sheets.place(row)
            if answer.sheet:
                self._sheets.write(place, answer.sheet)
        if self._kept is not None:
            self._kept.add(row)
        else:
            self._tally.rows.append(row)


def _loads(
    pictures: Iterator[Picture], waiting: deque[_Named]
) -> Iterator[Callable[[], infer.Item]]:
    """What brings each picture; the names of those that are under way wait for their answers."""
    for picture in pictures:
        waiting.append((picture.name, picture.time_s))
        yield picture.load
