"""Lists of URLs: one a line, or a table with the columns url, label, split.

    # a comment                                 url,label,split
    https://example.org/a.jpg                   https://example.org/a.jpg,cat,train

What a URL holds back (a password, a signature) is used to fetch and noted nowhere.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from visloop.errors import UsageError

_LONGEST: Final = 8192
_SECRET: Final = [
    "sig",
    "signature",
    "token",
    "key",
    "apikey",
    "api_key",
    "access_token",
    "auth",
    "password",
    "secret",
    "se",
    "sp",
    "sv",
    "sr",
    "skoid",
    "awsaccesskeyid",
    "googleaccessid",
    "expires",
    "policy",
    "key-pair-id",
]
_SECRET_STARTS: Final = ("x-amz-", "x-goog-", "x-oss-")
_BUCKETS: Final = ("s3", "gs", "az")


class Line(NamedTuple):
    """One picture of a list: `url` fetches it, `shown` may be stored; `problem` says what is wrong."""

    url: str
    shown: str
    path: str
    label: str = ""
    split: str = ""
    problem: str = ""


def is_bucket(path: str) -> bool:
    """Whether the text is the URL of a bucket."""
    return path.partition("://")[0] in _BUCKETS and "://" in path


def is_list(path: str) -> bool:
    """Whether a text file begins with a URL."""
    file = Path(path)
    if file.suffix.lower() not in {".txt", ".lst", ".urls"} or not file.is_file():
        return False
    with file.open(encoding="utf-8-sig", errors="replace") as opened:
        for line in opened:
            if (text := line.strip()) and not text.startswith("#"):
                return text.startswith(("http://", "https://"))
    return False


def lines(path: str) -> Iterator[Line]:
    """Every picture that the list names, in its order; one named twice comes once.

    Raises:
        UsageError: it is no text, or a table without a column `url`.
    """
    known: set[str] = set()
    try:
        for each in _rows(Path(path)):
            if each.shown not in known:
                known.add(each.shown)
                yield each
    except (UnicodeDecodeError, csv.Error) as problem:
        raise UsageError(
            f"{path} is no list of URLs: {problem}",
            fix="save it as UTF-8 text, one URL a line, or as CSV with a column url",
        ) from problem


def _rows(file: Path) -> Iterator[Line]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        first = ""
        start = 0
        for start, line in enumerate(opened, start=1):  # noqa: B007 - used below
            if (first := line.strip()) and not first.startswith("#"):
                break
        if not first or first.startswith("#"):
            return
        columns = [each.strip().lower() for each in next(csv.reader([first]))]
        if "url" in columns:
            for number, row in enumerate(csv.DictReader(opened, columns), start=start + 1):
                told = {key: (value or "").strip() for key, value in row.items() if key in columns}
                if told["url"] or any(told.values()):
                    yield _line(told["url"], number, told.get("label", ""), told.get("split", ""))
            return
        if "," in first and not first.startswith(("http://", "https://")):
            raise UsageError(
                f"{file} is a table without a column url", fix="name its columns: url,label,split"
            )
        yield _line(first, start)
        for number, line in enumerate(opened, start=start + 1):
            if (text := line.strip()) and not text.startswith("#"):
                yield _line(text, number)


def _line(url: str, number: int, label: str = "", split: str = "") -> Line:
    problem = ""
    shown, path = f"line {number}", f"line-{number}"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError as wrong:
        problem = f"line {number} is no URL: {wrong}"
    else:
        if parts.scheme not in {"http", "https"} or not host:
            problem = f"line {number} is no http or https URL: {url[:80]!r}"
        elif len(url) > _LONGEST or any(ord(each) < ord(" ") for each in url):
            problem = f"line {number} is no URL: too long, or with control characters"
        else:
            place = host if parts.port is None else f"{host}:{parts.port}"
            query = urlencode([pair for pair in parse_qsl(parts.query, True) if not _secret(pair)])
            shown = urlunsplit((parts.scheme, place, parts.path or "/", query, ""))
            path = _path(host, parts.path, query)
    return Line(url, shown, path, label, split, problem)


def _secret(pair: tuple[str, str]) -> bool:
    name = pair[0].lower()
    return name in _SECRET or name.startswith(_SECRET_STARTS)


def _path(host: str, path: str, query: str) -> str:
    """A logical path: `example.org/photos/a.jpg`; dots and odd characters lead nowhere."""
    parts = [part for part in unquote(path, errors="replace").split("/") if part not in {"", "."}]
    parts = [quote(part, safe="") if part == ".." else part.replace("\0", "") for part in parts]
    parts = ["%2E%2E" if part == ".." else part for part in parts] or ["index"]
    if query:
        parts[-1] += "?" + query.replace("/", "%2F")
    return "/".join((host, *parts))
