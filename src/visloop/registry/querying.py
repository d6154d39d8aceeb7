"""Model versions as a relation: what can be asked of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from visloop.events import Scope
from visloop.ids import Ref
from visloop.query import Field, Relation, named, recorded
from visloop.registry.lookup import list_models
from visloop.registry.records import CHAMPION, ModelLine, RegistryPorts

_STATES: Final = ("registered", "waiting", "approved", "rejected")
_STAGES: Final = ("None", "Staging", "Production", "Archived")
_FIELDS: Final[tuple[Field, ...]] = (
    named("ref", "text", "net@v2", searched=True),
    named("model", "text", "its name", searched=True),
    named("version", "text", "v2"),
    named("number", "integer", "2 of v2"),
    named("state", "text", "where approval stands", values=_STATES),
    named("stage", "text", "where it is on its way", values=_STAGES),
    named("aliases", "text", "all that point at it, with a comma between", searched=True),
    named("recipe", "text", "how it was trained", searched=True),
    named("data", "text", "what it was trained on: line@v1:train", searched=True),
    named("dataset", "text", "the data set of that"),
    named("run", "text", "that made it"),
    named("package", "text", "digest of its files"),
    named("created", "time", "when it was registered"),
    named("actor", "text", "who registered it"),
)


def models_relation(ports: RegistryPorts, scope: Scope) -> Relation:
    """Every version of every model, as `list_models` orders them; each alias is a field of its own."""
    lines = list_models(ports, scope)
    aliases = sorted({CHAMPION, *(alias for line in lines for alias in line.aliases)})
    taken = {each.key for each in _FIELDS}
    flags = [
        Field(
            f"alias.{each}",
            (f"alias.{each}",) if each in taken else (each, f"alias.{each}"),
            "boolean",
            description=f"the alias {each} points at it",
        )
        for each in aliases
    ]
    records = [_record(line, aliases) for line in lines]
    found = recorded(
        "model", "models", (*_FIELDS, *flags), records, {"metrics": "what training measured"}
    )
    rows = [{k: v for k, v in each.items() if not k.startswith("alias.")} for each in records]
    return Relation(found.schema, found.size, found.values, lambda at: rows[at])


def _record(line: ModelLine, aliases: list[str]) -> dict[str, Any]:
    return {
        **asdict(line),
        "number": int(line.version.removeprefix("v")),
        "aliases": ", ".join(line.aliases) or None,
        "dataset": Ref.parse(line.data).name if line.data else None,
        **{f"alias.{each}": each in line.aliases for each in aliases},
    }
