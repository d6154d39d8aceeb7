"""Pictures that are fetched: from buckets, and from lists of URLs. Loaded only where one is named."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.data.origins.remote.bucket import BucketPrefix as BucketPrefix
    from visloop.data.origins.remote.bucket import refetched as refetched
    from visloop.data.origins.remote.urls import UrlList as UrlList
    from visloop.data.origins.remote.urls import refetched_urls as refetched_urls

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "bucket": ("BucketPrefix", "refetched"),
        "urls": ("UrlList", "refetched_urls"),
    },
)
