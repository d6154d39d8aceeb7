"""Questions with several pictures: a small film, answered frame by frame, and a list of URLs.

They are done by hands of their own, so that no picture waits behind a film or a slow server.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from visloop import data, infer
from visloop.errors import Refused, VisloopError
from visloop.infer import Picture
from visloop.serve.errors import BadRequest, TimedOut, TooLarge
from visloop.serve.forms import writing
from visloop.serve.forms.addresses import AT_ONCE, Fetcher
from visloop.serve.forms.asking import PLAIN, Form
from visloop.serve.forms.films import KIND, AnsweredFilm
from visloop.serve.forms.several import Done, Several, told
from visloop.serve.forms.writing import Answered, NotInThatForm
from visloop.serve.journal.clerk import Clerk
from visloop.serve.switching.failures import Request
from visloop.serve.work.jobs import OfOne
from visloop.serve.work.lane import Answer, Task

_FILM_HEAD: Final = 264


class NotAFilm(Refused):
    """A film that cannot be read, or a damaged one."""

    code = "serve.not_a_film"


@dataclass(frozen=True)
class LongerLimits:
    """`film_s` and `frames` of one film (0: none is taken); URLs of one request.

    `drawn_bytes` of a film with the answers drawn in.
    """

    film_s: float
    frames: int
    urls: int
    drawn_bytes: int


class _Addresses(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    urls: list[str]


class _Item(NamedTuple):
    """One picture of several: what the answer says of it besides, how it is read; or the error instead."""

    named: dict[str, Any]
    image: bytes
    pixels: NDArray[np.uint8] | None = None
    error: VisloopError | None = None


class Longer:
    """Makes the work for such questions."""

    def __init__(self, clerk: Clerk, limits: LongerLimits, fetcher: Fetcher) -> None:
        self._clerk = clerk
        self._limits = limits
        self._fetcher = fetcher

    def knows(self, body: bytes) -> bool:
        """Whether a body that is no picture is one of these."""
        return _is_json(body) or self._is_film(body)

    def work(self, request: Request, body: bytes) -> OfOne:
        """The work for such a body."""
        made = self._of_addresses if _is_json(body) else self._of_film
        return OfOne(made(request, body))

    def _is_film(self, body: bytes) -> bool:
        return self._limits.film_s > 0 and data.is_film_start(body[:_FILM_HEAD])

    def _of_film(self, request: Request, body: bytes) -> Callable[[Task], Answer]:
        def work(task: Task) -> Answer:
            form = request.form or PLAIN
            _check(form, request, several=True)
            try:
                with closing(_opened(body, request.model.reading.decoder.max_pixels)) as reader:
                    items = self._frames(reader, form.every_s, request)
                    if form.shape == "video":
                        rate_hz = 1 / form.every_s if form.every_s else reader.info.fps or 25.0
                        return self._drawn(request, items, task, rate_hz)
                    done = self._answered(request, items, task)
            except data.BrokenFile as broken:
                large = broken.reason_code == "too_many_pixels"
                fix = "shrink it" if large else "send an MP4, MKV, MOV, WebM or AVI"
                raise NotAFilm(f"the film cannot be read: {broken}", fix=fix) from broken
            return told(request, form, done, {"every_s": form.every_s}, "frames")

        return work

    def _frames(
        self, reader: data.VideoReader, every_s: float, request: Request
    ) -> Iterator[_Item]:
        times, base = reader.marks().times, reader.info.time_base
        length_s, limits = float((times[-1] - times[0]) * base), self._limits
        if length_s > limits.film_s:
            raise TooLarge(
                f"the film lasts {length_s:.1f} s; the limit is {limits.film_s:g}",
                fix="cut it, raise serve.video_seconds, or use: visloop predict MODEL FILM",
            )
        due = list(islice(data.frames_due(times, base, every_s), limits.frames + 1))
        if len(due) > limits.frames:
            raise TooLarge(
                f"more than {limits.frames} frames of the film are asked for",
                fix="ask for fewer: ?every=2s; or raise serve.video_frames",
            )
        request.shows(len(due), "ask for fewer frames: ?every=2s")
        for pts in due:
            named = {"time_s": round(float(pts * base), 3)}
            try:
                still = reader.still(pts)
                yield _Item(named, still.png(), still.rgb)
            except data.BrokenFile as broken:
                error = NotAFilm(str(broken), fix="copy the film again")
                yield _Item(named, b"", error=error)

    def _drawn(
        self, request: Request, items: Iterator[_Item], task: Task, rate_hz: float
    ) -> Answer:
        """The answered frames as a film, which shows what was said of each."""
        with AnsweredFilm(rate_hz, self._limits.drawn_bytes) as film:

            def draw(item: _Item, one: Answered) -> None:
                assert item.pixels is not None
                film.add(item.pixels, item.named["time_s"], one)

            several = self._answered(request, items, task, draw)
            body = film.written()
        return Answer(
            body,
            content_type=KIND,
            decode_s=several.decode_s,
            infer_s=several.infer_s,
            pictures=len(several.done),
        )

    def _of_addresses(self, request: Request, body: bytes) -> Callable[[Task], Answer]:
        def work(task: Task) -> Answer:
            form = request.form or PLAIN
            urls = _urls_of(body, self._limits.urls)
            _check(form, request, several=len(urls) > 1)
            if form.shape == "video":
                raise writing.no_film()
            for url in urls:
                self._fetcher.check(url)
            request.shows(len(urls), "name fewer addresses")
            done = self._answered(request, self._fetched(urls), task)
            return told(request, form, done, {}, "pictures")

        return work

    def _fetched(self, urls: Sequence[str]) -> Iterator[_Item]:
        """In their order, a few at once: what is held is bounded by as many bodies."""
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch") as hands:
            for at in range(0, len(urls), AT_ONCE):
                yield from hands.map(self._one, urls[at : at + AT_ONCE])

    def _one(self, url: str) -> _Item:
        try:
            return _Item({"url": url}, self._fetcher.get(url))
        except VisloopError as error:
            return _Item({"url": url}, b"", error=error)

    def _answered(
        self,
        request: Request,
        items: Iterator[_Item],
        task: Task,
        see: Callable[[_Item, Answered], None] | None = None,
    ) -> Several:
        """Each picture's answer; in JSON an error stands in the place of one, else it is raised.

        `see` is shown each while its pixels are there.
        """
        whole, several = (request.form or PLAIN).shape == "json", Several()
        at = time.perf_counter()
        for item in items:
            brought = time.perf_counter()
            if task.abandoned:
                raise TimedOut("nobody waits for this answer any more")
            try:
                if item.error is not None:
                    raise item.error
                one = self._answer(request, item, task)
                if see is not None:
                    see(item, one)
                several.done.append(Done(item.named, one, None))
            except VisloopError as error:
                if not whole:
                    raise
                several.done.append(Done(item.named, None, error))
            several.decode_s += brought - at
            at = time.perf_counter()
            several.infer_s += at - brought
        return several

    def _answer(self, request: Request, item: _Item, task: Task) -> Answered:
        """As a picture that came alone; it is on record before the next one is looked at."""
        started, slot, model = time.perf_counter(), request.slot, request.model
        picture = _picture(item, request)
        array = infer.to_tensor(picture.pixels, model.contract)
        outputs = model.predictor.run(array[None], task.halt)
        said = ()
        if model.raw:
            author = f"model:{slot.deployment.model}"
            said = model.predictor.say(outputs, 0, model.place(picture), author=author)
        taken = self._clerk.take(item.image, picture.pixels, started)
        told = [said] if model.raw else []
        record = self._clerk.behind(slot, model, outputs, [taken], told, request.look)
        if record is not None:
            record()
        kept = replace(taken, pixels=None, image=item.image if "url" in item.named else b"")
        return Answered(slot, model, outputs, 0, kept, said, picture.size_hw)


def _is_json(body: bytes) -> bool:
    return body.lstrip()[:1] in {b"{", b"["}


def _picture(item: _Item, request: Request) -> Picture:
    if item.pixels is not None:
        return infer.whole(item.pixels)
    if request.slot.body is not None:
        request.slot.body.kept(item.image)
    return infer.read(item.image, request.model.reading)


def _opened(body: bytes, max_pixels: int) -> data.VideoReader:
    return data.open_video(io.BytesIO(body), max_pixels=min(max_pixels, data.MAX_FRAME_PIXELS))


def _check(form: Form, request: Request, *, several: bool) -> None:
    writing.check(form, request.model)
    if several and form.shape == "picture":
        raise NotInThatForm(
            "several pictures are not drawn into one", fix="use as=json, or of a film as=video"
        )


def _urls_of(body: bytes, most: int) -> list[str]:
    try:
        urls = msgspec.json.decode(body, type=_Addresses).urls
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(
            f"the JSON is no list of addresses: {error}",
            fix='send {"urls": ["https://…/a.jpg"]}, or a picture\'s own bytes',
        ) from error
    if not urls:
        raise BadRequest("the list of addresses is empty", fix="name one or more")
    if len(urls) > most:
        raise TooLarge(f"{len(urls)} addresses; the limit is {most}", fix="send several requests")
    return urls
