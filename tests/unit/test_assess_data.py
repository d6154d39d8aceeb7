"""Membership, leakage and labels on models and data made to fail, and on such as should pass."""

from __future__ import annotations

import random
from functools import partial

import pytest
from PIL import Image

from tests.unit.train_parts import KINDS, SCOPE, draw, opened
from visloop import data, errors, evaluate, label, store
from visloop.ids import Ref

TRAIN, TEST = 20, 8
SOLID = ("disc", "square")  # every stripe is like every other


def drawn(root, *, naming, kinds=KINDS, planted=0):
    """train/ and test/ of drawn shapes; `naming` says which class each is put under."""
    for split, start, count in (("train", 0, TRAIN), ("test", 500, TEST)):
        for kind in kinds:
            for seed in range(start, start + count):
                place = root / split / naming(kind, seed)
                place.mkdir(parents=True, exist_ok=True)
                draw(kind, seed).save(place / f"{kind}-{seed}.png")
    for seed in range(planted):
        copy = draw("disc", seed).resize((120, 100), Image.Resampling.BILINEAR)
        copy.save(root / "test" / "disc" / f"copy-{seed}.jpg", quality=80)
    return root


def truly(kind, seed):
    del seed
    return kind


def at_random(kind, seed):
    return random.Random(f"label {kind} {seed}").choice(KINDS)


def mostly(kind, seed):
    return at_random(kind, seed) if seed % 7 == 0 else kind


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    held = []

    def made(**how):
        pictures = drawn(tmp_path_factory.mktemp("pictures"), **how)
        held.append(opened(tmp_path_factory.mktemp("rooms") / "ws", pictures, store.FakeClock()))
        return held[-1]

    yield made
    for each in held:
        each.close()


@pytest.fixture(scope="module")
def sound(make):
    workspace = make(naming=truly)
    workspace.train("shapes@v2", model_name="net")
    return workspace


def assess(workspace, kind, on="shapes@v2:test", **settings):
    version = workspace.model("net")
    made = evaluate.make_assessment(
        workspace.evaluate, SCOPE, kind, version, Ref.parse(on), settings=settings
    )
    bound = evaluate.find_kind(kind).headline
    value = made.figures[bound.figure].value
    passed = (bound.at_least is None or value >= bound.at_least) and (
        bound.at_most is None or value <= bound.at_most
    )
    return made, passed


def test_membership_trips_on_a_model_that_learnt_by_heart(make, sound):
    heart = make(naming=at_random)
    heart.train("shapes@v2", model_name="net", params={"c": "1e4"})
    made, passed = assess(heart, "membership", shadows="8")
    assert not passed
    assert made.figures["auc"].low > 0.7
    assert made.figures["advantage"].low > 0.3
    assert made.figures["shadow_auc"].low > 0.7
    assert made.figures["blind_auc"].low < 0.5, "the two sets do not differ by themselves"
    assert "tpr_at_1_percent" not in made.figures
    assert any("takes 100 pictures" in note for note in made.outcome.notes)
    assert {row["attack"] for row in made.outcome.rows} >= {"loss", "likelihood ratio, by shadows"}
    fair, passed = assess(sound, "membership", shadows="0")
    assert passed, fair.figures
    assert "shadow_auc" not in fair.figures


def test_membership_says_when_it_cannot_be_judged(sound):
    with pytest.raises(errors.Refused, match="60 pictures that net@v1 learnt from and 0"):
        assess(sound, "membership", on="shapes@v1")
    with pytest.raises(errors.UsageError, match="3 shadow models are too few"):
        assess(sound, "membership", shadows="3")


def test_leakage_trips_on_planted_copies_and_names_them(make):
    leaky = make(naming=truly, kinds=SOLID, planted=4)
    leaky.train("shapes@v2", model_name="net")
    made, passed = assess(leaky, "leakage")
    assert not passed
    pairs = {(row["first"], row["second"]) for row in made.outcome.rows}
    wanted = {(f"disc/disc-{n}.png", f"disc/copy-{n}.jpg") for n in range(4)}
    assert wanted <= {pair if "copy" in pair[1] else pair[::-1] for pair in pairs}
    assert made.outcome.pictures
    assert "visloop remove shapes disc/disc-" in made.outcome.notes[-1]
    pairs -= {pair for pair in pairs if "copy" in "".join(pair)}
    assert len(pairs) == 0, "and no others"


def test_leakage_passes_where_there_is_none_and_by_group_proposes_a_split(make):
    apart = make(naming=truly, kinds=SOLID)
    apart.train("shapes@v2", model_name="net")
    clean, passed = assess(apart, "leakage")
    assert passed, clean.outcome.rows
    change = partial(data.meta_set, apart.data, SCOPE, "shapes")
    change(data.Chosen(("disc/disc-1.png", "disc/disc-501.png")), {"batch": "7"}, ())
    version = data.commit(apart.data, SCOPE, "shapes", "batches")
    made, passed = assess(apart, "leakage", on=f"{version.ref}:test", group="batch")
    assert not passed
    assert made.figures["pairs_group"].value == 1
    assert "--group-by batch" in made.outcome.notes[-1]


@pytest.fixture(scope="module")
def wrong(make):
    workspace = make(naming=mostly)
    workspace.train("shapes@v2", model_name="net")
    return workspace


def shown(path):
    """What is drawn: `disc/square-7.png` is a square."""
    return path.split("/")[1].split("-")[0]


def test_labels_trip_on_turned_labels_and_name_the_right_class(wrong, sound):
    made, passed = assess(wrong, "labels")
    assert not passed
    found = {row["path"]: row for row in made.outcome.rows}
    turned = {path: row for path, row in found.items() if row["label"] != shown(path)}
    assert len(turned) >= 0.7 * len(found)
    right = [row["suggested"] == shown(path) for path, row in turned.items()]
    assert sum(right) >= 0.7 * len(right)
    clean, passed = assess(sound, "labels")
    assert passed, clean.outcome.rows
    assert clean.figures["planted_found"].value > 0.5


def test_doubted_labels_wait_on_the_queue_and_are_changed_in_place(wrong):
    ports = label.LabelPorts(wrong.ledger, wrong.data)
    rows = assess(wrong, "labels")[0].outcome.rows
    worst = next(row for row in rows if row["suggested"] == shown(row["path"]))
    doubted = [label.Doubted(*(worst[key] for key in ("path", "label", "suggested", "belief")))]
    done = label.doubt(ports, SCOPE, "shapes", doubted, author="assessment:labels")
    (task,) = label.list_tasks(ports, SCOPE, "shapes")
    assert ((task.id,), task.path) == (done.tasks, worst["path"])
    assert task.proposed_label == shown(worst["path"])
    assert task.reasons[0].endswith(f"labelled {worst['label']}")
    again = label.doubt(ports, SCOPE, "shapes", doubted, author="assessment:labels")
    assert (again.tasks, again.known) == ((), 1)
    before = data.open(wrong.data, Ref.parse("shapes@v2")).get(worst["path"])
    label.accept(ports, SCOPE, task.id)
    after = data.open(wrong.data, Ref.parse("shapes@work")).get(worst["path"])
    assert (after.id, after.split, after.annotations[0].label) == (
        before.id,
        before.split,
        shown(worst["path"]),
    )
    late = label.doubt(ports, SCOPE, "shapes", doubted, author="assessment:labels")
    assert late.left == {worst["path"]: "its label has changed since"}
