"""Films on their way in: which frames are taken, and a reference into the film for each of them."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import msgspec

from visloop.data.ingest.probe import refuse, unreadable
from visloop.data.ingest.records import FRAME, BrokenFile, Found, Moment, Part, Probe
from visloop.data.intake.looking import RACY, TICK_NS
from visloop.data.intake.reading import (
    KEPT_REFUSED_BYTES,
    UNKNOWN_SIZE,
    Outcome,
    candidate_of,
    from_piece,
    labels_digest,
)
from visloop.data.media import Piece, Sink
from visloop.data.media.film import Film
from visloop.data.media.policy import chosen, parse_frames, scene_starts
from visloop.data.media.video import Marks
from visloop.data.records import Refusal
from visloop.store import reference
from visloop.vision import is_followed

Same = Callable[[Found, str], bool]
"""Whether a frame was added before and is as it was: then it is not decoded."""

_FIXES: Final = {
    "not_a_video": "check where it came from: the name promises a film",
    "no_video": "remove it, or look for the file that holds the pictures",
    "no_times": "put it into a container that says them: ffmpeg -i FILE -c copy FILE.mp4",
    "no_frames": "copy it again from where it came",
    "truncated": "copy it again; what a camera did not finish can be mended: untrunc GOOD.mp4 THIS.mp4",
    "too_large": "leave it where it lies: visloop add FILE --frames … --in-place",
    "too_many_pixels": "scale it down: ffmpeg -i FILE -vf scale=3840:-2 SMALLER.mp4",
    "too_many_frames": "take fewer (--frames every:5s), or raise ingest.frames_per_video in visloop.yaml",
    "decode_error": "copy it again from where it came, or leave the frame out",
}


class Films:
    """Turns films into outcomes, one a frame; holds the last one open. Close it at the end."""

    def __init__(self, sink: Sink, max_frames: int) -> None:
        self._sink, self._max_frames = sink, max_frames
        self._film: Film | None = None
        self._kept = False

    def outcomes(
        self, found: Found, labels: str, same: Same, renames: Mapping[str, str]
    ) -> Iterator[Outcome | None]:
        """Every frame that the policy takes (None: as it was), and at last what became of the film.

        The film itself comes last, so that one whose `add` was killed is looked at again.

        Raises:
            MissingExtra: no reader of films is installed.
        """
        assert found.part is not None
        seen = (found.source, found.path, UNKNOWN_SIZE, RACY, labels, "", None)
        try:
            film = self._hold(found)
            marks = film.reader.marks()
            for frame in self._frames(found, film, marks):
                words = self._sink.guard.signed(labels_digest(frame, renames))
                yield None if same(frame, words) else self._frame(frame, words, film)
        except OSError as problem:
            yield Outcome(*seen, (unreadable(found.path, found.source, problem),), found)
        except BrokenFile as broken:
            yield self._refused(found, labels, broken)
        else:
            refusals = tuple(_missing(found, film, marks))
            guard = self._sink.guard
            told = ("", guard.mark(film.digest)) if guard.policy.active else (film.digest, "")
            yield Outcome(
                *_seen(found, labels, film), told[0], None, refusals, found, original=told[1]
            )

    def frame(self, found: Found, labels: str) -> Outcome:
        """One frame again, that was refused before."""
        try:
            return self._frame(found, labels, self._hold(found))
        except OSError as problem:
            refusal = unreadable(found.path, found.source, problem)
        except BrokenFile as broken:
            refusal = _refusal(found, broken)
        seen = (found.source, found.path, UNKNOWN_SIZE, RACY, labels, "", None)
        return Outcome(*seen, (refusal,), found)

    def close(self) -> None:
        """Let go of the film."""
        if self._film is not None:
            self._film.close()
            self._film = None

    def _hold(self, found: Found) -> Film:
        held, stat = self._film, Path(found.file).stat()
        seen = (found.file, stat.st_size, stat.st_mtime_ns)
        if held is not None and seen == (held.file, held.size_bytes, held.mtime_ns):
            return held
        self.close()
        self._film = Film(found.file, in_place=found.in_place)
        self._kept = False
        return self._film

    def _frames(self, found: Found, film: Film, marks: Marks) -> Iterator[Found]:
        """The frames that the policy takes, unread, in order."""
        assert found.part is not None
        policy = parse_frames(found.part.at["frames"])
        common = _properties(found, film)
        if policy.kind == "scene":
            starts = scene_starts(film.reader.thumbnails(), policy.threshold)
            positions: Iterable[int] = (bisect_left(marks.times, pts) for pts in starts)
        else:
            positions = chosen(policy, marks, film.reader.info.time_base)
            self._check(len(positions))
        for count, at in enumerate(positions, start=1):
            self._check(count)
            frame = _found_frame(found, marks, at, film.reader.info.time_base, common)
            yield _labelled(frame, found.moments, at, between=policy.kind != "all")

    def _check(self, count: int) -> None:
        if count > self._max_frames:
            raise BrokenFile(
                "too_many_frames", f"more than {self._max_frames:,} frames would be taken from it"
            )

    def _frame(self, found: Found, labels: str, film: Film) -> Outcome:
        assert found.part is not None
        seen = _seen(found, labels, film)
        pts = found.part.at["pts"]
        try:
            still = film.reader.still(pts)
        except BrokenFile as broken:
            return Outcome(*seen, "", None, (_refusal(found, broken),), found)
        width, height = still.size_px
        probe = Probe(
            media="image/png",
            width=width,
            height=height,
            mode="RGB",
            metadata={"video.digest": film.digest},
        )
        if self._sink.guard.policy.active:  # the film shows what is to be hidden: it is not kept
            piece = Piece(still.png(), probe)
            return Outcome(*seen, *from_piece(found, lambda: piece, self._sink), found)
        if not self._kept:
            self._keep(found, film)
        data = reference(FRAME, video=film.digest, pts=pts, pixels=still.pixels)
        image = self._sink.put(data)
        return Outcome(*seen, *candidate_of(found, probe, image, len(data)), found)

    def _keep(self, found: Found, film: Film) -> None:
        """Store the film's bytes, once one of its frames is good."""
        if film.data is None:
            self._sink.left(found, film.digest, film.size_bytes, film.mtime_ns)
        else:
            self._sink.put(memoryview(film.data), film.digest)
        self._kept = True

    def _refused(self, found: Found, labels: str, broken: BrokenFile) -> Outcome:
        """The whole film is refused; what it held is kept where it is small."""
        refusal, film = _refusal(found, broken), self._film
        if film is not None:
            return Outcome(*_seen(found, labels, film), film.digest, None, (refusal,), found)
        seen = (found.source, found.path, UNKNOWN_SIZE, RACY, labels)
        try:
            with Path(found.file).open("rb") as opened:
                stat = os.fstat(opened.fileno())
                seen = (*seen[:2], stat.st_size, stat.st_mtime_ns, labels)
                keeps = stat.st_size <= KEPT_REFUSED_BYTES and not self._sink.guard.policy.active
                data = opened.read() if keeps else b""
        except OSError:
            data = b""
        kept = self._sink.original(found, data, seen[3]) if data else None
        refusal = msgspec.structs.replace(refusal, image=kept)
        return Outcome(*seen, kept or "", None, (refusal,), found)


def _seen(found: Found, labels: str, film: Film) -> tuple[str, str, int, int, str]:
    racy = film.mtime_ns > film.read_ns - TICK_NS
    return found.source, found.path, film.size_bytes, RACY if racy else film.mtime_ns, labels


def _refusal(found: Found, broken: BrokenFile) -> Refusal:
    code, fix = broken.reason_code, _FIXES.get(broken.reason_code, "")
    return refuse(found.path, found.source, code, broken.reason, fix=fix)


def _missing(found: Found, film: Film, marks: Marks) -> Iterator[Refusal]:
    """The refusal of frames that the film promises and that are not there."""
    declared, there = film.reader.info.frames, marks.packets
    if declared > there:
        end_s = float(marks.times[-1] * film.reader.info.time_base)
        reason = (
            f"{declared - there} of its {declared} frames are missing: the data end at {end_s:.3f} s;"
            " the frames before were taken"
        )
        yield _refusal(found, BrokenFile("truncated", reason))


def _properties(found: Found, film: Film) -> dict[str, Any]:
    """What is the same for all frames of a film."""
    info = film.reader.info
    stated = {
        "video.codec": info.codec,
        "video.fps": info.fps and round(info.fps, 6),
        "video.duration_s": info.duration_s and round(info.duration_s, 6),
        "video.time_base": str(info.time_base),
        "video.pixel_aspect": info.pixel_aspect,
        "video.created": info.created if _moment(info.created) else "",
        "image.source_video": found.path,
    }
    return {name: value for name, value in stated.items() if value}


def _found_frame(
    film: Found, marks: Marks, at: int, time_base: Fraction, common: Mapping[str, Any]
) -> Found:
    pts = marks.times[at]
    name = _name(marks, at, time_base)
    metadata: dict[str, Any] = {
        "video.frame_time_s": float(pts * time_base),
        "video.frame": at,
        "video.pts": pts,
    }
    if (begun := _moment(common.get("video.created", ""))) is not None:
        taken = begun + timedelta(milliseconds=_ms(pts, time_base))
        metadata["video.taken"] = taken.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return msgspec.structs.replace(
        film,
        path=f"{film.path.rpartition('.')[0] or film.path}/{name}.png",
        source=f"{film.source}/{name}",
        metadata={**film.metadata, **common, **metadata},
        part=Part(kind=FRAME, at={"pts": pts}),
    )


def _labelled(
    frame: Found, moments: Mapping[int, Moment] | None, at: int, *, between: bool
) -> Found:
    """With what the film's labels say of it. Where others `between` are not taken it is a key frame."""
    if moments is None:
        return frame
    moment = moments.get(at)
    annotations = None if moment is None else moment.annotations
    if annotations and between:
        annotations = tuple(
            msgspec.structs.replace(each, key_frame=True) if is_followed(each) else each
            for each in annotations
        )
    refusals = () if moment is None else moment.refusals
    told = tuple(
        msgspec.structs.replace(each, path=frame.path, source=frame.source) for each in refusals
    )
    return msgspec.structs.replace(frame, annotations=annotations, refusals=told, moments=None)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _name(marks: Marks, at: int, time_base: Fraction) -> str:
    """`t=000012.480`: names sort as times do; more frames of one millisecond are numbered."""
    ms, earlier = _ms(marks.times[at], time_base), 0
    while at - earlier > 0 and _ms(marks.times[at - earlier - 1], time_base) == ms:
        earlier += 1
    sign, whole = ("-" if ms < 0 else ""), abs(ms)
    return f"t={sign}{whole // 1000:06}.{whole % 1000:03}" + (f"_{earlier}" if earlier else "")


def _ms(pts: int, time_base: Fraction) -> int:
    return round(pts * time_base * 1000)
