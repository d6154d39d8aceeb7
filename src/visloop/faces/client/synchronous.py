"""Ask a deployment from a program: `visloop.Client(url).predict("a.jpg")`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

import httpx

from visloop.errors import VisloopError
from visloop.faces.client.asking import (
    INDEX,
    JSON,
    Address,
    Asking,
    DrawnAs,
    check,
    coco_of,
    listed,
    names_of,
    only_one,
    replies_of,
    reply_of,
)
from visloop.faces.client.pictures import PictureLike, encoded
from visloop.faces.client.replies import PredictionReply
from visloop.faces.client.tries import Patience, Tries


class Client:
    """Asks one server; threads may share it, and it is closed like a file.

    Args:
        url: `http://HOST:PORT`, or `http://HOST:PORT/predict/NAME`.
        deployment: which one is asked; not needed where the server has only one.
        key: an API key or a token, sent as `Authorization: Bearer`.
        timeout_s: for an answer in all, tries and pauses included; each wait for the network is
            bounded by what is left of it.
        retries: tries after the first, when nobody answers, when the server is full (429) or not
            ready (502, 503, 504); what it asks for by Retry-After is kept to.
        backoff_s: the first pause; each next one is twice as long, up to 5 s, with jitter.
        http: a client of your own, for certificates or proxies.

    Raises:
        UsageError: `url` is no address.
    """

    def __init__(
        self,
        url: str,
        *,
        deployment: str | None = None,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: int = 4,
        backoff_s: float = 0.1,
        http: httpx.Client | None = None,
    ) -> None:
        address = Address.of(url, deployment)
        self._asking = Asking(address, key, Patience(timeout_s, retries, backoff_s))
        self._deployment = address.deployment
        self._http = http or httpx.Client(trust_env=not address.is_here)

    def predict(self, picture: PictureLike, *, deployment: str | None = None) -> PredictionReply:
        """The answer to one picture; see `encoded` for what a picture may be.

        Raises:
            Unreachable, DeadlineExceeded: no answer came.
            VisloopError: what the server said, as the class of its status: `NotFound` for an unknown
                deployment, `Refused` for bytes that are no picture, `Unavailable` when it is full.
        """
        data = encoded(picture)
        path = self._asking.path(deployment or self._named())
        tries = self._asking.tries()
        return reply_of(self._post(path, data, tries), tries)

    def draw(
        self, picture: PictureLike, *, kind: DrawnAs = "jpeg", deployment: str | None = None
    ) -> bytes:
        """The picture, upright, with the answer drawn in: the bytes of a JPEG or PNG file.

        Raises:
            VisloopError: as `predict`; `serve.not_in_that_form` where the answer is a vector.
        """
        path = self._asking.path(deployment or self._named(), **{"as": "picture"})
        tries = self._asking.tries()
        return self._post(path, encoded(picture), tries, f"image/{kind}").content

    def coco(
        self, picture: PictureLike, *, image_id: int = 1, deployment: str | None = None
    ) -> list[dict[str, Any]]:
        """The answer as COCO's results, ready for `COCO.loadRes`; ids of classes count from 1.

        Raises:
            VisloopError: as `predict`; `serve.not_in_that_form` where the answer is a number or a vector.
        """
        query = {"as": "coco", "image_id": image_id}
        path = self._asking.path(deployment or self._named(), **query)
        tries = self._asking.tries()
        return coco_of(self._post(path, encoded(picture), tries))

    def predict_film(
        self,
        film: PictureLike,
        *,
        every_s: float = 1.0,
        deployment: str | None = None,
        keep_going: bool = False,
    ) -> list[PredictionReply | VisloopError]:
        """The answers to a film: its first frame, and one every `every_s` seconds; 0: every frame.

        Args:
            film: a path, a file's bytes, or an open binary file.
            every_s: between two frames.
            deployment: which one is asked.
            keep_going: leave the error of a damaged frame in place of its answer, rather than raise it.

        Raises:
            VisloopError: as `predict`; `Refused` for a film that is too long for the server.
        """
        path = self._asking.path(deployment or self._named(), every=f"{every_s:f}")
        tries = self._asking.tries()
        return replies_of(self._post(path, encoded(film), tries), tries, keep_going=keep_going)

    def predict_urls(
        self, urls: Iterable[str], *, deployment: str | None = None, keep_going: bool = False
    ) -> list[PredictionReply | VisloopError]:
        """The answers to pictures that the server fetches itself, in the order of their URLs.

        Raises:
            VisloopError: as `predict`; `Forbidden` where the server's operator does not allow a place.
        """
        path = self._asking.path(deployment or self._named())
        tries = self._asking.tries()
        return replies_of(self._post(path, listed(urls), tries), tries, keep_going=keep_going)

    def predict_many(
        self,
        pictures: Iterable[PictureLike],
        *,
        deployment: str | None = None,
        at_once: int = 8,
        keep_going: bool = False,
    ) -> Generator[PredictionReply | VisloopError]:
        """An answer for each picture, in their order; so many are held at once, and no more.

        Args:
            pictures: read as they are needed.
            deployment: which one is asked.
            at_once: requests under way.
            keep_going: yield the error of a picture in place of its answer, rather than raise it.
        """
        with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="visloop") as pool:
            waiting: deque[Future[PredictionReply]] = deque()
            try:
                for picture in pictures:
                    if len(waiting) >= at_once:
                        yield _result(waiting.popleft(), keep_going=keep_going)
                    waiting.append(pool.submit(self.predict, picture, deployment=deployment))
                while waiting:
                    yield _result(waiting.popleft(), keep_going=keep_going)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def deployments(self) -> list[str]:
        """What the server serves, by name.

        Raises:
            VisloopError: as `predict`.
        """
        return names_of(self._post(self._asking.address.base + INDEX, b"{}", self._asking.tries()))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _named(self) -> str:
        if not self._deployment:
            self._deployment = only_one(self.deployments(), self._asking.address.base)
        return self._deployment

    def _post(self, url: str, data: bytes, tries: Tries, accept: str = JSON) -> httpx.Response:
        while True:
            left = tries.left_s()
            headers = self._asking.headers(tries, left, accept)
            try:
                response = self._http.post(url, content=data, headers=headers, timeout=left)
            except httpx.TransportError as error:
                wait = tries.broken(error, late=isinstance(error, httpx.TimeoutException))
            else:
                wait = check(response, tries)
                if wait is None:
                    return response
            time.sleep(wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _result(future: Future[PredictionReply], *, keep_going: bool) -> PredictionReply | VisloopError:
    try:
        return future.result()
    except VisloopError as error:
        if keep_going:
            return error
        raise
