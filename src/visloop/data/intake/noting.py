"""What `add` notes on every sample: what the person says of all of them, which camera, when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from visloop.data import catalog
from visloop.data.cameras.registry import find, stamp_of
from visloop.data.cameras.stamping import Stamp
from visloop.data.fields import own
from visloop.data.fields.records import NO_FIELDS, Field
from visloop.data.fields.stating import stated
from visloop.data.ingest.records import Found
from visloop.data.records import AddOptions, DataPorts
from visloop.events import Scope
from visloop.store import Write


@dataclass(frozen=True)
class Noting:
    """Values for every sample, fields that they need, what was unusual about them, and the stamp."""

    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    fields: tuple[Field, ...] = ()
    notes: tuple[str, ...] = ()
    stamp: Stamp = field(default_factory=lambda: Stamp(()))

    def on(self, found: Found) -> Found:
        """The file with what is said of it."""
        if not self.values:
            return found
        return replace(found, metadata={**found.metadata, **self.values})

    def declare(self, write: Write, ports: DataPorts, state: catalog.DatasetState) -> None:
        """Make sure that the data set has the fields."""
        if not self.fields:
            return
        grown = known = own.of(write.connection, ports.blobs, state)
        for each in self.fields:
            grown = grown.with_field(each)
        if grown != known:
            sequence = catalog.next_sequence(write, state.name)
            own.put(write, state.name, grown, sequence)


def noting(ports: DataPorts, scope: Scope, dataset: str, options: AddOptions) -> Noting:
    """Settle, before any file is opened, what the options say of all samples.

    Raises:
        CameraNotFound: the registry has no camera of that id.
        WrongMetadata: a value does not fit its field.
    """
    said = dict(options.metadata)
    if options.licence:
        said["licence"] = options.licence
    if options.camera:
        said["camera"] = options.camera
    with ports.ledger.read() as connection:
        stamp = stamp_of(connection, scope.project)
        if not said:
            return Noting(stamp=stamp)
        if "camera" in said:
            find(connection, scope.project, str(said["camera"]))
        state = catalog.state_or_none(connection, scope.project, dataset)
        known = NO_FIELDS if state is None else own.of(connection, ports.blobs, state)
    told = stated(said, known, dataset, "--set")
    had = known.by_name()
    fresh = tuple(each for each in told.fields.entries if each.name not in had)
    return Noting(told.values, fresh, told.notes, stamp)
