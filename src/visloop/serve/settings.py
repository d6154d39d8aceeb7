"""How a serving process runs: one frozen record that also travels as JSON to child processes."""

from __future__ import annotations

import os
from typing import Annotated, Final, Literal

import msgspec

from visloop.ids import DEFAULT_PROJECT

MIB: Final = 1 << 20
Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]


class ServeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where the state is, where to listen, and the limits.

    `ledger` is a URL (`sqlite:///…`), `blobs` and `state` folders: `state` holds the spool and the
    counters. `fd` is an inherited listening socket and wins over `host` and `port`; port 0 takes a
    free one. `threads` 0 means one per core; `device` is where networks run (`infer.providers`).
    `fallback` is the address (`http://127.0.0.1:PORT`) that gets every request that is not inference;
    `pages` the folder with the page of each deployment (`try.html`). `allowed_hosts` are names (without
    port) beside the loopback ones; `*` lets every name in. `keys`: whether an API key is needed; `auto`:
    where other machines can reach the server. `log` off answers without writing predictions.
    Image statistics (0.4 ms each between two networks) are taken of every picture up to
    `statistics_burst` at once and `statistics_per_s` for long; beyond that, log rows go without.
    `batch`: `auto` lets pictures that wait go through the network together where that is measured to be
    faster; a number does so unmeasured, at most so many; `off` never.
    Each shadow or canary looks at copies of at most `copies_per_s` pictures.
    `urls`: from where pictures may be fetched that a client names by address (`forms.addresses`), in
    `url_s` each; none are when it is empty. A film may last `video_s` (0: none is taken) and at most
    `video_frames` of it are answered. Both may take `long_timeout_s`. `otel`: where traces go by OTLP over
    HTTP; nowhere when it is empty.
    """

    ledger: str
    blobs: str
    state: str
    project: str = DEFAULT_PROJECT
    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8484
    fd: int | None = None
    threads: Count = 0
    device: Literal["auto", "cpu", "cuda", "openvino"] = "auto"
    batch: Literal["auto", "off"] | Annotated[int, msgspec.Meta(ge=1, le=64)] = "auto"
    queue: Annotated[int, msgspec.Meta(ge=1)] = 128
    timeout_s: Positive = 10.0
    body_timeout_s: Positive = 30.0
    grace_s: Positive = 10.0
    poll_s: Positive = 0.25
    max_body_bytes: Annotated[int, msgspec.Meta(ge=1)] = 32 * MIB
    max_pending_bytes: Annotated[int, msgspec.Meta(ge=1)] = 512 * MIB
    max_pixels: Annotated[int, msgspec.Meta(ge=1)] = 100_000_000
    max_batch: Annotated[int, msgspec.Meta(ge=1)] = 64
    urls: tuple[str, ...] = ()
    url_s: Positive = 10.0
    video_s: Annotated[float, msgspec.Meta(ge=0)] = 60.0
    video_frames: Annotated[int, msgspec.Meta(ge=1)] = 120
    long_timeout_s: Positive = 60.0
    otel: str = ""
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    fallback: str | None = None
    pages: str | None = None
    keys: Literal["auto", "required", "off"] = "auto"
    log: bool = True
    log_rows: Annotated[int, msgspec.Meta(ge=1)] = 4096
    log_bytes: Annotated[int, msgspec.Meta(ge=1)] = 128 * MIB
    statistics_per_s: Positive = 50.0
    statistics_burst: Annotated[int, msgspec.Meta(ge=1)] = 1000
    copies_per_s: Positive = 50.0
    spool_bytes: Annotated[int, msgspec.Meta(ge=1)] = 1024 * MIB

    @property
    def worker_threads(self) -> int:
        """`threads`, or one per core that this process may use."""
        return self.threads or len(os.sched_getaffinity(0))

    def to_json(self) -> str:
        """For the command line of a child process."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str) -> ServeSettings:
        """Read what `to_json` wrote.

        Raises:
            msgspec.ValidationError: an unknown type, or a value out of its bounds.
        """
        return msgspec.json.decode(text, type=cls)
