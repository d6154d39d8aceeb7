"""What the shell is told of a change of many samples, from the first time to the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.data_world import folder_of
from visloop.faces import cli


def test_a_change_says_what_it_did_and_what_takes_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root, pictures = tmp_path / "ws", folder_of(tmp_path / "pictures", good=4, scratched=2)

    def said(*words: str) -> list[str]:
        capsys.readouterr()
        assert cli.run([*words, "--workspace", str(root)]) == 0
        return capsys.readouterr().out.splitlines()

    assert cli.run(["init", str(root)]) == 0
    said("add", str(pictures), "--to", "parts")
    tag = ("bulk", "parts", "--where", "limit 3", "--tag", "dark")
    assert said(*tag, "--dry-run")[0] == "would change 3 samples of parts"
    take_back = "staged; take it back: visloop bulk undo k1"
    assert said(*tag, "--key", "k1") == ["changed 3 samples of parts", take_back]
    again = "made before as k1: 3 samples of parts; nothing was changed now"
    assert said(*tag, "--key", "k1") == [again, take_back]
    assert said("bulk", "undo", "k1") == ["3 samples of parts as before"]
    assert said("bulk", "undo", "k1") == ["3 samples of parts were as before already"]
    assert said(*tag, "--key", "k1")[1:] == [
        "it was taken back since; another --key makes it again"
    ]
    assert said(*tag, "--untag", "nothing")[0] == "changed 3 samples of parts"
    assert said(*tag)[0] == "changed 0 samples of parts, 3 asked for"
