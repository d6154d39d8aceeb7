"""Python says the same as the command line:

ws = visloop.open(".")                       # or visloop.open("http://127.0.0.1:8484")
ds = ws.dataset("cards")
ds.add("photos/")
v = ds.commit("first")
run = ws.train(v, recipe="classify-linear", model="reader")
report = run.model.evaluate(v["test"])
ws.deploy(run.model, as_="desk")
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from visloop import app
from visloop.faces.sdk.connections import Connection, local, remote
from visloop.faces.sdk.finding import Finding, bytes_of
from visloop.faces.sdk.metadata import Metadata
from visloop.faces.sdk.removal import Removable
from visloop.faces.sdk.searching import Searching
from visloop.faces.sdk.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from visloop.app import Operation
    from visloop.progress import Progress

Ask = TypeVar("Ask")
Answer = TypeVar("Answer")


class Workspace(Searching, Finding):
    """An open workspace, here or on a server; a context manager."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def call(self, operation: Operation[Ask, Answer], ask: Ask) -> Answer:
        """Run any operation of `visloop.app`; every verb has one.

        Raises:
            VisloopError: what happened and how to mend it.
        """
        return self.connection.call(operation, ask)

    def dataset(self, name: str) -> Dataset:
        """The data set of that name; it comes into being with its first `add`."""
        return Dataset(self, name)

    def cameras(self) -> tuple[dict[str, Any], ...]:
        """The cameras of the registry, by id."""
        return self.call(app.camera_list, app.CameraList()).rows

    def model(self, ref: str) -> Model:
        """A model version, `reader@v1` or `reader@champion`."""
        return Model(self, ref)

    def train(
        self,
        on: VersionRef | str,
        *,
        recipe: str = "classify-linear",
        model: str = "",
        set_: Mapping[str, str] | None = None,
        seed: int = 0,
    ) -> Run:
        """Train on a data version; the run knows its model."""
        ask = app.Train(ref=str(on), recipe=recipe, model=model, set=dict(set_ or {}), seed=seed)
        done = self.call(app.train, ask)
        return Run(self, done.run, done.model)

    def import_model(
        self,
        file: str | Path,
        *,
        as_: str = "",
        contract: str | Path | None = None,
        signer: str = "",
        dry_run: bool = False,
    ) -> Model:
        """Make a model of an ONNX file and its contract, or of a file that `Model.export` wrote.

        Of a dry run only the checks are made.
        """
        known = None if contract is None else _place(contract)
        ask = app.ModelImport(
            file=_place(file), as_=as_, contract=known, signer=signer, dry_run=dry_run
        )
        return Model(self, self.call(app.model_import, ask).model or as_)

    def gate(self, model: Model | str, *, against: str | None = None) -> app.Gated:
        """Judge a model by the policy of `visloop.yaml`."""
        return self.call(app.gate, app.Gate(model=str(model), against=against))

    def deploy(self, model: Model | str, *, as_: str) -> app.Deployed:
        """Serve a model under a name."""
        return self.call(app.deploy, app.Deploy(model=str(model), as_=as_))

    def verify(self, *, quick: bool = False, repair: bool = False) -> app.VerifyAnswer:
        """Read every stored byte again, follow every link; `ok`, or the problems."""
        return self.call(app.verify, app.Verify(quick=quick, repair=repair))

    def gc(self, *, dry_run: bool = False) -> app.GcAnswer:
        """Remove bytes that nothing leads to any more."""
        return self.call(app.gc, app.Gc(dry_run=dry_run))

    def close(self) -> None:
        """Flush, seal, let go."""
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True)
class VersionRef:
    """A committed version; `v["test"]` is one of its splits."""

    dataset: str
    version: str
    split: str | None = None

    def __getitem__(self, split: str) -> VersionRef:
        return VersionRef(self.dataset, self.version, split)

    def __str__(self) -> str:
        tail = f":{self.split}" if self.split else ""
        return f"{self.dataset}@{self.version}{tail}"


def _place(path: str | Path) -> str:
    """A path as the server needs it; URLs (`s3://…`) as they are."""
    text = str(path)
    return text if "://" in text else str(Path(text).expanduser().absolute())


class Dataset(Removable):
    """One data set."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        super().__init__(workspace.connection, name)
        self._workspace = workspace

    @property
    def meta(self) -> Metadata:
        """What is known of its pictures besides labels."""
        return Metadata(self._workspace.connection, self.name)

    @property
    def versions(self) -> Versions:
        """Its tags, branches and merges."""
        return Versions(self._workspace.connection, self.name)

    def add(self, *paths: str | Path, **options: Any) -> app.AddAnswer:
        """Bring pictures in; `options` are the fields of `visloop.app.Add`."""
        places = tuple(map(_place, paths))
        return self._workspace.call(app.add, app.Add(paths=places, to=self.name, **options))

    def commit(
        self, message: str, *, base: VersionRef | str | None = None, branch: str | None = None
    ) -> VersionRef:
        """Record an immutable version; refused when somebody committed after `base`."""
        on = None if base is None else str(base)
        ask = app.Commit(dataset=self.name, message=message, base=on, branch=branch)
        return VersionRef(self.name, self._workspace.call(app.commit, ask).version)

    def split(self, *, seed: int = 0, **shares: float) -> dict[str, int]:
        """Share out into splits: `ds.split(train=.8, test=.2)`."""
        ask = app.Split(dataset=self.name, shares=dict(shares), seed=seed)
        return self._workspace.call(app.split, ask).splits

    def log(self, branch: str | None = None) -> tuple[dict[str, Any], ...]:
        """Versions, newest first; of one branch, or of all."""
        return self._workspace.call(app.log, app.Log(dataset=self.name, branch=branch)).rows

    def diff(self, a: str, b: str, **options: Any) -> app.DiffAnswer:
        """Compare two versions, `ds.diff("v1", "v2")`; `options` are the fields of `visloop.app.Diff`.

        `ds.diff("v1", "v2", sheet="changes.html")` draws what changed.
        """
        if options.get("sheet"):
            options["sheet"] = _place(options["sheet"])
        ask = app.Diff(a=f"{self.name}@{a}", b=f"{self.name}@{b}", **options)
        return self._workspace.call(app.diff, ask)

    def query(self, text: str, version: str = "work", **options: Any) -> app.QueryAnswer:
        """Samples or objects on which a question holds: `ds.query('box(label = "cat")')`.

        `options` are the fields of `visloop.app.Query`: `of`, `offset`, `limit`, `facets`,
        `histograms`.
        """
        ask = app.Query(text=text, at=f"{self.name}@{version}", **options)
        return self._workspace.call(app.query, ask)

    def search(
        self,
        words: str = "",
        *,
        image: str | Path | bytes = "",
        version: str = "work",
        **options: Any,
    ) -> app.SearchAnswer:
        """The samples nearest to words or to a picture: `ds.search("a red shirt")`."""
        at = f"{self.name}@{version}"
        return self._workspace.search(words, image=image, at=at, **options)

    def samples(self, version: str = "work", *, offset: int = 0, limit: int = 50) -> app.SamplePage:
        """A page of samples."""
        ask = app.Samples(ref=f"{self.name}@{version}", offset=offset, limit=limit)
        return self._workspace.call(app.samples, ask)

    def export(self, version: str, directory: str | Path, *, format: str = "coco") -> app.Exported:  # noqa: A002
        """Write a version out."""
        place = str(Path(directory).expanduser().absolute())
        ask = app.Export(ref=f"{self.name}@{version}", directory=place, format=format)
        return self._workspace.call(app.export, ask)

    def __str__(self) -> str:
        return self.name


class Model:
    """One model version."""

    def __init__(self, workspace: Workspace, ref: str) -> None:
        self._workspace = workspace
        self.ref = ref

    def evaluate(
        self, on: VersionRef | str, *, slices: tuple[str, ...] = (), html: str | None = None
    ) -> app.Evaluated:
        """Judge it on a data version or split, and on the slices of it that questions find."""
        ask = app.Evaluate(model=self.ref, on=str(on), slice=slices, html=html)
        return self._workspace.call(app.evaluate, ask)

    def explain(self, picture: str | Path | bytes, **options: Any) -> app.Explained:
        """Why it answers so about a picture: a file, its bytes, a sample's path, a prediction's id."""
        raw = picture if isinstance(picture, bytes) else bytes_of(picture)
        named = "" if isinstance(picture, bytes) else str(picture)
        sent = b64encode(raw).decode()
        ask = app.Explain(model=self.ref, picture=named, data=sent, **options)
        return self._workspace.call(app.explain, ask)

    def reproduce(self, *, fresh: bool = False) -> app.Reproduced:
        """Train it once more from what its run recorded, and compare byte by byte.

        `fresh`: in an environment of its own, with the packages that the run recorded.
        """
        ask = app.Reproduce(model=self.ref, environment="fresh" if fresh else "here")
        return self._workspace.call(app.reproduce, ask)

    def predict(self, *sources: str | Path) -> tuple[dict[str, Any], ...]:
        """Answers to pictures and folders."""
        places = tuple(map(_place, sources))
        return self._workspace.call(app.predict, app.Predict(model=self.ref, sources=places)).rows

    @property
    def incidents(self) -> tuple[dict[str, Any], ...]:
        """The open incidents that every gate of a model of this name asks about, newest first."""
        name = self.ref.partition("@")[0]
        return self._workspace.call(app.incident_list, app.IncidentList(model=name)).rows

    def add_incident(self, source: str | Path, *expect: str, why: str = "") -> app.IncidentAdded:
        """Make a prediction's picture (by its id), or a picture's file, a test of every later gate.

        `expect` is as on the command line: `class=hat`, `absent=dog`, `box=hat 10 20 110 200`.
        """
        file = str(source.absolute()) if isinstance(source, Path) else None
        ask = app.IncidentAdd(
            source="" if isinstance(source, Path) else source,
            image=file,
            expect=expect,
            model=self.ref.partition("@")[0],
            why=why,
        )
        return self._workspace.call(app.incident_add, ask)

    def predict_to(
        self,
        out: str | Path,
        *sources: str | Path,
        video: str | Path | None = None,
        every: float | None = None,
    ) -> app.Predicted:
        """Answers to any number of pictures into a file or a folder, as `visloop predict --out`."""
        ask = app.Predict(
            model=self.ref,
            sources=tuple(map(_place, sources)),
            out=_place(out),
            video=_place(video) if video is not None else None,
            every=every,
        )
        return self._workspace.call(app.predict, ask)

    def export(self, file: str | Path) -> app.ModelExported:
        """Write it as one signed file, with its lineage and bill of materials."""
        ask = app.ModelExport(ref=self.ref, file=_place(file))
        return self._workspace.call(app.model_export, ask)

    def __str__(self) -> str:
        return self.ref


@dataclass(frozen=True)
class Run:
    """A finished training run."""

    workspace: Workspace
    id: str
    model_ref: str

    @property
    def model(self) -> Model:
        """The model that it made."""
        return Model(self.workspace, self.model_ref)


def init(root: str | Path = ".") -> bool:
    """Make a workspace; True when it was not there before."""
    return app.create(Path(root))


def open(  # noqa: A001 - `visloop.open`, as one opens a file
    where: str | Path = ".",
    *,
    token: str | None = None,
    project: str | None = None,
    progress: Progress | None = None,
) -> Workspace:
    """Open a workspace folder, or a server by its address.

    Raises:
        WorkspaceNotFound: no workspace there.
    """
    text = str(where)
    if text.startswith(("http://", "https://")):
        return Workspace(remote(text, token=token, project=project, progress=progress))
    return Workspace(local(text, project=project, progress=progress))
