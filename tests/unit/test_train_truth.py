from __future__ import annotations

import subprocess

import pytest

from visloop.data import ClassDictionary, Sample
from visloop.errors import Refused
from visloop.ids import Ref
from visloop.train import truth as t
from visloop.train.environment import code_of, describe_environment
from visloop.vision import Box, ClassLabel

CLASSES = ClassDictionary().with_added(["hat", "shoe"])


def sample(name, *annotations, image=None) -> Sample:
    return Sample(
        id=name,
        path=f"{name}.jpg",
        image=image or name,
        bytes=1,
        width=1,
        height=1,
        annotations=annotations,
    )


def label(name, **values) -> ClassLabel:
    return ClassLabel(label=name, **values)


@pytest.mark.parametrize(
    ("annotations", "wanted"),
    [
        ([label("hat")], ("hat", "")),
        ([label("hat"), label("hat", author="user:b")], ("hat", "")),
        ([label("hat"), Box(xyxy=(0, 0, 1, 1), label="shoe")], ("hat", "")),
        ([label("hat"), label("shoe", review="proposed")], ("hat", "")),
        ([label("hat"), label("shoe")], ("", t.SEVERAL)),
        ([label("hat", ignore=True)], ("", t.IGNORED)),
        ([label("hat"), label("shoe", ignore=True)], ("", t.IGNORED)),
        ([label("hat", review="proposed", author="model:net@v1")], ("", t.NOT_REVIEWED)),
        ([label("hat", review="rejected")], ("", t.NO_LABEL)),
        ([Box(xyxy=(0, 0, 1, 1), label="shoe")], ("", t.NO_LABEL)),
        ([], ("", t.NO_LABEL)),
    ],
)
def test_one_clear_accepted_class_or_a_reason_why_not(annotations, wanted):
    assert t.class_of(sample("a", *annotations), CLASSES.lookup()) == wanted


def test_an_alias_is_the_class_that_it_stands_for():
    assert t.class_of(sample("a", label("cap")), {"hat": "hat", "cap": "hat"}) == ("hat", "")


def test_nothing_is_left_out_silently():
    samples = [sample("a", label("hat")), sample("b"), sample("c"), sample("d", label("shoe"))]
    found = t.choose(samples, CLASSES)
    assert [p.label for p in found.pictures] == ["hat", "shoe"]
    assert found.left_out == {t.NO_LABEL: 2}


def test_training_sees_each_picture_once_and_never_one_of_the_test_split():
    samples = [
        sample("a", label("hat"), image="i1"),
        sample("b", label("hat"), image="i1"),
        sample("c", label("hat"), image="i2"),
        sample("d", label("shoe"), image="i2"),
        sample("e", label("shoe"), image="i3"),
        sample("f", label("shoe"), image="i0"),
    ]
    found = t.choose_for_training(samples, CLASSES, {"i3": t.IN_TEST})
    assert [(p.sample.id, p.label) for p in found.pictures] == [("f", "shoe"), ("a", "hat")]
    assert found.left_out == {t.REPEATED: 1, t.CONTRADICTED: 2, t.IN_TEST: 1}
    again = t.choose_for_training(samples[::-1], CLASSES, {"i3": t.IN_TEST})
    assert again == found


@pytest.mark.parametrize(
    ("ref", "splits", "wanted"),
    [
        ("cards@v3", {}, None),
        ("cards@v3", {"train": 5, "test": 2}, "train"),
        ("cards@v3:train", {"train": 5}, "train"),
        ("cards@v3:night", {"night": 5, "train": 2}, "night"),
    ],
)
def test_training_reads_the_split_that_is_meant_for_it(ref, splits, wanted):
    assert t.training_split(Ref.parse(ref), splits) == wanted


def test_the_test_split_cannot_be_trained_on():
    with pytest.raises(t.FrozenSplit) as caught:
        t.training_split(Ref.parse("cards@v3:test"), {"train": 5, "test": 2})
    assert "cards@v3:train" in caught.value.fix
    with pytest.raises(Refused, match="none called 'train'"):
        t.training_split(Ref.parse("cards@v3"), {"test": 2, "val": 3})
    with pytest.raises(Refused, match="no split 'nigth'"):
        t.training_split(Ref.parse("cards@v3:nigth"), {"night": 2})


def test_the_environment_names_what_numbers_depend_on_and_no_host():
    found = describe_environment()
    assert found["packages"]["numpy"]
    assert found["packages"]["onnxruntime"]
    assert found["cores"] >= 1
    assert "OMP_NUM_THREADS" in found["threads"]


def test_the_code_commit_is_recorded_with_whether_files_differ(tmp_path):
    assert code_of(tmp_path).commit is None

    def git(*words):
        subprocess.run(["git", "-C", tmp_path, *words], check=True, capture_output=True)

    git("init", "-q")
    (tmp_path / "a.py").write_text("x = 1\n")
    git("add", "a.py")
    git("-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "one")
    clean = code_of(tmp_path)
    assert clean.commit is not None
    assert len(clean.commit) == 40
    assert clean.dirty is False
    (tmp_path / "a.py").write_text("x = 2\n")
    assert code_of(tmp_path).dirty is True
