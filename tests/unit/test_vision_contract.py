"""The contract's digest stands for what it computes; contradictions are refused."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visloop.vision import Contract, ContractRefused, Decode, Decoder, Normalise, Resize

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
    decode=st.builds(Decode, score_threshold=st.floats(0, 1)),
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
