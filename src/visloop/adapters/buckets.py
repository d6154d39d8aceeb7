"""Object stores through obstore: the entry points `s3`, `gs` and `az` of group `visloop.buckets`.

Credentials and endpoints come from the environment, by the names that each vendor's own tools use
(AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, GOOGLE_APPLICATION_CREDENTIALS, AZURE_STORAGE_ACCOUNT_NAME, …).
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import obstore
from obstore import exceptions
from obstore.store import from_url

from visloop.store import BucketForbidden, BucketNotFound, BucketObject, BucketUnreachable

_ENDPOINTS: Final = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT", "AZURE_ENDPOINT")
_PAGE: Final = 1000


class ObstoreBucket:
    """A bucket below a prefix, as its URL says: `s3://bucket/prefix`."""

    def __init__(self, url: str, *, tries: int = 4, timeout_s: float = 60.0) -> None:
        self._url = url
        plain = any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS)
        patience = timedelta(seconds=timeout_s)
        with _telling(url):
            self._store = from_url(
                url,
                client_options={"allow_http": plain, "timeout": patience},
                retry_config={"max_retries": tries - 1, "retry_timeout": patience * tries},
            )

    def list(self) -> Iterator[BucketObject]:
        """Every object, page by page, in the order of the keys."""
        pages = iter(self._store.list(chunk_size=_PAGE))
        while True:
            with _telling(self._url):
                page = next(pages, None)
            if page is None:
                return
            for each in page:
                mark = each["e_tag"] or each["last_modified"].isoformat()
                yield BucketObject(each["path"], each["size"], mark)

    def fetch(self, key: str, file: Path, limit_bytes: int) -> int:
        """Write the object's bytes to `file`; how many. Stops beyond `limit_bytes`."""
        written = 0
        with _telling(f"{self._url}/{key}"), file.open("wb") as out:
            for chunk in obstore.get(self._store, key).stream(min_chunk_size=1 << 20):
                written += out.write(chunk)
                if written > limit_bytes:
                    break
        return written


@contextmanager
def _telling(what: str) -> Generator[None]:
    """The library's errors in our words; its own hold requests, which may name keys."""
    try:
        yield
    except FileNotFoundError as error:
        raise _not_found(what) from error
    except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
        raise _forbidden(what) from error
    except exceptions.BaseError as error:
        raise _other(what, str(error)) from error
    except OSError as error:
        if error.errno is not None:  # our own disk
            raise
        raise _other(what, str(error)) from error


def _other(what: str, told: str) -> Exception:
    if "NoSuchBucket" in told or "404 Not Found" in told or "ContainerNotFound" in told:
        return _not_found(what)
    if any(sign in told for sign in ("403 ", "401 ", "Credential", "credential", "must be spec")):
        return _forbidden(what)
    if "Error parsing Path" in told:
        key = told.partition('Path "')[2].partition('"')[0]
        return BucketUnreachable(
            f"{what} cannot be read: it holds the key {key!r}, whose parts are no names",
            fix="copy that object to a key without '.', '..' and '//', or add the prefixes beside it",
        )
    first = (told.partition(": ")[2] or told).splitlines()[0]
    reason = first.rpartition(" - ")[2][-200:]  # before it stand requests and times
    if "error sending request" in reason:
        reason = "no server answers"
    return BucketUnreachable(
        f"{what} cannot be read: {reason}",
        fix="check the network, and the endpoint (AWS_ENDPOINT_URL for stores that are not Amazon's)",
    )


def _not_found(what: str) -> BucketNotFound:
    return BucketNotFound(
        f"{what} is not there", fix="check the names of the bucket and the prefix"
    )


def _forbidden(what: str) -> BucketForbidden:
    return BucketForbidden(
        f"{what} may not be read with the credentials in the environment, or there are none",
        fix="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (Google: GOOGLE_APPLICATION_CREDENTIALS,"
        " Azure: AZURE_STORAGE_ACCOUNT_NAME and _KEY); a public bucket: AWS_SKIP_SIGNATURE=true",
    )
