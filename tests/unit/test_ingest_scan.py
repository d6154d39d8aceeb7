"""What a scan offers of real and of made folders: paths, labels, splits, and what it leaves out."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from visloop.data.formats.folder import shortest_distinct
from visloop.data.ingest.records import Found
from visloop.data.ingest.scan import Scan, SourceNotFound, scan
from visloop.data.records import AddOptions, Refusal
from visloop.errors import UsageError


def png(colour: int = 0) -> bytes:
    out = io.BytesIO()
    Image.new("L", (8, 6), colour).save(out, "PNG")
    return out.getvalue()


def lay(root: Path, *names: str) -> Path:
    """Pictures, each of its own colour, at the given paths."""
    for colour, name in enumerate(names):
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(png(colour % 256))
    return root


def offered(seen: Scan) -> dict[str, tuple[str | None, str | None]]:
    """Logical path → (class, split); fails on a refusal."""
    found: dict[str, tuple[str | None, str | None]] = {}
    for item in seen:
        assert isinstance(item, Found), item
        assert item.path not in found
        label = item.annotations[0].label if item.annotations else None
        found[item.path] = (label, item.split)
    assert list(found) == sorted(found)
    return found


def look(*paths: Path | str, **options) -> dict[str, tuple[str | None, str | None]]:
    return offered(scan(list(paths), AddOptions(**options)))


def test_sub_folders_are_classes_and_may_be_deep(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "cat/old/deep/a.png", "dog/a.png", "dog-2/b.png")
    assert look(tmp_path) == {
        "cat/a.png": ("cat", None),
        "cat/old/deep/a.png": ("cat", None),
        "dog-2/b.png": ("dog-2", None),
        "dog/a.png": ("dog", None),
    }
    assert all(label is None for label, _ in look(tmp_path, format="images").values())


def test_split_folders_hold_class_folders(tmp_path: Path) -> None:
    lay(tmp_path, "train/cat/1.png", "valid/cat/1.png", "test/1.png")
    assert look(tmp_path) == {
        "test/1.png": (None, "test"),
        "train/cat/1.png": ("cat", "train"),
        "valid/cat/1.png": ("cat", "val"),
    }


def test_a_split_given_by_hand_wins(tmp_path: Path) -> None:
    lay(tmp_path, "train/cat/1.png", "test/cat/2.png")
    assert {split for _, split in look(tmp_path, split="gold").values()} == {"gold"}


def test_a_flat_folder_has_no_labels(tmp_path: Path) -> None:
    lay(tmp_path, "b.png", "a.png")
    (item, _) = scan([tmp_path], AddOptions())
    assert isinstance(item, Found)
    assert (item.path, item.annotations) == ("a.png", None)


def test_containers_are_not_classes(tmp_path: Path) -> None:
    lay(tmp_path, "images/cat/1.png", "images/dog/1.png", "labels/x.png")
    assert look(tmp_path)["images/cat/1.png"] == ("cat", None)
    assert look(tmp_path)["labels/x.png"] == (None, None)


def test_pictures_beside_folders_leave_them_unlabelled_and_say_so(tmp_path: Path) -> None:
    lay(tmp_path, "a.png", "cat/b.png")
    seen = scan([tmp_path], AddOptions())
    assert set(offered(seen).values()) == {(None, None)}
    assert any("--format class-folders" in note for note in seen.notes())
    assert look(tmp_path, format="class-folders")["cat/b.png"] == ("cat", None)


def test_the_same_name_in_different_folders_stays_apart(tmp_path: Path) -> None:
    lay(tmp_path, "one/x/a.png", "two/x/a.png")
    assert set(look(tmp_path / "one/x/a.png", tmp_path / "two/x/a.png")) == {
        "one/x/a.png",
        "two/x/a.png",
    }
    assert set(look(tmp_path / "one", tmp_path / "two")) == {"one/x/a.png", "two/x/a.png"}


def test_folders_named_together_are_like_their_parent(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "dog/a.png")
    assert look(tmp_path / "cat", tmp_path / "dog") == look(tmp_path)


def test_files_named_one_by_one(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "cat/b.png")
    (tmp_path / "cat/c.txt").write_text("no picture")
    names = look(*(tmp_path / "cat" / name for name in ("b.png", "a.png", "c.txt")))
    assert names == {"a.png": (None, None), "b.png": (None, None), "c.txt": (None, None)}


def test_a_path_inside_another_comes_once(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "dog/b.png")
    seen = scan([tmp_path / "cat" / "a.png", tmp_path, tmp_path], AddOptions())
    assert set(offered(seen)) == {"cat/a.png", "dog/b.png"}
    assert any("given too" in note for note in seen.notes())


def test_strange_names_are_kept(tmp_path: Path) -> None:
    names = ["sp ace/ü 🦊.png", "sp ace/ü\u0308.png", "sp ace/new\nline.png", "日本/a.png"]
    lay(tmp_path, *names)
    assert set(look(tmp_path)) == set(names)


def test_names_that_are_not_utf8_are_escaped_and_open(tmp_path: Path) -> None:
    folder = lay(tmp_path, "cat/%FF.png") / "cat"
    raw = os.fsencode(folder) + b"/caf\xe9.png"
    Path(os.fsdecode(raw)).write_bytes(png(7))
    seen = scan([tmp_path], AddOptions())
    items = {item.path: item for item in seen if isinstance(item, Found)}
    assert set(items) == {"cat/%FF.png", "cat/caf%e9.png"}
    found = items["cat/caf%e9.png"]
    assert Path(found.file).read_bytes() == png(7)
    assert found.source.encode()
    assert any("UTF-8" in note and "caf%e9.png" in note for note in seen.notes())


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "cat/.hidden.png", ".git/x.png", "__MACOSX/y.png")
    for name in ("Thumbs.db", "notes.txt", "film.mp4", "cat/data.csv"):
        (tmp_path / name).write_bytes(b"\0\0\0\x18ftypisom" + bytes(20))
    os.mkfifo(tmp_path / "cat" / "pipe.png")
    seen = scan([tmp_path], AddOptions())
    assert set(offered(seen)) == {"cat/a.png"}
    notes = "\n".join(seen.notes())
    for word in ("film.mp4", "notes.txt", "cat/data.csv", "cat/pipe.png", "4 hidden"):
        assert word in notes


def test_pictures_are_known_by_their_bytes_too(tmp_path: Path) -> None:
    lay(tmp_path, "cat/scan0001", "cat/frame.0001", "cat/b.heic")
    assert set(look(tmp_path)) == {"cat/scan0001", "cat/frame.0001", "cat/b.heic"}


def test_links_stay_inside(tmp_path: Path) -> None:
    lay(tmp_path, "in/cat/a.png", "out/b.png")
    cat = tmp_path / "in" / "cat"
    (cat / "again.png").symlink_to("a.png")
    (cat / "escape.png").symlink_to(tmp_path / "out" / "b.png")
    (cat / "gone.png").symlink_to("nowhere.png")
    (cat / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    seen = scan([tmp_path / "in"], AddOptions())
    items = list(seen)
    assert [item.path for item in items if isinstance(item, Found)] == [
        "cat/a.png",
        "cat/again.png",
    ]
    codes = {item.path: item.reason_code for item in items if isinstance(item, Refusal)}
    assert codes == {"cat/escape.png": "outside_folder", "cat/gone.png": "unreadable"}
    assert any("cat/loop" in note for note in seen.notes())


def test_a_folder_that_goes_away_meanwhile_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, "cat/a.png", "dog/b.png", "fox/c.png")
    items = iter(scan([tmp_path], AddOptions()))
    assert isinstance(next(items), Found)
    shutil.rmtree(tmp_path / "dog")
    refusal, last = items
    assert isinstance(refusal, Refusal)
    assert (refusal.path, refusal.reason_code) == ("dog", "unreadable")
    assert last.path == "fox/c.png"


def test_a_wrong_question_says_so(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match="nothing lies at"):
        scan([tmp_path / "nowhere"], AddOptions())
    with pytest.raises(UsageError, match="did you mean 'coco'"):
        scan([tmp_path], AddOptions(format="coko"))
    with pytest.raises(UsageError, match="is not COCO"):
        scan([tmp_path], AddOptions(format="coco"))


def test_an_empty_folder_offers_nothing(tmp_path: Path) -> None:
    assert look(tmp_path) == {}


@given(st.sets(st.lists(st.sampled_from("abc"), min_size=1, max_size=5).map(tuple), max_size=8))
def test_the_shortest_tails_are_distinct(parts: set[tuple[str, ...]]) -> None:
    whole = ["/" + "/".join(each) for each in sorted(parts)]
    tails = shortest_distinct(whole)
    assert all(f"/{path}".endswith(f"/{tail}") for path, tail in zip(whole, tails, strict=True))
    assert len(set(tails)) == len(whole)


@pytest.mark.shared
def test_real_class_folders(shared_data: Path) -> None:
    found = look(shared_data / "clothing")
    assert Counter(split for _, split in found.values()) == {"train": 600, "test": 186}
    assert len({label for label, _ in found.values()}) == 10
    assert (
        found["test/t-shirt/" + next(p for p in found if "test/t-shirt" in p)[13:]][0] == "t-shirt"
    )
