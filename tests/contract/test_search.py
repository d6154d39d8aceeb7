"""Search on real pictures: words, examples, versions, filters, videos, what cannot be read, plug-ins."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.films import film
from tests.unit.test_infer_words import gathering
from visloop import app, data
from visloop.errors import NotFound, UsageError, VisloopError
from visloop.faces import cli, sdk
from visloop.infer import NotAnImage
from visloop.query import QueryWrong

KINDS = ("hat", "pants", "shoes")
EACH = 6


@pytest.fixture(scope="module")
def pictures(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wardrobe")
    for kind in KINDS:
        (folder / kind).mkdir()
        for file in sorted((shared_data / "clothing" / "train" / kind).iterdir())[:EACH]:
            shutil.copy(file, folder / kind / f"{kind}{len(list((folder / kind).iterdir()))}.jpg")
    return folder


@pytest.fixture(scope="module")
def root(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """v1: everything labelled; v2: without two hats and with hat2 moved … still one data set."""
    folder = tmp_path_factory.mktemp("shop")
    sdk.init(folder)
    with sdk.open(folder) as ws:
        ds = ws.dataset("wear")
        ds.add(pictures)
        ds.split(train=0.5, test=0.5)
        ds.commit("all")
        ws.call(app.remove, app.Remove(dataset="wear", paths=("hat/hat0.jpg", "hat/hat1.jpg")))
        ds.commit("fewer hats")
    return folder


@pytest.fixture
def ws(root: Path):
    with sdk.open(root) as opened:
        yield opened


def kinds(answer: app.SearchAnswer) -> list[str]:
    return [row["path"].partition("/")[0] for row in answer.rows]


def test_words_find_what_they_name(ws: sdk.Workspace) -> None:
    for words, kind in (("trousers", "pants"), ("sneakers", "shoes"), ("a sun hat", "hat")):
        found = ws.search(words, limit=4)
        assert kinds(found).count(kind) >= 3, (words, found.rows)
        assert found.count == 4
        assert found.searched == 16
        assert found.understood
        scores = [row["score"] for row in found.rows]
        assert scores == sorted(scores, reverse=True)


def test_a_picture_finds_its_like(ws: sdk.Workspace, pictures: Path) -> None:
    found = ws.search(image=pictures / "pants" / "pants3.jpg", limit=4)
    assert found.rows[0]["path"] == "pants/pants3.jpg"
    assert found.rows[0]["score"] == pytest.approx(1, abs=2e-3)
    assert kinds(found).count("pants") >= 3
    same = ws.search(image=(pictures / "pants" / "pants3.jpg").read_bytes(), limit=4)
    assert same.rows == found.rows


def test_more_like_a_sample_leaves_the_sample_out(ws: sdk.Workspace) -> None:
    found = ws.dataset("wear").search(image="pants/pants0.jpg", limit=3)
    assert "pants/pants0.jpg" not in [row["path"] for row in found.rows]
    assert kinds(found).count("pants") >= 2
    assert found.searched == 15


def test_any_version_answers_with_what_it_held(ws: sdk.Workspace) -> None:
    for version, hats in (("v1", EACH), ("v2", EACH - 2), ("work", EACH - 2), ("v1", EACH)):
        found = ws.search("hat", at=f"wear@{version}", limit=1000)
        assert kinds(found).count("hat") == hats
        assert found.ref == f"wear@{version}"
    moved = ws.dataset("wear")
    before = ws.search("hat", at="wear@v1", limit=5).rows
    moved.meta.set("hat/*", values={"drawer": "top"})
    moved.commit("drawers")
    assert ws.search("hat", at="wear@v1", limit=5).rows == before
    assert all(row["metadata"]["drawer"] == "top" for row in ws.search("hat", limit=2).rows)


def test_conditions_and_splits_narrow_it(ws: sdk.Workspace) -> None:
    found = ws.search("shoes", where="split = test and not class(label = shoes)", limit=1000)
    assert {row["split"] for row in found.rows} == {"test"}
    assert "shoes" not in kinds(found)
    within = ws.search("shoes", at="wear@v2:test", limit=1000)
    assert {row["split"] for row in within.rows} == {"test"}
    assert within.searched == len(within.rows)
    none = ws.search("shoes", where='path = "nowhere"')
    assert (none.count, none.searched) == (0, 0)


def test_pages_follow_one_another(ws: sdk.Workspace) -> None:
    whole = [row["path"] for row in ws.search("clothes", limit=1000).rows]
    assert len(whole) == 16
    parts = [ws.search("clothes", offset=at, limit=5).rows for at in (0, 5, 10, 15, 20)]
    assert [row["path"] for part in parts for row in part] == whole


def test_an_emptied_cache_changes_nothing(root: Path) -> None:
    with sdk.open(root) as ws:
        before = ws.search("hat", limit=5)
    shutil.rmtree(root / ".visloop" / "cache" / "search")
    with sdk.open(root) as ws:
        assert ws.search("hat", limit=5) == before


def test_frames_and_unreadable_pictures(tmp_path: Path, pictures: Path) -> None:
    film(tmp_path / "in" / "clip.mp4", 6)
    shutil.copy(pictures / "hat" / "hat0.jpg", tmp_path / "in" / "hat.jpg")
    lost = tmp_path / "left" / "lost.jpg"
    lost.parent.mkdir()
    shutil.copy(pictures / "pants" / "pants0.jpg", lost)
    sdk.init(tmp_path / "ws")
    with sdk.open(tmp_path / "ws") as ws:
        ds = ws.dataset("mix")
        ds.add(tmp_path / "in", frames="all")
        ds.add(lost.parent, in_place=True)
        lost.unlink()
        frame = next(r["path"] for r in ds.samples().rows if "clip" in r["path"])
        found = ds.search(image=frame)
        assert found.rows[0]["path"].startswith("clip")
        assert [each["reason"] for each in found.unreadable] == [
            f"{lost} was left in place and cannot be read: No such file or directory"
        ]
        assert "lost.jpg" not in str([row["path"] for row in found.rows])
        with pytest.raises(VisloopError, match="left in place"):
            ds.search(image="lost.jpg")


def test_an_empty_data_set_has_nothing_to_find(tmp_path: Path, pictures: Path) -> None:
    sdk.init(tmp_path)
    with sdk.open(tmp_path) as ws:
        with pytest.raises(UsageError, match="which data set"):
            ws.search("hat")
        ws.dataset("one").add(pictures / "hat" / "hat0.jpg")
        ws.call(app.remove, app.Remove(dataset="one", paths=("hat0.jpg",)))
        found = ws.search("hat")
        assert (found.count, found.searched, found.rows) == (0, 0, ())


def test_bad_questions_are_told(ws: sdk.Workspace, pictures: Path, tmp_path: Path) -> None:
    text = tmp_path / "words.txt"
    text.write_text("these are just words")
    for wrong, error, said in (
        ({}, UsageError, "words or for a picture"),
        ({"words": "  "}, UsageError, "words or for a picture"),
        ({"words": "hat", "image": pictures / "hat" / "hat1.jpg"}, UsageError, "one of them"),
        ({"image": "nowhere.jpg"}, NotFound, "neither a file"),
        ({"image": text}, NotAnImage, "no picture"),
        ({"words": "hat", "where": "splt = test"}, QueryWrong, "splt"),
        ({"words": "hat", "where": "sort by path"}, UsageError, "sorts by nearness"),
        ({"words": "hat", "at": "wear@v9"}, data.VersionNotFound, "v9"),
        ({"words": "hat", "at": "wear:dress"}, data.SplitNotFound, "dress"),
    ):
        with pytest.raises(error, match=said):
            ws.search(**wrong)
    with pytest.raises(UsageError, match="base64"):
        ws.call(app.search, app.Search(picture="%%%"))


def test_the_command_line_says_what_it_understood(root: Path, pictures: Path, capfd) -> None:
    where = ("--workspace", str(root))
    assert cli.run(["search", "trousers", "--limit", "2", *where]) == 0
    out = capfd.readouterr().out
    assert "pants/" in out
    assert "2 nearest of 16 samples of wear@work" in out
    assert "taken for: pants" in out
    file = str(pictures / "hat" / "hat0.jpg")
    assert cli.run(["search", "--image", file, "--at", "wear@v1", "--limit", "1", *where]) == 0
    assert "hat/hat0.jpg" in capfd.readouterr().out
    assert cli.run(["search", *where]) == 2
    assert "one of them" in capfd.readouterr().err


def test_questions_are_ranked_by_near_and_similar(ws: sdk.Workspace) -> None:
    wear = ws.dataset("wear")
    words = [row["path"] for row in ws.search("trousers", where="split = test", limit=5).rows]
    asked = wear.query('split = test and near "trousers"', limit=5)
    assert [row["path"] for row in asked.rows] == words
    assert asked.count == len(wear.query("split = test").rows)
    like = [row["path"] for row in ws.search(image="pants/pants0.jpg", limit=3).rows]
    found = wear.query('similar "pants/pants0.jpg" and class(label = pants) limit 2')
    assert [row["path"] for row in found.rows] == [each for each in like if "pants" in each][:2]
    assert found.rows[0]["matching"] == [0]
    for wrong in ('near "hat" sort by path', 'not near "hat"', 'near "hat" or split = test'):
        with pytest.raises(QueryWrong, match="near"):
            wear.query(wrong)
    with pytest.raises(QueryWrong, match="ranks samples, not objects"):
        wear.query('near "hat"', of="objects")
    with pytest.raises(data.SampleNotFound, match="nowhere"):
        wear.query('similar "nowhere.jpg"')


# --- another encoder -----------------------------------------------------------------------------

PLUG_IN = """
from pathlib import Path

from visloop.infer import Pair
from visloop.vision import Contract, Decode, Resize

HERE = Path(__file__).parent
WORDS = {"red": 0, "green": 1, "blue": 2}


def colours():
    return Pair(
        (HERE / "image.onnx").read_bytes(),
        Contract(resize=Resize(size_px=16, crop_px=16), decode=Decode(task="embed")),
        (HERE / "text.onnx").read_bytes(),
        lambda text: [WORDS[word] for word in text.lower().split() if word in WORDS] or [3],
    )
"""


def averaging() -> bytes:
    """A picture network: the mean of each channel, float32 (N, 3)."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["input"], ["mean"]),
            helper.make_node("Flatten", ["mean"], ["embedding"]),
        ],
        "image",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["N", 3, 16, 16])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 3])],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, ir_version=10, opset_imports=opset).SerializeToString()


@pytest.fixture
def colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CLIP-like pair that knows three colours, installed as a plug-in, and a folder of colours."""
    site = tmp_path / "site"
    info = site / "colours-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "colour_pair.py").write_text(PLUG_IN)
    (site / "image.onnx").write_bytes(averaging())
    table = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1], [0, 0, 0]])
    (site / "text.onnx").write_bytes(gathering(table))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: colours\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[visloop.encoders]\ncolours = colour_pair:colours\n")
    monkeypatch.syspath_prepend(str(site))
    for name, rgb in (("a", (220, 20, 20)), ("b", (20, 200, 30)), ("c", (10, 20, 230))):
        (tmp_path / "in").mkdir(exist_ok=True)
        Image.new("RGB", (40, 30), rgb).save(tmp_path / "in" / f"{name}.png")
    return tmp_path


def test_a_clip_like_pair_of_networks_is_a_plug_in(colours: Path) -> None:
    sdk.init(colours / "ws")
    (colours / "ws" / "visloop.yaml").write_text("search: {encoder: colours}\n")
    with sdk.open(colours / "ws") as ws:
        ws.dataset("paint").add(colours / "in")
        for words, best in (("red", "a.png"), ("green", "b.png"), ("deep blue", "c.png")):
            assert ws.search(words).rows[0]["path"] == best
        picture = base64.b64encode((colours / "in" / "b.png").read_bytes()).decode()
        found = ws.call(app.search, app.Search(picture=picture))
        assert found.rows[0]["path"] == "b.png"
    (colours / "ws" / "visloop.yaml").write_text("search: {encoder: colour}\n")
    with sdk.open(colours / "ws") as ws, pytest.raises(VisloopError, match="no plug-in 'colour'"):
        ws.search("red")
