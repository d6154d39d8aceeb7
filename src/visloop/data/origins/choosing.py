"""The paths that a person named, each with the origin that makes it readable."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from visloop.data.ingest.scan import check_format, existing
from visloop.data.ingest.walk import clean
from visloop.data.origins import remote
from visloop.data.origins.archives.kinds import kind_of, unread
from visloop.data.origins.archives.origin import Archive
from visloop.data.origins.folders import Folders
from visloop.data.origins.remote.lists import is_bucket, is_list
from visloop.errors import UsageError

if TYPE_CHECKING:
    from visloop.data.origins.records import Origin
    from visloop.data.records import AddOptions


def origins(paths: Sequence[str | Path], options: AddOptions) -> list[Origin]:
    """One origin for all plain paths, one for each archive, bucket and list of URLs.

    Raises:
        SourceNotFound: a path is not there.
        UsageError: the format is not known, or a path cannot be added in the way that was asked.
    """
    check_format(options.format)
    plain: list[str] = []
    special: list[Origin] = []
    for path in dict.fromkeys(map(str, paths)):
        if is_bucket(path):
            special.append(remote.BucketPrefix(path, options))
            continue
        if "://" in path:
            raise UsageError(
                f"{path.partition('?')[0]!r} is not a bucket (s3://, gs://, az://)",
                fix="pictures on the web: write their URLs into a file, one a line, and add that",
            )
        there = existing(path)
        if options.format == "urls" or (options.format == "auto" and is_list(there)):
            special.append(remote.UrlList(there, options))
            continue
        if unread(there):
            raise UsageError(
                f"{clean(there)!r} is an archive of a kind that is not read",
                fix="unpack it and add the folder, or pack it as zip or tar",
            )
        kind = kind_of(there)
        if kind is None:
            plain.append(there)
        else:
            special.append(Archive(there, kind, options))
    if plain:
        special.insert(0, Folders(plain, options))
    return special
