"""Pictures that are not files of their own: frames, pages, and what must be converted first.

A scan offers them as `Found` with a `Part`; `OPENERS` says for each kind of part how its picture is
got. What an opener returns is kept: the bytes of a picture, or a reference (see
`visloop.store.references`) that is followed when somebody asks for the picture.
"""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.data.media.opening import OPENERS as OPENERS
    from visloop.data.media.pages import OPENED as OPENED
    from visloop.data.media.records import Opener as Opener
    from visloop.data.media.records import Piece as Piece
    from visloop.data.media.records import Sink as Sink

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "opening": ("OPENERS",),
        "pages": ("OPENED",),
        "records": ("Opener", "Piece", "Sink"),
    },
)
