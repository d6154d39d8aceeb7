"""The virtual factory line at work: files, a video, or real requests to a deployment."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from visloop import demo
from visloop.errors import Unavailable, UsageError
from visloop.ids import digest_of
from visloop.store import in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from visloop.events import Clock
    from visloop.progress import Progress

_TIMEOUT_S = 30.0
_OK, _NOT_FOUND = 200, 404
_COLUMNS = ("image", "label", "answer", "prediction")


def drifts_of(texts: tuple[str, ...]) -> tuple[demo.Drift, ...]:
    """Read `lamp`, `lamp:0.6`, `lamp:severity=0.6,start=200,shape=gradual`."""
    return tuple(demo.Drift.parse(each) for each in texts)


def exchange(
    url: str,
    seen: Iterator[demo.Frame],
    *,
    count: int,
    truth: Path | None,
    progress: Progress,
) -> tuple[int, int, int]:
    """Post frames one by one and compare the answers with the truth; the next one is drawn meanwhile.

    Returns:
        (sent, right, failed).

    Raises:
        UsageError: no such address.
        Unavailable: nobody answers there.
    """
    if not url.startswith(("http://", "https://")):
        raise UsageError(f"{url!r} is not an address", fix="http://127.0.0.1:8484/predict/NAME")
    right = failed = 0
    rows: list[tuple[str, str, str, str]] = []
    try:
        with (
            httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client,
            ThreadPoolExecutor(1, "line") as line,
        ):
            shots = in_order((line.submit(_shot, seen) for _ in range(count)), ahead=2)
            for frame, body in progress.track(shots, doing="traffic", unit="image", total=count):
                answer = _ask(client, url, body)
                failed += answer is None
                label, prediction = answer or ("", "")
                right += label == frame.label
                rows.append((digest_of(body), frame.label, label, prediction))
    finally:  # what was answered is known, however it ended
        if truth and rows:
            _append(truth, rows)
    return len(rows), right, failed


def _shot(seen: Iterator[demo.Frame]) -> tuple[demo.Frame, bytes]:
    frame = next(seen)
    return frame, demo.encode(frame)


def _ask(client: httpx.Client, url: str, body: bytes) -> tuple[str, str] | None:
    try:
        reply = client.post(url, content=body, headers={"Content-Type": "image/jpeg"})
    except httpx.HTTPError as error:
        raise Unavailable(
            f"nobody answers at {url}: {error}", fix="start it: visloop up"
        ) from error
    if reply.status_code == _NOT_FOUND:
        raise UsageError(f"{url} does not exist", fix="see: visloop deployments")
    if reply.status_code != _OK:
        return None
    answer = reply.json()
    return answer["label"], answer["id"]


def _append(path: Path, rows: list[tuple[str, str, str, str]]) -> None:
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(_COLUMNS)
        writer.writerows(rows)


def frames(
    line: demo.Line, drifts: tuple[demo.Drift, ...], start: int, count: int, *, clock: Clock | None
) -> Iterator[demo.Frame]:
    """`count` frames of the line; with a clock no faster than the line runs."""
    if clock:
        return islice(
            demo.stream(line, line.rate_hz, clock=clock, start=start, drifts=drifts), count
        )
    return (line.frame(index, drifts) for index in range(start, start + count))
