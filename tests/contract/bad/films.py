"""Videos that are broken, hostile or odd."""

from __future__ import annotations

from pathlib import Path

from tests.contract.bad.cases import case, jpeg, write
from tests.films import film, sound_only

GROUP = "Videos"
FILE, WHOLE, KEPT = "refused file", "refused whole", "kept"
ALL = {"frames": "all"}


@case(GROUP, "an empty file called .mp4", FILE, "empty", options=ALL)
def empty(folder: Path) -> None:
    write(folder / "a.mp4", b"")


@case(GROUP, "text that is called .mp4", FILE, "not_a_video", options=ALL)
def text(folder: Path) -> None:
    write(folder / "a.mp4", "these are words\n" * 100)


@case(GROUP, "an mp4 that was cut off before its index (no moov)", FILE, "truncated", options=ALL)
def cut(folder: Path) -> None:
    file = film(folder / "a.mp4")
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@case(GROUP, "sound without pictures", FILE, "no_video", options=ALL)
def sound(folder: Path) -> None:
    sound_only(folder / "a.mp4")


@case(GROUP, "a playlist that names other files", FILE, "not_a_video", options=ALL)
def playlist(folder: Path) -> None:
    write(folder / "a.mp4", "#EXTM3U\n#EXTINF:5,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")


@case(GROUP, "a picture called .mp4", FILE, "not_a_video", options=ALL)
def picture(folder: Path) -> None:
    write(folder / "a.mp4", jpeg())


@case(GROUP, "a bare stream without times", FILE, "no_times", options=ALL)
def bare(folder: Path) -> None:
    film(folder / "a.h264").rename(folder / "a.mp4")


@case(GROUP, "a video, and `--frames` not given", KEPT, said="--frames")
def not_asked(folder: Path) -> None:
    film(folder / "a.mp4", 5)


@case(
    GROUP,
    "a video that is named itself, and `--frames` not given",
    FILE,
    "unsupported_media",
    said="it is a video",
)
def named(folder: Path) -> Path:
    return film(folder / "a.mp4", 5)


@case(GROUP, "a word for `--frames` that is not known", WHOLE, "usage", options={"frames": "some"})
def unknown_word(folder: Path) -> None:
    film(folder / "a.mp4", 5)


@case(GROUP, "`--frames every:0s`", WHOLE, "usage", options={"frames": "every:0s"})
def no_time(folder: Path) -> None:
    film(folder / "a.mp4", 5)


@case(GROUP, "a rotation flag and uneven frame times", KEPT, samples=5, options=ALL)
def turned(folder: Path) -> None:
    film(folder / "a.mp4", 5, turned=90.0, times_s=[0.0, 0.1, 0.101, 0.4, 0.9])


@case(GROUP, "damage in the middle", "refused frames", "decode_error", samples=57, options=ALL)
def damaged(folder: Path) -> None:
    how = {"g": "20", "bf": "0", "crf": "5"}
    file = film(folder / "a.mp4", 60, options=how, size=(320, 240))
    raw = bytearray(file.read_bytes())
    middle = len(raw) // 2
    raw[middle : middle + 300] = bytes(range(100)) * 3
    file.write_bytes(raw)
