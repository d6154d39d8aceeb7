"""Lists of URLs and buckets: what servers do, and what lists say."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

from tests import bucket_world, web_world
from tests.contract.bad.cases import case, jpeg, write

URLS, BUCKETS = "Lists of URLs", "Buckets"
FILE, WHOLE, KEPT = "refused file", "refused whole", "kept"


@contextlib.contextmanager
def web() -> Iterator[web_world.Web]:
    """A web server with one good picture."""
    with web_world.server({"/a.jpg": jpeg()}) as made:
        yield made


def listing(folder: Path, *urls: str) -> Path:
    """A list of them."""
    return write(folder / "urls.txt", "\n".join(urls) + "\n")


def beside(folder: Path, server: web_world.Web, path: str) -> Path:
    """A list of a good picture and of that path."""
    return listing(folder, server.url("/a.jpg"), server.url(path))


@case(URLS, "404", FILE, "fetch_failed", said="404", samples=1, world=web)
def gone(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/gone.jpg")


@case(URLS, "a web page (log in first)", FILE, "not_an_image", said="page", samples=1, world=web)
def page(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/page.jpg")


@case(URLS, "redirects in a circle", FILE, "fetch_failed", said="redirects", samples=1, world=web)
def loop(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/loop.jpg")


@case(URLS, "a redirect to a file", FILE, "fetch_failed", samples=1, world=web)
def local_file(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/file.jpg")


@case(URLS, "an answer without end", FILE, "too_large", said="1 MB", samples=1, world=web)
def endless(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/endless.jpg")


@case(URLS, "an answer that breaks off", FILE, "fetch_failed", samples=1, world=web)
def short(folder: Path, server: web_world.Web) -> Path:
    return beside(folder, server, "/short.jpg")


@case(URLS, "nobody listens there", FILE, "fetch_failed", samples=1, world=web)
def nobody(folder: Path, server: web_world.Web) -> Path:
    return listing(folder, server.url("/a.jpg"), "http://127.0.0.1:9/b.jpg")


@case(URLS, "a line that is no URL", FILE, "bad_url", said="line 2", samples=1, world=web)
def no_url(folder: Path, server: web_world.Web) -> Path:
    return listing(folder, server.url("/a.jpg"), "just words")


@case(URLS, "a URL instead of a list", WHOLE, "usage", said="not a bucket")
def bare(_: Path) -> str:
    return "https://example.org/a.jpg"


@case(URLS, "a table without a column `url`", WHOLE, "usage", options={"format": "urls"})
def no_column(folder: Path) -> Path:
    return write(folder / "a.csv", "name,size\na,1\n")


@contextlib.contextmanager
def bucket() -> Iterator[str]:
    """A real S3 server, and the variables that lead there."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with bucket_world.server() as endpoint:
        environment = clean | bucket_world.environment(endpoint)
        with patch.dict(os.environ, environment, clear=True):
            yield endpoint


@case(BUCKETS, "a bucket that is not there", WHOLE, "store.bucket_not_found", world=bucket)
def no_bucket(_: Path, __: str) -> str:
    return "s3://there-is-none/pictures"


@case(BUCKETS, "a folder in it that is not there", WHOLE, "data.source_not_found", world=bucket)
def no_prefix(_: Path, endpoint: str) -> str:
    bucket_world.client(endpoint).create_bucket(Bucket="odd")
    return "s3://odd/nowhere"


@case(BUCKETS, "an object that is no picture", FILE, "not_an_image", samples=1, world=bucket)
def no_picture(folder: Path, endpoint: str) -> str:
    write(folder / "x" / "a.jpg", jpeg())
    write(folder / "x" / "b.jpg", "these are words")
    bucket_world.upload(endpoint, folder / "x", "odd", "set/")
    return "s3://odd/set"


@case(BUCKETS, "an object larger than the limit", FILE, "too_large", samples=1, world=bucket)
def large(folder: Path, endpoint: str) -> str:
    write(folder / "x" / "a.jpg", jpeg())
    write(folder / "x" / "b.jpg", jpeg() + bytes(2 << 20))
    bucket_world.upload(endpoint, folder / "x", "odd", "set/")
    return "s3://odd/set"


@case(
    BUCKETS,
    "a key that climbs out (`../a.jpg`)",
    WHOLE,
    "store.bucket_unreachable",
    said="'set/../../b.jpg'",
    world=bucket,
)
def climbing(folder: Path, endpoint: str) -> str:
    write(folder / "x" / "a.jpg", jpeg())
    bucket_world.upload(endpoint, folder / "x", "odd", "set/")
    s3 = bucket_world.client(endpoint)
    s3.put_object(Bucket="odd", Key="set/../../b.jpg", Body=jpeg(colour=3))
    return "s3://odd/set"


@case(
    BUCKETS,
    "nobody answers at the endpoint",
    WHOLE,
    "store.bucket_unreachable",
    said="no server answers",
    world=bucket,
)
def silent(_: Path, __: str) -> str:
    os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    return "s3://odd/set"
