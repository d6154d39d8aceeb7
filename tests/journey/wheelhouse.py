"""The packages that are installed here as wheels in a folder, so that pip needs no network."""

from __future__ import annotations

import email
import zipfile
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from visloop.train.reproducing.wheels import own_wheel, wheel


def fill(folder: Path) -> Path:
    """Wheels of everything that Visloop without extras asks for."""
    folder.mkdir()
    with zipfile.ZipFile(own_wheel(folder)) as made:
        (about,) = (name for name in made.namelist() if name.endswith("/METADATA"))
        asked = email.message_from_bytes(made.read(about)).get_all("Requires-Dist") or []
    todo, done = [Requirement(each) for each in asked], set[str]()
    while todo:
        wanted = todo.pop()
        name = wanted.name.lower()
        here = wanted.marker is None or wanted.marker.evaluate({"extra": ""})
        if name in done or not here:
            continue
        done.add(name)
        found = metadata.distribution(name)
        _as_wheel(folder, found)
        inner = [Requirement(each) for each in found.requires or []]
        for each in inner:
            extras = each.marker and any(each.marker.evaluate({"extra": e}) for e in wanted.extras)
            if each.marker is None or each.marker.evaluate({"extra": ""}) or extras:
                each.marker = None
                todo.append(each)
    return folder


def _as_wheel(folder: Path, found: metadata.Distribution) -> None:
    name = found.name.replace("-", "_")
    files = {
        path.as_posix(): Path(str(path.locate())).read_bytes()
        for path in found.files or []
        if ".." not in path.parts and path.suffix != ".pyc" and "dist-info" not in path.parts[0]
    }
    about = found.read_text("METADATA") or ""
    wheel(folder, name, found.version, files, about, found.read_text("entry_points.txt") or "")
