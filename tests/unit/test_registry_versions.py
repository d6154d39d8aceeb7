from __future__ import annotations

import threading

import pytest
from sqlalchemy import create_engine

from visloop import registry, store
from visloop.errors import Conflict, Corrupt, UsageError
from visloop.events import Actor, Scope
from visloop.ids import Ref
from visloop.registry import tables
from visloop.vision import Contract

SCOPE = Scope()


@pytest.fixture
def ports(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    assert tables.models.metadata is store.metadata
    engine = create_engine(url)
    store.metadata.create_all(engine)
    engine.dispose()
    ledger = store.Ledger.open(url, clock=store.FakeClock())
    blobs = store.PackBlobs(tmp_path / "blobs")
    yield registry.RegistryPorts(ledger=ledger, blobs=blobs)
    blobs.close()
    ledger.close()


def package(onnx=b"net", **values) -> registry.Package:
    contract = Contract(classes=("hat", "shoe"), class_dictionary="c0ffee")
    given = {"reference": b"npz", "card": "# net\n", "metrics": {"cv_accuracy": 0.9}}
    return registry.Package(
        onnx=onnx,
        contract=contract,
        data="cards@v3:train",
        data_root="r00t",
        recipe="classify-linear",
        **(given | values),
    )


def at(ports, ref) -> registry.ModelVersion:
    return registry.resolve(ports, SCOPE, ref)


def kinds(ports, **filters) -> list[str]:
    return [f.kind for f in ports.ledger.facts(**filters)]


def three(ports) -> None:
    for number in (1, 2, 3):
        registry.register(ports, SCOPE, "net", package(b"net%d" % number), run=f"run-{number}")


def test_a_package_comes_back_as_it_was(ports):
    made = registry.register(ports, SCOPE, "net", package(), run="run-1")
    assert (made.ref, made.state) == ("net@v1", "registered")
    found = registry.resolve(ports, SCOPE, Ref.parse("net@v1"))
    assert found == made
    assert registry.load(ports, found) == package()
    assert found.digest == package().digest
    assert registry.card(ports, found) == "# net\n"
    detail = registry.show(ports, SCOPE, at(ports, Ref.parse("net")))
    assert detail.manifest.sizes["onnx"] == 3
    assert detail.manifest.classes == ("hat", "shoe")
    assert detail.manifest.digest == made.package


def test_a_package_without_reference_is_a_package_too(ports):
    made = registry.register(ports, SCOPE, "net", package(reference=None), run="run-1")
    assert registry.load(ports, made).reference is None


def test_a_run_registers_once_however_often_it_asks(ports):
    first = registry.register(ports, SCOPE, "net", package(), run="run-1")
    assert registry.register(ports, SCOPE, "net", package(), run="run-1") == first
    assert kinds(ports) == ["model.registered"]
    with pytest.raises(Conflict, match="net@v1"):
        registry.register(ports, SCOPE, "other", package(), run="run-1")


def test_processes_that_register_at_once_get_different_numbers(ports):
    def work(number: int) -> None:
        registry.register(ports, SCOPE, "net", package(b"%d" % number), run=f"run-{number}")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [v.number for v in registry.versions(ports, SCOPE, "net")]
    assert numbers == list(range(8, 0, -1))


def test_references_find_versions_aliases_and_the_newest(ports):
    three(ports)
    registry.set_alias(ports, SCOPE, at(ports, Ref.parse("net@v2")), "challenger")
    assert registry.resolve(ports, SCOPE, Ref.parse("net")).number == 3
    assert registry.resolve(ports, SCOPE, Ref.parse("net@challenger")).number == 2
    assert registry.resolve(ports, SCOPE, Ref.parse("default/net@v1")).number == 1


def test_names_that_are_not_there_suggest_those_that_are(ports):
    three(ports)
    registry.promote(ports, SCOPE, at(ports, Ref.parse("net@v1")))
    for wrong, hint in (
        ("nett", "did you mean 'net'"),
        ("net@champoin", "did you mean 'champion'"),
        ("net@v9", "v"),
        ("elsewhere/net@v1", "visloop models"),
    ):
        with pytest.raises(registry.ModelNotFound) as caught:
            registry.resolve(ports, SCOPE, Ref.parse(wrong))
        assert hint in caught.value.fix
        assert caught.value.http_status == 404
    with pytest.raises(registry.ModelNotFound):
        registry.versions(ports, SCOPE, "nobody")
    with pytest.raises(registry.ModelNotFound):
        registry.rollback(ports, SCOPE, "net", alias="challenger")


def test_projects_do_not_see_each_other(ports):
    three(ports)
    other = Scope(project="other")
    made = registry.register(ports, other, "net", package(), run="run-x")
    assert made.number == 1
    assert registry.resolve(ports, other, Ref.parse("default/net")).number == 3
    with pytest.raises(UsageError, match="project 'default'"):
        registry.promote(ports, other, at(ports, Ref.parse("default/net@v1")))
    assert [m.ref for m in registry.list_models(ports, other)] == ["net@v1"]


def test_champions_come_and_go_and_rollback_walks_back(ports):
    three(ports)
    assert registry.champion(ports, SCOPE, "net") is None
    for version in ("v1", "v2", "v3", "v3"):
        registry.promote(ports, SCOPE, at(ports, Ref("net", version)))
    assert registry.champion(ports, SCOPE, "net").number == 3
    assert registry.rollback(ports, SCOPE, "net").model == "net@v2"
    assert registry.rollback(ports, SCOPE, "net").model == "net@v1"
    with pytest.raises(Conflict, match="first champion"):
        registry.rollback(ports, SCOPE, "net")
    assert registry.champion(ports, SCOPE, "net").number == 1
    moves = kinds(ports, kinds=["model.promoted", "model.rolled_back"])
    assert moves == ["model.promoted"] * 3 + ["model.rolled_back"] * 2
    registry.promote(ports, SCOPE, at(ports, Ref("net", "v3")))
    assert registry.rollback(ports, SCOPE, "net").model == "net@v1"


def test_a_repeated_rollback_goes_back_once_when_it_says_from_where(ports):
    three(ports)
    for version in ("v1", "v2", "v3"):
        registry.promote(ports, SCOPE, at(ports, Ref("net", version)))
    assert registry.rollback(ports, SCOPE, "net", leaving=3).model == "net@v2"
    assert registry.rollback(ports, SCOPE, "net", leaving=3).model == "net@v2"


def test_rejected_versions_are_neither_promoted_nor_rolled_back_to(ports):
    three(ports)
    for version in ("v1", "v2", "v3"):
        registry.promote(ports, SCOPE, at(ports, Ref("net", version)))
    registry.reject(ports, SCOPE, at(ports, Ref("net", "v2")), reason="mixed up shirts")
    with pytest.raises(registry.ApprovalNeeded, match="rejected"):
        registry.promote(ports, SCOPE, at(ports, Ref("net", "v2")))
    assert registry.rollback(ports, SCOPE, "net").model == "net@v1"


def test_approval_is_asked_given_once_and_kept(ports):
    three(ports)
    newest = Ref("net", "v3")
    with pytest.raises(registry.ApprovalNeeded, match="must be approved") as caught:
        registry.promote(ports, SCOPE, at(ports, newest), needs_approval=True)
    assert "visloop model approve net@v3" in caught.value.fix
    for _ in range(2):
        assert registry.request_approval(ports, SCOPE, at(ports, newest)).state == "waiting"
    assert [v.ref for v in registry.waiting(ports, SCOPE)] == ["net@v3"]
    anna = Scope(Actor("user", "u-7"))
    first = registry.approve(ports, anna, at(ports, newest), reason="looked at the hats")
    again = registry.approve(ports, SCOPE, at(ports, newest))
    assert first == again
    assert (first.actor, first.reason) == ("user:u-7", "looked at the hats")
    assert registry.request_approval(ports, SCOPE, at(ports, newest)).state == "approved"
    assert registry.promote(ports, SCOPE, at(ports, newest), needs_approval=True).model == "net@v3"
    assert registry.waiting(ports, SCOPE) == []
    facts = ports.ledger.facts(subject="net@v3")
    assert [f.kind for f in facts] == [
        "model.registered",
        "model.approval_requested",
        "model.approved",
        "model.promoted",
    ]
    assert "hats" not in repr(facts)


def test_a_person_may_think_again(ports):
    three(ports)
    ref = Ref("net", "v2")
    registry.approve(ports, SCOPE, at(ports, ref))
    ports.ledger.clock.advance(1)
    registry.reject(ports, SCOPE, at(ports, ref))
    assert registry.resolve(ports, SCOPE, ref).state == "rejected"
    assert registry.decision(ports, SCOPE, at(ports, ref)) == "rejected"
    assert registry.decision(ports, SCOPE, at(ports, Ref("net"))) is None
    decisions = [a.decision for a in registry.show(ports, SCOPE, at(ports, ref)).approvals]
    assert decisions == ["approved", "rejected"]


def test_aliases_that_read_like_versions_are_refused(ports):
    three(ports)
    with pytest.raises(UsageError, match="reads like a version"):
        registry.set_alias(ports, SCOPE, at(ports, Ref("net", "v1")), "v2")
    with pytest.raises(UsageError):
        registry.set_alias(ports, SCOPE, at(ports, Ref("net", "v1")), "a/b")


def test_the_list_shows_every_version_with_its_aliases(ports):
    three(ports)
    registry.register(ports, SCOPE, "abc", package(), run="run-a")
    registry.promote(ports, SCOPE, at(ports, Ref("net", "v2")))
    listed = registry.list_models(ports, SCOPE)
    assert [(m.ref, m.aliases) for m in listed] == [
        ("abc@v1", ()),
        ("net@v3", ()),
        ("net@v2", ("champion",)),
        ("net@v1", ()),
    ]
    assert registry.show(ports, SCOPE, at(ports, Ref("net", "v2"))).version == listed[2]


def test_a_card_says_what_a_stranger_must_know():
    contract = Contract(classes=("hat", "shoe"), class_dictionary="c0ffee")
    facts = registry.CardFacts(
        name="net",
        recipe="classify-linear",
        run="run-1",
        data="cards@v3:train",
        data_root="r00t",
        contract=contract,
        classes={"hat": 7, "sh|oe": 5},
        left_out={"no label": 2},
        metrics={"cv_accuracy": 0.91234},
        limits=("Knows these classes only.",),
    )
    card = registry.write_card(facts)
    for needed in (
        "# net",
        "cards@v3:train",
        "| hat | 7 |",
        "sh\\|oe",
        "| no label | 2 |",
        "0.9123",
        contract.digest,
        "- Knows these classes only.",
    ):
        assert needed in card
    assert card == registry.write_card(facts)


def test_a_part_that_is_not_what_was_stored_is_not_loaded(ports, tmp_path):
    version = registry.register(ports, SCOPE, "net", package(onnx=b"a good network"), run="run-1")
    ports.blobs.close()
    for pack in tmp_path.rglob("*.pack"):
        pack.write_bytes(pack.read_bytes().replace(b"a good network", b"a bad network!"))
    with pytest.raises(Corrupt, match="not what was stored"):
        registry.load(ports, version)
