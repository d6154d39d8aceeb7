"""What search holds on to while a process lives: the encoder, and the gallery of its vectors."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from visloop import data, infer
from visloop.config import load_plugin

if TYPE_CHECKING:
    from collections.abc import Callable

    from visloop.data.finding.gallery import Gallery
    from visloop.data.finding.nearest import Placed
    from visloop.infer import Encoder

BUILT_IN: Final = "lite0"


class Finder:
    """Opened once a process; nothing is loaded before it is used.

    Args:
        folder: where galleries lie.
        encoder: `lite0`, or the name of a plug-in in `visloop.encoders`.

    Attributes:
        folder: the same.
    """

    def __init__(self, folder: Path, encoder: str = BUILT_IN) -> None:
        self.folder = folder
        self._name = encoder
        self._placed: tuple[tuple[str, int, int], Placed] | None = None

    @cached_property
    def encoder(self) -> Encoder:
        """What compares.

        Raises:
            PluginNotFound: no encoder has that name.
            MissingExtra: it needs a library that is not installed.
        """
        if self._name == BUILT_IN:
            return infer.Lite0Encoder()
        return cast("Encoder", load_plugin("encoders", self._name)())

    @cached_property
    def gallery(self) -> Gallery:
        """The vectors of this encoder."""
        model = self.encoder.pictures
        return data.Gallery(self.folder / f"{model.digest[:24]}-1", model.embedding_size())

    def placed(self, version: str, make: Callable[[], Placed | None]) -> Placed | None:
        """The samples of a version as rows of the gallery, remembered for the version asked last.

        Args:
            version: the digest of its tree.
            make: finds the rows; None: not all pictures have one, so that it must be asked again.
        """
        self.gallery.refresh()
        key = version, self.gallery.era, len(self.gallery)
        if self._placed is not None and self._placed[0] == key:
            return self._placed[1]
        found = make()
        if found is not None:
            self._placed = (version, self.gallery.era, len(self.gallery)), found
        return found
