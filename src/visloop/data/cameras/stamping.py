"""Which camera shot a picture, and when in true time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from visloop.data.cameras.records import Camera
from visloop.data.fields.values import as_moment

TAKEN: Final = ("exif.taken", "video.taken", "dicom.taken")
"""The fields that hold a time by the camera's own clock; the first that a sample has counts."""
_SAYS: Final = (("serial", "exif.serial"), ("model", "exif.model"), ("make", "exif.make"))


class Stamp:
    """Notes `camera` and `captured` on metadata, by a registry that was read once."""

    def __init__(self, cameras: Iterable[Camera]) -> None:
        self._cameras = {each.id: each for each in cameras}
        self._described = [each for each in self._cameras.values() if each.serial or each.model]

    def __call__(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """The metadata with what can be said; the same object where nothing can."""
        taken = next((value for key in TAKEN if (value := metadata.get(key))), None)
        if taken is None and not self._described:
            return metadata
        name = metadata.get("camera") or self._match(metadata)
        camera = self._cameras.get(str(name))
        found: dict[str, Any] = {}
        if camera is not None and "camera" not in metadata:
            found["camera"] = camera.id
        if isinstance(taken, str) and (moment := captured(taken, camera)) is not None:
            found["captured"] = moment
        return metadata | found if found else metadata

    def _match(self, metadata: Mapping[str, Any]) -> str | None:
        """The one camera that the picture says it is of; one known by its serial number first."""
        fitting = [each for each in self._described if _is_of(each, metadata)]
        numbered = [each for each in fitting if each.serial]
        best = numbered or fitting
        return best[0].id if len(best) == 1 else None


def _is_of(camera: Camera, metadata: Mapping[str, Any]) -> bool:
    return all(
        not (wanted := getattr(camera, name))
        or str(metadata.get(key, "")).strip().casefold() == wanted.strip().casefold()
        for name, key in _SAYS
    )


def captured(taken: str, camera: Camera | None) -> str | None:
    """The true time in UTC of what a camera's clock told; None where its offset is not known.

    Args:
        taken: RFC 3339, with or without an offset from UTC.
        camera: whose clock it was, if that is known.
    """
    try:
        moment = as_moment(taken)
    except ValueError:
        return None
    if moment.tzinfo is None:
        zone = camera.utc_offset if camera else ""
        if not zone:
            return None
        moment = moment.replace(tzinfo=zone_of(zone))
    if camera is not None:
        moment -= timedelta(seconds=offset_s(camera, moment))
    return _utc(moment)


def offset_s(camera: Camera, moment: datetime) -> float:
    """What the camera's clock was wrong by, in seconds, when it showed this moment."""
    offset = 0.0
    for each in camera.clocks:  # in the order of `since`
        shown_since = each.since and as_moment(each.since) + timedelta(seconds=each.offset_s)
        if not shown_since or shown_since <= moment:
            offset = each.offset_s
    return offset


def zone_of(text: str) -> timezone:
    """`+02:00` or `Z` as a time zone.

    Raises:
        ValueError: it is not an offset.
    """
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{text}").utcoffset()
    if found is None:
        raise ValueError(text)
    return timezone(found)


def _utc(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat()
    head, dot, tail = text.partition(".")
    if not dot:
        return text.removesuffix("+00:00") + "Z"
    return f"{head}.{tail.removesuffix('+00:00').rstrip('0')}Z"
