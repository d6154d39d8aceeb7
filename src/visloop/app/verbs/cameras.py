"""Verbs over the registry of cameras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import data
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import Count, Rows, plain, rows_of
from visloop.app.verbs.metadata import MetaChanged
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class CameraAdd:
    """Put a camera into the registry: pictures that say its make, model or serial are its own.

    `add --camera ID` says it outright. What its clock is wrong by is taken off the time taken.
    """

    camera: str = arg("an id, like dock-3")
    place: str | None = opt("where it stands", default=None)
    make: str | None = opt("maker, as its pictures say it", default=None)
    model: str | None = opt("model, as its pictures say it", default=None)
    serial: str | None = opt("serial number, as its pictures say it", default=None)
    clock_offset_s: float | None = opt(
        "what its clock shows less the true time, in seconds; -3.2: it is slow", default=None
    )
    since: str | None = opt("the offset holds from this moment on (RFC 3339)", default=None)
    utc_offset: str | None = opt(
        "how its clock is set, for pictures that do not say it: +02:00", default=None
    )
    calibration: str | None = opt(
        "JSON with fx, fy, cx, cy, size_px and distortion, in pixels", default=None, path=True
    )
    colour_profile: str | None = opt("name of its colour profile", default=None)


@dataclass(frozen=True)
class CameraSet:
    """Change what is known of a camera; what it was stays among the facts."""

    camera: str = arg("its id")
    place: str | None = opt("where it stands", default=None)
    make: str | None = opt("maker, as its pictures say it", default=None)
    model: str | None = opt("model, as its pictures say it", default=None)
    serial: str | None = opt("serial number, as its pictures say it", default=None)
    clock_offset_s: float | None = opt(
        "what its clock shows less the true time, in seconds; -3.2: it is slow", default=None
    )
    since: str | None = opt("the offset holds from this moment on (RFC 3339)", default=None)
    utc_offset: str | None = opt(
        "how its clock is set, for pictures that do not say it: +02:00", default=None
    )
    calibration: str | None = opt(
        "JSON with fx, fy, cx, cy, size_px and distortion, in pixels", default=None, path=True
    )
    colour_profile: str | None = opt("name of its colour profile", default=None)


@dataclass(frozen=True)
class CameraAnswer:
    """One camera; `clocks` are its clock's offsets in the order of time."""

    id: str
    place: str
    make: str
    model: str
    serial: str
    utc_offset: str
    clocks: tuple[dict[str, Any], ...]
    calibration: dict[str, Any] | None
    colour_profile: str


def _said(ask: CameraAdd | CameraSet) -> dict[str, Any]:
    return {key: value for key, value in plain(ask).items() if key != "camera"}


def _answer(camera: data.Camera) -> CameraAnswer:
    return CameraAnswer(
        id=camera.id,
        place=camera.place,
        make=camera.make,
        model=camera.model,
        serial=camera.serial,
        utc_offset=camera.utc_offset,
        clocks=tuple(plain(each) for each in camera.clocks),
        calibration=None if camera.calibration is None else plain(camera.calibration),
        colour_profile=camera.colour_profile,
    )


@operation("camera.add", permission="data.write")
def camera_add(ports: Ports, scope: Scope, ask: CameraAdd) -> CameraAnswer:
    """A row and a fact."""
    return _answer(data.camera_add(ports.data, scope, ask.camera, _said(ask)))


@operation("camera.set", permission="data.write")
def camera_set(ports: Ports, scope: Scope, ask: CameraSet) -> CameraAnswer:
    """A row and a fact."""
    return _answer(data.camera_set(ports.data, scope, ask.camera, _said(ask)))


@dataclass(frozen=True)
class CameraList:
    """List the cameras of the project."""


@operation("camera.list", permission="data.read")
def camera_list(ports: Ports, scope: Scope, ask: CameraList) -> Rows:
    """One row a camera."""
    del ask
    return rows_of(_answer(each) for each in data.camera_list(ports.data, scope))


@dataclass(frozen=True)
class CameraShow:
    """What is known of one camera."""

    camera: str = arg("its id")


@operation("camera.show", permission="data.read")
def camera_show(ports: Ports, scope: Scope, ask: CameraShow) -> CameraAnswer:
    """As it is now."""
    return _answer(data.camera_show(ports.data, scope, ask.camera))


@dataclass(frozen=True)
class CameraRemove:
    """Take a camera out of the registry; samples keep its id, facts its history."""

    camera: str = arg("its id")


@operation("camera.remove", permission="data.write")
def camera_remove(ports: Ports, scope: Scope, ask: CameraRemove) -> Count:
    """A fact stays."""
    data.camera_remove(ports.data, scope, ask.camera)
    return Count(1)


@dataclass(frozen=True)
class CameraApply:
    """Note camera and true time on every sample of a data set again, by the registry of now."""

    dataset: str = arg("the data set")
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@operation("camera.apply", permission="data.write")
def camera_apply(ports: Ports, scope: Scope, ask: CameraApply) -> MetaChanged:
    """Staged; commit makes it last."""
    done = data.camera_apply(ports.data, scope, ask.dataset, dry_run=ask.dry_run)
    return MetaChanged(done.matched, done.changed, done.notes)


@dataclass(frozen=True)
class CameraAlign:
    """List pictures of different cameras that were shot at the same moment.

    With --group-field each group's moment is noted on its samples, so that `split --group-by` keeps
    them together.
    """

    ref: str = arg("for example photos, or photos@v1")
    tolerance_s: float = opt("how far apart the first and the last may be, in seconds", default=0.5)
    group_field: str | None = opt("note the moment under this key, like moment", default=None)
    dry_run: bool = opt("say what would happen, change nothing", default=False)


@dataclass(frozen=True)
class CameraAligned:
    """Groups in the order of time, and how many samples are in none: alone, or not placed in time."""

    groups: tuple[dict[str, Any], ...]
    alone: int
    without_camera: int
    without_time: int
    changed: int
    notes: tuple[str, ...]


@operation("camera.align", permission="data.write")
def camera_align(ports: Ports, scope: Scope, ask: CameraAlign) -> CameraAligned:
    """Staged where something is noted; commit makes it last."""
    ref = Ref.parse(ask.ref)
    ref = ref if ref.version else Ref(ref.name, "work", ref.split, ref.project)
    done = data.align(
        ports.data,
        scope,
        ref,
        ask.tolerance_s,
        group_field=ask.group_field,
        dry_run=ask.dry_run,
    )
    return CameraAligned(
        groups=tuple(plain(each) for each in done.groups),
        alone=done.alone,
        without_camera=done.without_camera,
        without_time=done.without_time,
        changed=done.changed,
        notes=done.notes,
    )
