"""The model card, for those who must trust a model without having made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from visloop import registry, store
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.ids import Ref

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class ModelCard:
    """Write the card of a model from facts: data, figures with intervals, slices, gate, decisions.

    Printed as Markdown; `--html` writes one file that needs nothing else.
    """

    ref: str = arg("for example reader@v2")
    html: str | None = opt("write it as HTML", default=None, path=True)


@dataclass(frozen=True)
class Card:
    """The card as Markdown, and the HTML file where one was asked for."""

    model: str
    card: str
    html: str | None


@operation("model.card", permission="registry.read")
def model_card(ports: Ports, scope: Scope, ask: ModelCard) -> Card:
    """What is known today; nothing is computed, nothing is made up."""
    version = registry.resolve(ports.registry, scope, Ref.parse(ask.ref))
    lineage = handlers.lineage_of(ports, scope, version)
    card = handlers.card_of(ports, scope, version, lineage)
    if ask.html:
        store.authorise(ports.ledger, scope, "registry.export")
        handlers.write_file(Path(ask.html), handlers.card_page(card, version.ref).encode())
    return Card(model=version.ref, card=card, html=ask.html)
