"""Answers in other forms than JSON, as clients ask for them: V2, COCO's results, the picture drawn."""

from __future__ import annotations

import contextlib
import io
import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO

from tests.journey.serve_world import GREEN, RED, picture, until
from tests.journey.zoo import zoo
from visloop.ids import digest_of
from visloop.vision import bitmap_of

WIDE = picture((90, 90, 90), px=96)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    one = zoo(tmp_path_factory.mktemp("forms"))
    yield one
    one.close()


@pytest.fixture(scope="module")
def server(world):
    return world.serve()


def post(server, path, body=GREEN, **headers):
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.ask("POST", f"/predict/{path}", body, told)


def pixels(reply):
    return np.asarray(Image.open(io.BytesIO(reply.body)).convert("RGB"))


@pytest.mark.parametrize("name", ["desk", "pets", "parts", "gauge"])
@pytest.mark.parametrize(("accept", "kind"), [("image/png", "PNG"), ("image/jpeg", "JPEG")])
def test_accept_brings_the_picture_with_the_answer_drawn_in(server, name, accept, kind):
    reply = post(server, name, WIDE, accept=accept)
    assert (reply.status, reply.headers["content-type"]) == (200, accept)
    assert Image.open(io.BytesIO(reply.body)).format == kind
    assert pixels(reply).shape == (96, 96, 3)
    assert np.abs(pixels(reply).astype(int) - 90).max() > 60, "nothing was drawn"


def test_what_is_drawn_lies_where_the_json_says(server):
    boxes = post(server, "pets", WIDE).json()["annotations"]
    drawn = pixels(post(server, "pets?as=picture", WIDE, accept="image/png"))
    x1, _, x2, y2 = (round(side) for side in boxes[0]["xyxy"])
    foot = drawn[min(y2, 96) - 1, x1 + 2 : x2 - 2]
    assert (np.abs(foot.astype(int) - 90).max(axis=1) > 30).mean() > 0.8


def test_a_mask_has_its_name_written_where_it_begins(server):
    (mask,) = post(server, "parts", WIDE).json()["annotations"]
    inside = bitmap_of(mask["counts"], mask["size_hw"])
    drawn = pixels(post(server, "parts?as=picture", WIDE, accept="image/png"))
    assert len(np.unique(drawn[inside], axis=0)) > 3, "a veil of one colour, and no words"
    assert (drawn[:10][~inside[:10]] == 90).all()


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("text/html,image/avif,image/webp,*/*;q=0.8", "application/json"),
        ("image/png;q=0.2, application/json", "application/json"),
        ("image/*", "image/jpeg"),
        ("image/png, */*;q=0.5", "image/png"),
        ("image/png;q=0", "application/json"),
        ("image/png ; Q=1", "image/png"),
    ],
)
def test_the_kind_of_answer_is_negotiated_by_weight(server, accept, kind):
    assert post(server, "desk", accept=accept).headers["content-type"] == kind


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools'
def test_pycocotools_reads_what_as_coco_gives(server):
    for name, kind in (("pets", "bbox"), ("parts", "segm")):
        said = post(server, f"{name}?as=coco&image_id=41", WIDE).json()
        plain = post(server, name, WIDE).json()["annotations"]
        assert len(said) == len(plain) > 0
        truth = COCO()
        truth.dataset = {
            "images": [{"id": 41, "width": 96, "height": 96}],
            "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
            "annotations": [],
        }
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
            read = truth.loadRes(said)
        for each, ours in zip(read.loadAnns(read.getAnnIds([41])), plain, strict=True):
            assert truth.cats[each["category_id"]]["name"] == ours["label"]
            assert each["score"] == ours["score"]
            if kind == "bbox":
                x, y, width, height = each["bbox"]
                assert [x, y, x + width, y + height] == pytest.approx(ours["xyxy"], abs=2e-3)
            else:
                mask = bitmap_of(ours["counts"], ours["size_hw"])
                assert np.array_equal(coco_masks.decode(each["segmentation"]), mask)
                assert each["bbox"] == list(coco_masks.toBbox(each["segmentation"]))


def test_a_class_alone_is_a_result_without_a_place(server):
    (only,) = post(server, "desk?as=coco", RED).json()
    assert (only["image_id"], only["category_id"], only["category"]) == (1, 1, "red")
    assert only["score"] == pytest.approx(post(server, "desk", RED).json()["confidence"], abs=1e-6)
    assert "bbox" not in only


def test_as_v2_says_what_the_v2_route_says(server):
    image = {"name": "image", "shape": [1], "datatype": "BYTES"}
    for name in ("desk", "pets", "gauge"):
        head = json.dumps(
            {"inputs": [image | {"parameters": {"binary_data_size": len(WIDE) + 4}}]}
        ).encode()
        body = head + len(WIDE).to_bytes(4, "little") + WIDE
        told = {"inference-header-content-length": str(len(head))}
        same = server.ask("POST", f"/v2/models/{name}/infer", body, told).json()
        assert post(server, f"{name}?as=v2", WIDE).json() == same


@pytest.mark.parametrize(
    ("path", "status", "code", "word"),
    [
        ("desk?as=xml", 400, "serve.bad_request", "as=coco"),
        ("desk?as=coco&as=json", 400, "serve.bad_request", "once"),
        ("desk?as=coco&image_id=-1", 400, "serve.bad_request", "whole number"),
        ("desk?every=soon", 400, "serve.bad_request", "every=1s"),
        ("gauge?as=coco", 406, "serve.not_in_that_form", "as=json"),
        ("nobody?as=coco", 404, "serve.deployment_not_found", ""),
    ],
)
def test_a_form_that_does_not_exist_is_told_clearly(server, path, status, code, word):
    reply = post(server, path)
    assert (reply.status, reply.code) == (status, code)
    assert word in reply.json()["error"]["fix"]


def test_no_picture_is_refused_in_every_form(server):
    for shape in ("json", "v2", "coco", "picture"):
        reply = post(server, f"pets?as={shape}", b"nothing")
        assert (reply.status, reply.code) == (422, "infer.not_an_image"), shape


def test_every_form_is_logged_like_any_answer(world, server):
    image = picture((1, 2, 3), px=77)
    for shape in ("json", "v2", "coco", "picture"):
        assert post(server, f"pets?as={shape}", image).status == 200
    digest = digest_of(image)
    until(lambda: sum(each.answer.image == digest for each in world.logged("pets")) == 4)
