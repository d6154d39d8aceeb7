"""Ask a deployment from an asyncio program; the same calls as `Client`, awaited."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
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


class AsyncClient:
    """`Client` for asyncio: the same arguments, errors and answers."""

    def __init__(
        self,
        url: str,
        *,
        deployment: str | None = None,
        key: str | None = None,
        timeout_s: float = 30.0,
        retries: int = 4,
        backoff_s: float = 0.1,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        address = Address.of(url, deployment)
        self._asking = Asking(address, key, Patience(timeout_s, retries, backoff_s))
        self._deployment = address.deployment
        self._http = http or httpx.AsyncClient(trust_env=not address.is_here)

    async def predict(
        self, picture: PictureLike, *, deployment: str | None = None
    ) -> PredictionReply:
        """The answer to one picture, as `Client.predict`; files are read and pixels encoded in a thread."""
        data = await asyncio.to_thread(encoded, picture)
        path = self._asking.path(deployment or await self._named())
        tries = self._asking.tries()
        return reply_of(await self._post(path, data, tries), tries)

    async def draw(
        self, picture: PictureLike, *, kind: DrawnAs = "jpeg", deployment: str | None = None
    ) -> bytes:
        """The picture with the answer drawn in, as `Client.draw`."""
        data = await asyncio.to_thread(encoded, picture)
        path = self._asking.path(deployment or await self._named(), **{"as": "picture"})
        tries = self._asking.tries()
        return (await self._post(path, data, tries, f"image/{kind}")).content

    async def coco(
        self, picture: PictureLike, *, image_id: int = 1, deployment: str | None = None
    ) -> list[dict[str, Any]]:
        """The answer as COCO's results, as `Client.coco`."""
        data = await asyncio.to_thread(encoded, picture)
        query = {"as": "coco", "image_id": image_id}
        path = self._asking.path(deployment or await self._named(), **query)
        tries = self._asking.tries()
        return coco_of(await self._post(path, data, tries))

    async def predict_film(
        self,
        film: PictureLike,
        *,
        every_s: float = 1.0,
        deployment: str | None = None,
        keep_going: bool = False,
    ) -> list[PredictionReply | VisloopError]:
        """The answers to a film's frames, as `Client.predict_film`."""
        data = await asyncio.to_thread(encoded, film)
        path = self._asking.path(deployment or await self._named(), every=f"{every_s:f}")
        tries = self._asking.tries()
        return replies_of(await self._post(path, data, tries), tries, keep_going=keep_going)

    async def predict_urls(
        self, urls: Iterable[str], *, deployment: str | None = None, keep_going: bool = False
    ) -> list[PredictionReply | VisloopError]:
        """The answers to pictures that the server fetches, as `Client.predict_urls`."""
        path = self._asking.path(deployment or await self._named())
        tries = self._asking.tries()
        data = listed(urls)
        return replies_of(await self._post(path, data, tries), tries, keep_going=keep_going)

    async def predict_many(
        self,
        pictures: Iterable[PictureLike],
        *,
        deployment: str | None = None,
        at_once: int = 8,
        keep_going: bool = False,
    ) -> AsyncGenerator[PredictionReply | VisloopError]:
        """An answer for each picture, in their order, as `Client.predict_many`."""
        waiting: deque[asyncio.Task[PredictionReply]] = deque()
        try:
            for picture in pictures:
                if len(waiting) >= at_once:
                    yield await _result(waiting.popleft(), keep_going=keep_going)
                asked = self.predict(picture, deployment=deployment)
                waiting.append(asyncio.create_task(asked))
            while waiting:
                yield await _result(waiting.popleft(), keep_going=keep_going)
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def deployments(self) -> list[str]:
        """What the server serves, by name."""
        index = self._asking.address.base + INDEX
        return names_of(await self._post(index, b"{}", self._asking.tries()))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _named(self) -> str:
        if not self._deployment:
            self._deployment = only_one(await self.deployments(), self._asking.address.base)
        return self._deployment

    async def _post(
        self, url: str, data: bytes, tries: Tries, accept: str = JSON
    ) -> httpx.Response:
        while True:
            left = tries.left_s()
            headers = self._asking.headers(tries, left, accept)
            try:
                response = await self._http.post(url, content=data, headers=headers, timeout=left)
            except httpx.TransportError as error:
                wait = tries.broken(error, late=isinstance(error, httpx.TimeoutException))
            else:
                wait = check(response, tries)
                if wait is None:
                    return response
            await asyncio.sleep(wait)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


async def _result(
    task: asyncio.Task[PredictionReply], *, keep_going: bool
) -> PredictionReply | VisloopError:
    try:
        return await task
    except VisloopError as error:
        if keep_going:
            return error
        raise
