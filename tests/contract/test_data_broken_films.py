"""Videos that are none, or not whole: what is good in them comes in, the rest waits with its reason."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import av
import numpy as np
import pytest

from tests.contract.test_data_films import added, pixels, shown
from tests.data_world import SCOPE, make_ports, picture
from tests.films import film, frames_of, sound_only
from visloop import data


@pytest.fixture
def ports(tmp_path: Path):
    made = make_ports(tmp_path / "ws")
    blobs = data.following(made.blobs, made.ledger, tmp_path / "cache")
    yield dataclasses.replace(made, blobs=blobs)
    blobs.close()
    made.ledger.close()


def cut(path: Path, share: float) -> Path:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    return path


def broken(kind: str, path: Path) -> Path:
    match kind:
        case "zero bytes":
            path.write_bytes(b"")
        case "zeros":
            path.write_bytes(bytes(5000))
        case "text":
            path.write_text("not a film at all\n" * 100)
        case "playlist":
            path.write_text("#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
        case "picture":
            picture(path.with_suffix(".jpg"), 1).rename(path)
        case "sound":
            sound_only(path)
        case "no index":
            cut(film(path), 0.5)
        case "bare stream":
            film(path.with_suffix(".h264")).rename(path)
    return path


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("zero bytes", "empty"),
        ("zeros", "not_a_video"),
        ("text", "not_a_video"),
        ("playlist", "not_a_video"),
        ("picture", "not_a_video"),
        ("sound", "no_video"),
        ("no index", "truncated"),
        ("bare stream", "no_times"),
    ],
)
def test_what_is_no_whole_film_waits_with_its_reason_and_mends(ports, tmp_path, kind, code) -> None:
    (tmp_path / "in").mkdir()
    path = broken(kind, tmp_path / "in" / "a.mp4")
    done = added(ports, path.parent, "all")
    assert (done.added, done.quarantined) == (0, 1)
    (refused,) = data.quarantine_list(ports, SCOPE, "films")
    assert (refused.reason_code, bool(refused.fix)) == (code, True)
    film(path, 5)
    assert data.quarantine_retry(ports, SCOPE, "films").added == 5
    assert data.quarantine_list(ports, SCOPE, "films") == []


def test_a_film_that_was_cut_off_gives_what_it_has_and_names_the_rest(ports, tmp_path) -> None:
    whole = film(
        tmp_path / "whole.mp4", 60, size=(320, 240), options={"g": "10", "bf": "0", "crf": "5"}
    )
    with (
        av.open(str(whole)) as source,
        av.open(str(tmp_path / "a.mp4"), "w", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    path = cut(tmp_path / "a.mp4", 0.6)
    done = added(ports, path, "all")
    assert 20 < done.added < 50
    (refused,) = [
        each for each in data.quarantine_list(ports, SCOPE, "films") if each.path == "a.mp4"
    ]
    assert refused.reason_code == "truncated"
    assert "of its 60 frames are missing" in refused.reason


def test_damage_in_the_middle_keeps_the_frames_before_and_names_those_that_suffer(
    ports, tmp_path
) -> None:
    path = film(tmp_path / "a.mp4", 60, options={"g": "20", "bf": "0", "crf": "5"}, size=(320, 240))
    truth = list(frames_of(path).values())
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 300] = os.urandom(300)
    path.write_bytes(raw)
    done = added(ports, path, "all")
    assert done.added + done.quarantined == 60
    assert done.quarantined
    taken = {each.metadata["video.frame"]: each for each in shown(ports).values()}
    assert set(range(20)) <= set(taken)
    refused = data.quarantine_list(ports, SCOPE, "films")
    assert {each.reason_code for each in refused} == {"decode_error"}
    for at, sample in taken.items():
        if at < 20 or at >= 40:
            assert np.abs(pixels(ports, sample) - truth[at].astype(int)).mean() < 2.5
