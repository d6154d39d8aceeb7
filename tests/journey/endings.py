"""What a workspace comes to, as text: equal for equal histories, whatever was killed on the way."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import inspect

from visloop import app, data, store
from visloop.faces import sdk
from visloop.ids import Ref

for _room in (
    *("data", "evaluate", "label", "loop", "observe", "query", "registry", "serve", "train"),
):
    importlib.import_module(f"visloop.{_room}.tables")  # rooms are lazy, and so are their tables
_NO_STATE = frozenset({"facts", "jobs", "seals", "servers", "run_points", "embeddings"})
_AGAIN = frozenset({"data.added", "data.staged", "run.started", "run.resumed"})
"""Kinds that say that something was tried or looked at: tried again, said again."""
_PASSING = re.compile(
    r"time(\..*)?|time_.*|created|changed|updated|opened|opened_fact|closed|ended|started|decided|seq"
    r"|cpu_s|progress|latest|alive_until|sequence|classes_seq|generation|added|images_per_s|alert_opened_s|body|attempt|url"
)
_RANDOM_ID = re.compile(r"\b(run|task|alert|approval|job)-[0-9a-f]{16}\b")


def ending(root: Path, *, but: Collection[str] = ()) -> dict[str, list[str]]:
    """All state and facts as text, without times, counters and random ids: equal for equal histories.

    Args:
        root: the workspace.
        but: tables, fields and kinds of facts that are looked at otherwise.
    """
    with sdk.local(root) as here:
        assert here.call(app.audit, app.Audit()).ok
        assert list(here.ports.blobs.verify()) == []
        found: dict[str, list[str]] = {}
        with here.ports.ledger.read() as connection:
            assert {*store.metadata.tables, "alembic_version"} == {
                *inspect(connection).get_table_names()
            }
            for name, table in store.metadata.tables.items():
                if name not in _NO_STATE and name not in but:
                    rows = connection.execute(table.select()).mappings()
                    found[name] = sorted(_text(_fields(row, but)) for row in rows)
        facts = [each for each in here.ports.ledger.facts() if each.kind not in {*_AGAIN, *but}]
        found["facts"] = sorted(
            _text([each.kind, each.subject, _fields(each.payload, but)]) for each in facts
        )
        found["samples"] = list(_samples(here.ports))
        return found


def _samples(ports: app.Ports) -> Iterator[str]:
    scope = app.scope_for(None, ports)
    refs = [version.ref for version in versions(ports)]
    refs += [f"{name}@work" for name in data.names(ports.data, scope)]
    for ref in refs:
        for sample in data.open(ports.data, Ref.parse(ref)).samples():
            yield f"{ref}: {_text(msgspec.to_builtins(sample))}"


def _fields(row: Mapping[Any, Any], but: Collection[str]) -> dict[str, Any]:
    return {str(key): value for key, value in row.items() if str(key) not in but}


def _text(value: Any) -> str:
    text = msgspec.json.encode(_lasting(value), order="deterministic").decode()
    return _RANDOM_ID.sub(r"\1-…", text)


@cache
def _passes(field: str) -> bool:
    return _PASSING.fullmatch(field) is not None


def _lasting(value: Any) -> Any:
    """Without what differs between two runs of the same thing."""
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if not _passes(str(k))}
    if isinstance(value, list | tuple):
        return [_lasting(each) for each in value]
    if isinstance(value, bytes):  # a packed record: a sample, a dictionary
        with contextlib.suppress(msgspec.DecodeError):
            return _lasting(msgspec.msgpack.decode(value))
        return value.hex()
    return value


def versions(ports: app.Ports) -> Iterator[data.Version]:
    """Every version of every data set."""
    scope = app.scope_for(None, ports)
    for name in data.names(ports.data, scope):
        yield from data.log(ports.data, scope, name)
