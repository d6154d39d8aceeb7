"""The contract's digest stands for what it computes; contradictions are refused."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.train_parts import SCOPE, Workspace
from visloop import registry, store
from visloop.errors import Corrupt
from visloop.vision import Contract, ContractRefused, Decode, Decoder, Normalise, Resize, Tiling

contracts = st.builds(
    Contract,
    decoder=st.builds(Decoder, scaled=st.booleans(), max_pixels=st.integers(1, 10**9)),
    resize=st.builds(
        Resize,
        mode=st.sampled_from(["shorter", "letterbox", "squash"]),
        size_px=st.integers(64, 640),
        crop_px=st.integers(1, 64),
        kernel=st.sampled_from(["reduce", "area", "linear", "cubic", "nearest"]),
    ),
    decode=st.builds(
        Decode,
        score_threshold=st.floats(0, 1),
        layout=st.sampled_from(["boxes", "detr"]),
        max_detections=st.sampled_from([100, 300]),
        unit=st.sampled_from(["", "bar"]),
    ),
    classes=st.lists(st.text(max_size=8), unique=True, max_size=5).map(tuple),
)


@given(contracts)
def test_a_contract_survives_storage_with_its_digest(contract):
    again = Contract.from_json(contract.to_json())
    assert again == contract
    assert again.digest == contract.digest


def test_the_default_digest_is_what_it_was_when_models_were_stored():
    assert (
        Contract(classes=("cat", "dog")).digest
        == "ee696b6edd55768b144f770ae9a1edd96917721c0b57f753917f26194016366c"
    )


def test_a_contract_stored_before_there_were_detectors_is_read_and_has_its_digest():
    stored = (
        b'{"decoder":{"library":"simplejpeg 1, pillow","scaled":false,"orientation":"exif",'
        b'"colour":"grey","background":[255,255,255],"max_pixels":100000000},"resize":'
        b'{"mode":"letterbox","size_px":320,"crop_px":null,"library":"opencv 4",'
        b'"kernel":"linear","pad_value":0},"normalise":{"mean":[0.0],"std":[255.0]},"decode":'
        b'{"task":"classify","probabilities":"probabilities","embedding":"embedding",'
        b'"score_threshold":0.25,"nms_iou":0.5},"classes":["cat","dog"],"class_dictionary":"abc",'
        b'"input_name":"x","format":1}'
    )
    contract = Contract.from_json(stored)
    assert contract.to_json() == stored
    assert contract.digest == "2312af915393cf75488fb87128f66dc0fab3e22c90a95356384d36ec23bcd652"


BASES = (
    Contract(classes=("a", "b")),
    Contract(
        resize=Resize(mode="letterbox", crop_px=None), decode=Decode(task="detect"), classes=("a",)
    ),
    Contract(
        resize=Resize(mode="squash", size_px=300),
        decode=Decode(task="detect"),
        classes=("a",),
        tiling=Tiling(size_hw=(128, 160)),
    ),
)
"""One of these, or another, allows every field another value."""


def fields(kind: type[msgspec.Struct] = Contract, path: tuple[str, ...] = ()):
    """Paths of all fields, down to those that are no records themselves: new ones come by themselves."""
    for field in msgspec.structs.fields(kind):
        inside = field.type
        for maybe in get_args(inside):
            if isinstance(maybe, type) and issubclass(maybe, msgspec.Struct):
                yield from fields(maybe, (*path, field.name))
        if isinstance(inside, type) and issubclass(inside, msgspec.Struct):
            yield from fields(inside, (*path, field.name))
        else:
            yield pytest.param((*path, field.name), inside, id=".".join((*path, field.name)))


ANY = (True, False, 7, 240, 0.25, "another", ("another",), (96, 128), (1, 2, 3), None)
"""Among these and a literal's own words every field finds another value; what does not fit is refused."""


def words(kind: object):
    """The values of a `Literal`, also inside of a union."""
    for inside in get_args(kind):
        yield from words(inside) if get_args(inside) else [inside] * isinstance(inside, str)


def altered(contract: Contract, path: tuple[str, ...], value: object) -> Contract:
    """As read from a file in which one field is another."""
    told = msgspec.json.decode(msgspec.json.encode(contract))
    inside = told
    for name in path[:-1]:
        inside = inside[name]
        if inside is None:
            return contract
    inside[path[-1]] = value
    return Contract.from_json(msgspec.json.encode(told))


def changed(path: tuple[str, ...], kind: object):
    """Contracts, each with what it becomes when the field has another value that it may have."""
    for base in BASES:
        for value in (*words(kind), *ANY):
            with suppress(ContractRefused):
                other = altered(base, path, value)
                if other != base:
                    yield base, other


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory):
    workspace = Workspace(tmp_path_factory.mktemp("registry"), store.FakeClock())
    yield workspace
    workspace.close()


@pytest.fixture(scope="module")
def registered(room: Workspace) -> dict[str, registry.ModelVersion]:
    """A model version for each of the bases, by the contract's digest."""
    found = {}
    for base in BASES:
        package = registry.Package(
            onnx=b"model",
            contract=base,
            reference=None,
            card="",
            metrics={},
            data="",
            data_root="",
            recipe="",
        )
        run = f"run-{base.digest}"
        found[base.digest] = registry.register(room.registry, SCOPE, "net", package, run=run)
    return found


@pytest.mark.parametrize(("path", "kind"), list(fields()))
def test_one_field_changed_is_another_contract_and_the_registry_says_so(
    path, kind, room, registered
):
    pairs = list(changed(path, kind))
    if path == ("format",):
        assert not pairs, "another format is refused"
        return
    assert pairs, "no other value was found for this field: add one to ANY"
    for base, other in pairs:
        assert other.digest != base.digest
        assert Contract.from_json(other.to_json()) == other
        version = registered[base.digest]
        assert registry.load(room.registry, version).contract == base
        blobs = Altered(room.blobs, version.contract, other.to_json())
        with pytest.raises(Corrupt, match="is not what was stored"):
            registry.load(replace(room.registry, blobs=blobs), version)


class Altered:
    """Blobs of which one was overwritten by hand."""

    def __init__(self, blobs: store.PackBlobs, digest: str, now: bytes) -> None:
        self.blobs, self.digest, self.now = blobs, digest, now

    def get(self, digest: str) -> bytes:
        return self.now if digest == self.digest else self.blobs.get(digest)


@given(contracts, contracts)
def test_contracts_that_differ_have_digests_that_differ(one, other):
    assert (one == other) == (one.digest == other.digest)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"[]",
        b'{"format": 2}',
        b'{"resize": {"crop_px": 300}}',
        b'{"resize": {"size_px": 1000000}}',
        b'{"decoder": {"max_pixels": 0}}',
        b'{"decoder": {"colour": "grey"}}',
        b'{"normalise": {"mean": [1, 1, 1], "std": [1, 0, 1]}}',
        b'{"classes": ["cat", "cat"]}',
        b'{"temperature": 2}',
        b'{"resize": {"size_hw": [96, 128]}}',
        b'{"resize": {"mode": "squash", "size_hw": [0, 128]}}',
        b'{"decode": {"task": "detect"}}',
        b'{"decode": {"score_threshold": 1.5}}',
        b'{"decode": {"nms_iou": -1}}',
        b'{"decode": {"max_detections": 0}}',
        b'{"decode": {"layout": "yolov99"}}',
        b'{"decode": {"task": "detect"}, "classes": ["a"], "decoder": {"orientation": "ignore"}}',
    ],
)
def test_what_cannot_be_executed_is_refused_not_guessed(raw):
    with pytest.raises(ContractRefused) as refused:
        Contract.from_json(raw)
    assert refused.value.fix


def test_grey_pictures_have_one_channel():
    contract = Contract(
        decoder=Decoder(colour="grey"), normalise=Normalise(mean=(0.0,), std=(255.0,))
    )
    assert contract.input_shape == (1, 224, 224)


def test_the_json_names_every_field():
    raw = msgspec.json.decode(Contract().to_json())
    assert set(raw["resize"]) == {"mode", "size_px", "crop_px", "library", "kernel", "pad_value"}
