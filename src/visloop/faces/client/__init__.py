"""Answers of a deployment, for programs: nothing of a workspace, of arrays or of models is loaded."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.faces.client.asynchronous import AsyncClient as AsyncClient
    from visloop.faces.client.pictures import PictureLike as PictureLike
    from visloop.faces.client.replies import PredictionReply as PredictionReply
    from visloop.faces.client.synchronous import Client as Client
    from visloop.faces.client.tries import DeadlineExceeded as DeadlineExceeded
    from visloop.faces.client.tries import Unreachable as Unreachable

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "asynchronous": ("AsyncClient",),
        "pictures": ("PictureLike",),
        "replies": ("PredictionReply",),
        "synchronous": ("Client",),
        "tries": ("DeadlineExceeded", "Unreachable"),
    },
)
