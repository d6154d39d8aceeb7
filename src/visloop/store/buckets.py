"""The port to object stores (S3, Google, Azure): what is in a bucket, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from visloop.errors import Forbidden, NotFound, Unavailable


class BucketNotFound(NotFound):
    """There is no bucket of that name, or no object of that key in it."""

    code = "store.bucket_not_found"


class BucketForbidden(Forbidden):
    """The store does not let these credentials in, or has been given none."""

    code = "store.bucket_forbidden"


class BucketUnreachable(Unavailable):
    """The store does not answer, or answers with an error of its own."""

    code = "store.bucket_unreachable"


@dataclass(frozen=True)
class BucketObject:
    """One object: its key below the prefix, size in bytes, and a mark that changes with its bytes."""

    key: str
    size_bytes: int
    mark: str


class Bucket(Protocol):
    """A bucket below a prefix. Plug-ins of `visloop.buckets` make it from a URL:

    `Plugin(url, tries=4, timeout_s=60.0)`, named by the URL's scheme. Credentials come from the
    environment alone. Methods may be called by several threads.

    Raises:
        BucketNotFound, BucketForbidden, BucketUnreachable: by every method.
    """

    def list(self) -> Iterator[BucketObject]:
        """Every object, page by page, in the order of the keys."""
        ...

    def fetch(self, key: str, file: Path, limit_bytes: int) -> int:
        """Write the object's bytes to `file`; how many. Stops beyond `limit_bytes`."""
        ...
