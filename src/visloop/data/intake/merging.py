"""A candidate meets what the data set holds: is it new, changed, moved, the same, a namesake?"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

import msgspec

from visloop.data.cameras.stamping import Stamp
from visloop.data.dictionary import renamed
from visloop.data.intake.memory import Remembered, holder
from visloop.data.intake.reading import Outcome
from visloop.data.media.keeping import located_image
from visloop.data.media.same import same_frame
from visloop.data.objects import Annotations, carry_ids, with_ids
from visloop.data.privacy.guard import kept_metadata, unsigned
from visloop.data.records import Candidate, ClassDictionary, Sample
from visloop.data.staging import FROZEN_SPLITS
from visloop.data.working import Working
from visloop.ids import sample_id
from visloop.store import Blobs


class Placing:
    """Gives the candidates of one batch their place; `notes` say what was unusual, by path."""

    def __init__(
        self,
        over: Working,
        known: ClassDictionary,
        class_map: Mapping[str, str],
        now: str,
        stamp: Stamp,
        blobs: Blobs | None = None,
    ) -> None:
        names = known.lookup()
        self._renames = names | {old: names.get(new, new) for old, new in class_map.items()}
        self._over, self._now, self._stamp, self._blobs = over, now, stamp, blobs
        self._held: dict[str, Sample | None] = {}
        self.notes: list[str] = []

    def look_up(self, paths: Collection[str]) -> None:
        """Read what the data set holds at these paths, all at once."""
        found = self._over.get_many(paths)
        self._held |= {path: found.get(path) for path in paths}

    def place(
        self, outcome: Outcome, remembered: Remembered | None
    ) -> tuple[Sample, Sample | None]:
        """The sample that the candidate becomes, and the one that it was (None: it is new)."""
        candidate = outcome.candidate
        assert candidate is not None
        if outcome.moved_from is not None and (was := self._at(outcome.moved_from)) is not None:
            path = candidate.path
            self.notes.append(f"{path}: moved here from {outcome.moved_from}")
        else:
            path, was = self._find(candidate, remembered)
            if was is not None and self._is_frame(was, candidate):
                kept = {name: getattr(was, name) for name in ("image", "bytes", "media", "mode")}
                candidate = msgspec.structs.replace(candidate, **kept)
        same = remembered is not None and unsigned(remembered.labels) == unsigned(outcome.labels)
        sample = self._merged(candidate, path, was, remembered, same_labels=same)
        stamped = self._stamp(sample.metadata)
        if stamped is not sample.metadata:
            sample = msgspec.structs.replace(sample, metadata=stamped)
        self._held[path] = sample
        self.notes += [f"{path}: {note}" for note in candidate.notes]
        if was is not None and was.image != sample.image:
            self._note_loss(path, was.image, outcome)
        return sample, was

    def _note_loss(self, path: str, image: str, outcome: Outcome) -> None:
        """Bytes that were only ever left in place are gone when their file is written over."""
        left = outcome.found is not None and outcome.found.in_place
        if left and located_image(self._over.connection, image):
            told = (
                "it was left in place and has changed: versions that hold its old bytes lost them"
            )
            self.notes.append(f"{path}: {told}")

    def _find(
        self, candidate: Candidate, remembered: Remembered | None
    ) -> tuple[str, Sample | None]:
        """Where it belongs and what is there: another file's sample is never overwritten."""
        wanted = candidate.path
        if remembered is not None and remembered.state == "sample":
            wanted = remembered.path
        path, number = wanted, 1
        while (was := self._at(path)) is not None and self._is_another(was, candidate):
            number += 1
            path = _numbered(wanted, number)
        if path != wanted:
            self.notes.append(f"{wanted}: another file has this name, so it is called {path}")
        return path, was

    def _is_another(self, was: Sample, candidate: Candidate) -> bool:
        return _is_another(was, candidate) and not self._is_frame(was, candidate)

    def _is_frame(self, was: Sample, candidate: Candidate) -> bool:
        """Whether it is the frame itself that comes back, as the picture that it was exported as."""
        if self._blobs is None or was.image == candidate.image or was.source == candidate.source:
            return False
        return same_frame(self._blobs, was, candidate)

    def _at(self, path: str) -> Sample | None:
        if path not in self._held:
            self.look_up([path])
        return self._held[path]

    def _merged(
        self,
        candidate: Candidate,
        path: str,
        was: Sample | None,
        remembered: Remembered | None,
        *,
        same_labels: bool,
    ) -> Sample:
        if was is None:
            # a namesake that moved away took the usual id with it
            moved_on = remembered is not None and remembered.state == "moved"
            seed = candidate.image + (remembered.path if remembered and moved_on else "")
            number = sample_id(self._over.state.name, path, seed)
            annotations = renamed(candidate.annotations or (), self._renames)
            fresh = _sample(candidate, path, number, with_ids(number, annotations), self._now)
            if candidate.annotations is None:
                return msgspec.structs.replace(fresh, labelled=False)
            return fresh
        same_shape = (was.width, was.height, was.orientation) == (
            candidate.width,
            candidate.height,
            candidate.orientation,
        )
        if candidate.annotations is None or (same_labels and same_shape):
            annotations = was.annotations
        else:
            stated = renamed(candidate.annotations, self._renames)
            annotations = carry_ids(was.id, was.annotations, stated)
        sample = _sample(candidate, path, was.id, annotations, was.added)
        return msgspec.structs.replace(
            sample,
            split=self._split(candidate, path, was),
            metadata=kept_metadata(was.metadata, candidate.metadata),
            source=was.source if was.image == candidate.image else candidate.source,
            labelled=was.labelled or candidate.annotations is not None,
        )

    def _split(self, candidate: Candidate, path: str, was: Sample) -> str | None:
        split = candidate.split if candidate.split is not None else was.split
        if split == was.split or was.split not in FROZEN_SPLITS:
            return split
        committed = self._over.tree.get(was.path)
        if committed is None or committed.tag not in FROZEN_SPLITS:
            return split
        self.notes.append(f"{path}: stays in the frozen {was.split!r} split, not {split!r}")
        return was.split


def _sample(
    candidate: Candidate, path: str, number: str, annotations: Annotations, added: str
) -> Sample:
    return Sample(
        id=number,
        path=path,
        image=candidate.image,
        bytes=candidate.bytes,
        width=candidate.width,
        height=candidate.height,
        media=candidate.media,
        mode=candidate.mode,
        orientation=candidate.orientation,
        annotations=annotations,
        split=candidate.split,
        metadata=candidate.metadata,
        source=candidate.source,
        added=added,
    )


def _is_another(was: Sample, candidate: Candidate) -> bool:
    """Whether the sample there belongs to another file that still exists."""
    if was.image == candidate.image or was.source == candidate.source:
        return False
    return not Path(was.source).is_absolute() or holder(was.source) is not None


def _numbered(path: str, number: int) -> str:
    name = PurePosixPath(path)
    return str(name.with_name(f"{name.stem} ({number}){name.suffix}"))
