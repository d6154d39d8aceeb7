"""Cameras kept per project: added, changed and removed as facts, so that their history stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, delete, select, text

from visloop.data.cameras.records import Calibration, Camera, ClockOffset
from visloop.data.cameras.stamping import Stamp, zone_of
from visloop.data.fields.values import as_moment
from visloop.data.records import DataPorts
from visloop.data.tables import cameras
from visloop.errors import Conflict, NotFound, UsageError, did_you_mean
from visloop.events import Scope
from visloop.ids import check_name
from visloop.store import Write, utc_text

_TEXTS: Final = ("place", "make", "model", "serial", "colour_profile")
_LENGTHS: Final = frozenset({0, 4, 5, 8, 12, 14})
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
_UPSERT: Final = text(
    "INSERT INTO cameras (project, id, camera, added, changed, format)"
    " VALUES (:project, :id, :camera, :now, :now, 1)"
    " ON CONFLICT (project, id) DO UPDATE SET camera = excluded.camera, changed = excluded.changed"
)


class CameraNotFound(NotFound):
    """The project has no camera of that id."""

    code = "data.camera_not_found"


class CameraExists(Conflict):
    """There is a camera of that id."""

    code = "data.camera_exists"


def cameras_of(connection: Connection, project: str) -> list[Camera]:
    """Every camera of the project, by id."""
    query = select(cameras.c.camera).where(cameras.c.project == project).order_by(cameras.c.id)
    return [msgspec.msgpack.decode(raw, type=Camera) for raw in connection.scalars(query)]


def stamp_of(connection: Connection, project: str) -> Stamp:
    """What notes camera and time on samples, by the registry as it is now."""
    return Stamp(cameras_of(connection, project))


def camera_list(ports: DataPorts, scope: Scope) -> list[Camera]:
    """Every camera of the project, by id."""
    with ports.ledger.read() as connection:
        return cameras_of(connection, scope.project)


def camera_show(ports: DataPorts, scope: Scope, camera: str) -> Camera:
    """One camera.

    Raises:
        CameraNotFound: there is none of that id.
    """
    with ports.ledger.read() as connection:
        return find(connection, scope.project, camera)


def find(connection: Connection, project: str, camera: str) -> Camera:
    """One camera, in the caller's transaction.

    Raises:
        CameraNotFound: there is none of that id.
    """
    known = {each.id: each for each in cameras_of(connection, project)}
    if camera not in known:
        otherwise = f"add it: visloop camera add {camera}"
        raise CameraNotFound(
            f"there is no camera {camera!r}",
            fix=did_you_mean(camera, known, otherwise=otherwise),
        )
    return known[camera]


def camera_add(
    ports: DataPorts, scope: Scope, camera: str, said: Mapping[str, Any] | None = None
) -> Camera:
    """Put a camera into the registry; `said` as `camera_set` takes it.

    Raises:
        CameraExists: there is one of that id.
        UsageError: what is said of it cannot be.
    """
    check_name(camera, "camera id")
    made = described(Camera(id=camera), said or {})
    with ports.ledger.write(scope) as write:
        if any(each.id == camera for each in cameras_of(write.connection, scope.project)):
            raise CameraExists(
                f"there is a camera {camera!r} already", fix=f"visloop camera set {camera} …"
            )
        _keep(write, made)
        write.fact("camera.added", camera, camera=made.to_dict())
    return made


def camera_set(ports: DataPorts, scope: Scope, camera: str, said: Mapping[str, Any]) -> Camera:
    """Change what is known of a camera; what it was stays in the facts.

    Args:
        ports: where state lives.
        scope: the project.
        camera: its id.
        said: any of place, make, model, serial, colour_profile, utc_offset (texts), clock_offset_s
            with since (RFC 3339, the moment from which it holds; empty: ever), calibration (a
            file of JSON). None leaves things as they are, an empty text takes them away.

    Raises:
        CameraNotFound: there is none of that id.
        UsageError: what is said of it cannot be.
    """
    with ports.ledger.write(scope) as write:
        was = find(write.connection, scope.project, camera)
        now = described(was, said)
        if now != was:
            _keep(write, now)
            write.fact("camera.changed", camera, camera=now.to_dict())
    return now


def camera_remove(ports: DataPorts, scope: Scope, camera: str) -> None:
    """Take a camera out of the registry; samples keep its id.

    Raises:
        CameraNotFound: there is none of that id.
    """
    with ports.ledger.write(scope) as write:
        find(write.connection, scope.project, camera)
        mine = (cameras.c.project == scope.project) & (cameras.c.id == camera)
        write.execute(delete(cameras).where(mine))
        write.fact("camera.removed", camera)


def _keep(write: Write, camera: Camera) -> None:
    row = {"project": write.scope.project, "id": camera.id, "now": utc_text(write.now)}
    write.execute(_UPSERT, row | {"camera": msgspec.msgpack.encode(camera)})


def described(camera: Camera, said: Mapping[str, Any]) -> Camera:
    """The camera with what is said of it.

    Raises:
        UsageError: it cannot be.
    """
    changes: dict[str, Any] = {key: said[key] for key in _TEXTS if said.get(key) is not None}
    if (zone := said.get("utc_offset")) is not None:
        changes["utc_offset"] = _zone(zone)
    if (offset := said.get("clock_offset_s")) is not None:
        since = _since(said.get("since") or "")
        kept = [each for each in camera.clocks if each.since != since]
        clocks = [*kept, ClockOffset(offset_s=float(offset), since=since)]
        ordered = sorted(
            clocks, key=lambda each: as_moment(each.since).timestamp() if each.since else 0
        )
        changes["clocks"] = tuple(ordered)
    elif said.get("since"):
        raise UsageError("since when, but not what", fix="--clock-offset-s SECONDS --since TIME")
    if (file := said.get("calibration")) is not None:
        changes["calibration"] = _calibration(Path(file)) if file else None
    return replace(camera, **changes)


def _zone(text: str) -> str:
    try:
        if text:
            zone_of(text)
    except ValueError:
        raise UsageError(
            f"{text!r} is no offset from UTC", fix="write it like --utc-offset +02:00"
        ) from None
    return text


def _since(text: str) -> str:
    if text and not _MOMENT.fullmatch(text):
        raise UsageError(
            f"{text!r} is no moment", fix="write it like --since 2024-05-01T12:00:00+02:00"
        )
    return text


def _calibration(file: Path) -> Calibration:
    wanted = '{"fx": 910.0, "fy": 910.0, "cx": 640.0, "cy": 360.0, "size_px": [1280, 720]}'
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Calibration)
    except OSError as problem:
        raise UsageError(f"{file}: {problem.strerror}", fix="give a file of JSON") from problem
    except msgspec.MsgspecError as problem:
        raise UsageError(f"{file}: {problem}", fix=f"write it like {wanted}") from problem
    if min(found.fx, found.fy, *found.size_px) <= 0:
        raise UsageError(f"{file}: focal lengths and size must be above 0", fix=f"like {wanted}")
    if len(found.distortion) not in _LENGTHS:
        raise UsageError(
            f"{file}: {len(found.distortion)} distortion coefficients", fix="give 4, 5, 8, 12 or 14"
        )
    return found
