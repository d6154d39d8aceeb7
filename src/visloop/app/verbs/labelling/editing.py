"""Verbs over the objects of one picture, as an editor needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from visloop import label
from visloop.app import handlers
from visloop.app.operation import arg, operation, opt
from visloop.app.rows import plain

if TYPE_CHECKING:
    from visloop.app.ports import Ports
    from visloop.events import Scope


@dataclass(frozen=True)
class LabelEdit:
    """Change what a picture shows, object by object: staged at once, safe to send again.

    An edit is JSON: `{"put": {"type": "box", "id": "…", "label": "cat", "xyxy": [1, 2, 3, 4]}}`,
    `{"remove": "ID"}`, or `{"labelled": true}` (somebody looked: without objects there is nothing). Its
    `was` says what the object was before; when somebody else has changed it since, nothing is done.
    """

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    edits: tuple[dict[str, Any], ...] = opt("one edit as JSON; again for more", name="edit")
    key: str = opt(
        "a name of your own for them: sent again under it, they are taken once", default=""
    )


@dataclass(frozen=True)
class EditedSample:
    """The picture as it is now."""

    sample: dict[str, Any]


@operation("label.edit", permission="label.write")
def label_edit(ports: Ports, scope: Scope, ask: LabelEdit) -> EditedSample:
    """All of the edits or none."""
    edits = label.read_edits(ask.edits)
    return EditedSample(
        plain(label.edit(ports.label, scope, ask.dataset, ask.path, edits, key=ask.key))
    )


@dataclass(frozen=True)
class LabelOpen:
    """Read a picture to edit it, and say so: who else has it open is answered, and is told."""

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    tab: str = opt("which of a person's windows it is; default: none, tell nobody", default="")


@dataclass(frozen=True)
class OpenSample:
    """The picture as it is now, and `others`: who else has had it open within the last half minute."""

    sample: dict[str, Any]
    others: tuple[dict[str, Any], ...]


@operation("label.open", permission="label.write")
def label_open(ports: Ports, scope: Scope, ask: LabelOpen) -> OpenSample:
    """Asked again every few seconds while it is open."""
    sample = label.read(ports.label, scope, ask.dataset, ask.path)
    others = label.present(ports.label, scope, ask.dataset, ask.path, tab=ask.tab)
    return OpenSample(plain(sample), tuple(plain(each) for each in others))


@dataclass(frozen=True)
class LabelPropose:
    """Ask a registered model what it would draw on a picture, for a person to take or leave."""

    dataset: str = arg("the data set")
    path: str = arg("the picture's path in it")
    model: str = opt("for example reader@champion")


@dataclass(frozen=True)
class Proposals:
    """What the model says, best first, and of which classes the data set has none."""

    model: str
    proposals: tuple[dict[str, Any], ...]
    left_out: dict[str, int]


@operation("label.propose", permission="label.read")
def label_propose(ports: Ports, scope: Scope, ask: LabelPropose) -> Proposals:
    """Nothing is kept: what is taken is put by `label edit`."""
    found = handlers.proposals(ports, scope, ask.dataset, ask.path, ask.model)
    return Proposals(**plain(found))
