"""Readers in the environment of the peers, and a data room to export from."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data_world import SCOPE, close, make_ports
from visloop import data
from visloop.ids import Ref

HERE = Path(__file__).resolve().parent

Seen = dict[str, Any]
See = Callable[[str, Path], Seen]


@pytest.fixture(scope="session")
def see(peers: Path) -> See:
    """Read a folder with a peer's reader: `see("datumaro:coco", folder)`."""

    def read(reader: str, folder: Path) -> Seen:
        command = [str(peers), str(HERE / "readers.py"), reader, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        answer = done.stdout.rpartition("SEEN ")[2]
        return json.loads(answer)

    return read


class Room:
    """Real sets, imported once; exported as often as asked."""

    def __init__(self, folder: Path, shared: Path) -> None:
        self.folder = folder
        self.ports = make_ports(folder / "room")
        self.add("cells", shared / "bccd")
        self.add("wear", shared / "clothing")
        bare = folder / "bare"  # the same without splits
        for name in ("JPEGImages", "Annotations"):
            shutil.copytree(shared / "bccd" / name, bare / name)
        self.add("bare", bare)

    def add(self, name: str, *paths: Path, **options: Any) -> data.Added:
        done = data.add(self.ports, SCOPE, name, paths, data.AddOptions(**options))
        data.commit(self.ports, SCOPE, name, "real pictures")
        return done

    def samples(self, name: str) -> dict[str, data.Sample]:
        """By file name: they are unique in these sets."""
        found = list(data.open(self.ports, Ref.parse(name)).samples())
        by_name = {each.path.rpartition("/")[2]: each for each in found}
        assert len(by_name) == len(found)
        return by_name

    def export(self, name: str, format: str) -> Path:  # noqa: A002
        folder = self.folder / f"{name}-{format}"
        if not folder.exists():
            data.export(self.ports, SCOPE, Ref.parse(name), folder, format)
        return folder


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Room]:
    made = Room(tmp_path_factory.mktemp("peers"), shared_data)
    yield made
    close(made.ports)
