"""File names of an export: portable, different, and never a file where a folder must be."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from visloop.data.formats.target import Names

PARTS = st.text(st.sampled_from("aA.:*\\ \0üé🦊\u0308"), min_size=1, max_size=5)
LONG = st.integers(1, 300).map(lambda n: "ü" * n + ".jpg")
RESERVED = st.sampled_from(["con", "NUL.png", "lpt1.txt", "..", "."])
PATHS = st.lists(PARTS | LONG | RESERVED, min_size=1, max_size=3).map("/".join)


def folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@given(st.lists(PATHS, max_size=12, unique=True))
def test_names_differ_on_every_system(paths: list[str]) -> None:
    names = Names()
    made = [names.unique(path) for path in paths]
    keys = {folded(name) for name in made}
    assert len(keys) == len(paths)
    folders = {key.rpartition("/")[0] for key in keys}
    assert not any(
        folder == key or folder.startswith(key + "/") for folder in folders for key in keys
    )
    for name in made:
        for part in name.split("/"):
            assert part not in {"", ".", ".."}
            assert len(part.encode()) <= 255
            assert not part.endswith((".", " "))
            assert not set(part) & set('<>:"|?*\\\0')
            assert part.split(".")[0].lower() not in {"con", "nul", "lpt1"}


def test_plain_names_stay() -> None:
    names = Names()
    for path in ("a/b.jpg", "a/c d.jpg", "日本/🦊.png", ".hidden", "x.tar.gz"):
        assert names.unique(path) == path
