"""Security: can any part run code, is every part what was stored, who signed it, under which licences.

A model is not opened by what it says of itself: the network goes through the allow-list that guards
every load (`infer.check_model`), the reference is read without pickles.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Any, Final

import msgspec
import numpy as np

from visloop import registry, train
from visloop.errors import NotFound, VisloopError
from visloop.evaluate.assess.case import Case
from visloop.evaluate.assess.records import Bound, Figure, Kind, Outcome
from visloop.infer import check_model

_FINE: Final = "fine"
_LICENCES: Final = ("License-Expression", "License")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`licences`: words that the licence of no library behind the model may hold.

    `signed`: a model that was brought in must have been signed.
    """

    licences: tuple[str, ...] = ("AGPL", "SSPL", "BUSL", "Commons Clause")
    signed: bool = False


def _assess(case: Case[Settings]) -> Outcome:
    rows = [*_files(case), _signature(case)]
    libraries = list(_libraries(case))
    unknown = sum(row["found"] == "" for row in libraries)
    refused = [row for row in libraries if row["finding"] != _FINE]
    problems = sum(row["finding"] != _FINE for row in (*rows, *refused))
    notes = ["the network holds nothing but operators of known libraries, and no path to a file"]
    if rows[0]["finding"] != _FINE:
        notes = ["this model is refused wherever it would be loaded"]
    if libraries:
        notes.append(
            f"{len(libraries)} libraries stood in the environment of its training; the licences of "
            f"{len(libraries) - unknown} are known here"
        )
    else:
        notes.append("no run of this workspace made it: the libraries behind it are not known")
    return Outcome(
        figures={
            "problems": Figure(value=problems, n=len(rows) + len(libraries)),
            "refused_licences": Figure(value=len(refused), n=len(libraries)),
            "unknown_licences": Figure(value=unknown, n=len(libraries)),
        },
        rows=(*rows, *refused),
        notes=tuple(notes),
    )


def _row(part: str, checked: str, found: str, finding: str = _FINE) -> dict[str, Any]:
    return {"part": part, "checked": checked, "found": found, "finding": finding}


def _files(case: Case[Settings]) -> Iterator[dict[str, Any]]:
    """The network first."""
    package = case.package
    checked = "ONNX, self-contained, of known operators"
    try:
        model = check_model(package.onnx)
        known = ", ".join(
            f"{each.domain or 'ai.onnx'} {each.version}" for each in model.opset_import
        )
        yield _row("network", checked, f"{len(model.graph.node)} operators of {known}")
    except VisloopError as error:
        yield _row("network", checked, "", error.what)
    if package.reference is not None:
        checked = "plain arrays, no pickle"
        try:
            with np.load(io.BytesIO(package.reference), allow_pickle=False) as held:
                count = sum(held[name] is not None for name in held.files)
            yield _row("reference", checked, f"{count} arrays")
        except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
            yield _row("reference", checked, "", f"not an archive of plain arrays: {error}")
    parts = registry.manifest_of(case.ports.registry, case.version).sizes
    yield _row("package", "every part by its digest", f"{len(parts)} parts are what was stored")


def _signature(case: Case[Settings]) -> dict[str, Any]:
    facts = case.ports.ledger.facts(
        kinds=["model.imported"], subject=case.version.ref, project=case.scope.project
    )
    brought = [fact.payload for fact in facts]
    checked = "who signed it"
    if not brought and not case.version.run.startswith("import-"):
        return _row("signature", checked, f"made here by {case.version.run}")
    signer = str(brought[-1].get("signer", "")) if brought else ""
    if signer:
        return _row("signature", checked, f"brought in, signed by {signer}")
    wanted = "brought in, and nobody signed it" if case.settings.signed else _FINE
    return _row("signature", checked, "brought in, unsigned", wanted)


def _libraries(case: Case[Settings]) -> Iterator[dict[str, Any]]:
    """Each library that stood in the environment of the training, with its licence where known."""
    for name, version in sorted(_environment(case).items()):
        licence = _licence(name, version)
        bad = [word for word in case.settings.licences if _says(licence, word)]
        finding = f"{bad[0]} is refused" if bad else _FINE
        yield _row(f"{name} {version}", "licence", licence, finding)


def _environment(case: Case[Settings]) -> Mapping[str, str]:
    ports = train.TrainPorts(case.ports.ledger, case.ports.blobs, case.ports.progress)
    try:
        run = train.show_run(ports, case.scope, case.version.run).run
    except NotFound:
        return {}
    return run.environment.get("packages", {})


def _says(licence: str, word: str) -> bool:
    return re.search(rf"(?<![A-Za-z]){re.escape(word)}", licence, re.IGNORECASE) is not None


def _licence(name: str, version: str) -> str:
    """What the library says of itself, where this very version is installed here; else empty."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    told = {key: about[key] for key in ("Version", *_LICENCES) if key in about}
    if told.get("Version") != version:
        return ""
    classified = [
        line.rpartition("::")[2].strip()
        for line in about.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    said, text = (told.get(key, "").strip() for key in _LICENCES)
    return said or ", ".join(classified) or text.partition("\n")[0]


KIND: Final = Kind(
    name="scan",
    about="security: nothing can run code, every part is whole, signature, licences",
    headline=Bound("problems", at_most=0, why="one is enough to lose a machine, or a court case"),
    assess=_assess,
    settings=Settings,
    on_data=False,
)
