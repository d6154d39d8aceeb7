"""The working fields of a data set, read and written in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from sqlalchemy import Connection, select, update

from visloop.data import catalog
from visloop.data.fields.checking import checked
from visloop.data.fields.records import NO_FIELDS, OwnFields
from visloop.data.records import Sample
from visloop.data.tables import datasets
from visloop.data.tree.nodes import Bytes
from visloop.data.working import Working
from visloop.store import Write


def current(write: Write, over: Working) -> OwnFields:
    """The fields as this very transaction sees them, also after it has written some."""
    table = datasets.c
    query = select(table.fields).where(
        table.project == over.state.project, table.dataset == over.state.name
    )
    raw = write.connection.scalar(query)
    return msgspec.msgpack.decode(raw, type=OwnFields) if raw else over.fields


def of(connection: Connection, blobs: Bytes, state: catalog.DatasetState) -> OwnFields:
    """The working fields of a data set: the staged ones, else the head's."""
    if state.fields is not None:
        return state.fields
    head = catalog.head(connection, state.project, state.name)
    return catalog.load_root(blobs, head.root).own_fields if head else NO_FIELDS


def put(write: Write, dataset: str, fields: OwnFields | None, sequence: int) -> None:
    """Make them the working fields; None: those of the newest version."""
    where = (datasets.c.project == write.scope.project) & (datasets.c.dataset == dataset)
    raw = None if fields is None else msgspec.msgpack.encode(fields)
    write.execute(update(datasets).where(where).values(fields=raw, fields_seq=sequence))


def enforced(write: Write, over: Working, samples: Iterable[Sample]) -> list[Sample]:
    """The samples with metadata that fit; fields that this teaches are written.

    Raises:
        WrongMetadata: a value does not fit its field.
    """
    known = current(write, over)
    found = checked(samples, known, over.state.name)
    if found.fields is not known:
        put(write, over.state.name, found.fields, catalog.next_sequence(write, over.state.name))
    return found.samples
