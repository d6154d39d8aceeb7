"""D6: importing a COCO file of pictures with five boxes each, the pictures left where they lie.

    python bench/bench_import.py [--count 20000] [--rounds 3] [--no-peer] [--pictures FOLDER]

Ours reads every picture besides (its digest, size, EXIF, whether it is whole), gives every box an
identity and fits it to the picture. The limit reads no picture: msgspec's decode of the JSON, and
all of its objects as rows into SQLite, with three indexes. A second line gives each picture and
object an identity, a third adds the barest code that reads and hashes the pictures.
Datumaro reads its COCO and no picture.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import figures
import msgspec
import numpy as np
import peers
import pictures
from blake3 import blake3

from visloop import app
from visloop.faces import sdk

DATUMARO = "datumaro==1.13.12"
BOXES, CLASSES = 5, 80
LIMITS = (
    "SQLite",
    "SQLite, with identities and metadata as text, fsynced",
    "that, and the pictures read and hashed",
)
_READ = """
import sys, time, resource, json
started = time.perf_counter()
import datumaro
from datumaro import Dataset
began = time.perf_counter()
found = Dataset.import_from(sys.argv[1], "coco_instances")
found.init_cache()
assert len(found) == int(sys.argv[2]), len(found)
print(json.dumps({
    "s": time.perf_counter() - began,
    "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--pictures", type=Path, help="draw them there and keep them")
    parser.add_argument("--child", nargs=2, metavar=("WORKSPACE", "SET"))
    given = parser.parse_args()
    if given.child:
        child(Path(given.child[0]), Path(given.child[1]))
        return
    with tempfile.TemporaryDirectory(dir=given.pictures) as folder:
        here = Path(folder)
        drawn = pictures.draw((given.pictures or here) / f"pictures{given.count}", given.count)
        peer = None if given.no_peer else peers.peer("datumaro", DATUMARO)
        with figures.byte_code():
            rows = run(here, drawn, given.count, given.rounds, peer)
        figures.publish(rows)


def run(folder: Path, drawn: Path, n: int, rounds: int, peer: Path | None) -> list[figures.Row]:
    labels = coco_set(folder / "set", drawn, n)
    bar = "ratio ≤ 1.5, ≤ 500 MB"
    rows = [
        figures.Row("D6", f"COCO, {BOXES * n} boxes; limit: {name}", n, bar=bar) for name in LIMITS
    ]
    for turn in range(rounds):
        rows[0].limit.append(figures.timed(lambda: to_sqlite(labels, folder / "bare.db")))
        told = figures.timed(lambda: identified(labels, drawn, folder / "bare.db"))
        rows[1].limit.append(told)
        rows[2].limit.append(told + figures.timed(lambda: read_all(drawn, n)))
        root = folder / f"ours{turn}"
        told = figures.alone(__file__, "--child", str(root), str(folder / "set"))
        for row in rows:
            row.ours.append(told["s"])
            row.rss_mb = max(row.rss_mb, told["rss_mb"])
        shutil.rmtree(root)
    if peer is not None:
        beside(peer, folder / "set", n, rows)
    return rows


def coco_set(place: Path, drawn: Path, n: int) -> Path:
    """`annotations/instances_default.json` beside a link to the pictures."""
    rng = np.random.default_rng(1)
    corners = rng.uniform(0, [150, 110, 1, 1], (n, BOXES, 4)).round(2)
    sizes = rng.uniform(5, 49, (n, BOXES, 2)).round(2)
    classes = rng.integers(1, CLASSES + 1, (n, BOXES)).tolist()
    images, objects = [], []
    for number in range(n):
        name = str(pictures.place_of(Path(), number))
        size = {"width": pictures.WIDTH_PX, "height": pictures.HEIGHT_PX}
        images.append({"id": number + 1, "file_name": name, **size})
        for at in range(BOXES):
            x, y = map(float, corners[number, at, :2])
            w, h = map(float, sizes[number, at])
            box = {"bbox": [x, y, w, h], "area": round(w * h, 2), "iscrowd": 0}
            whose = {"image_id": number + 1, "category_id": classes[number][at]}
            objects.append({"id": len(objects) + 1, **whose, **box})
    categories = [{"id": each, "name": f"thing{each:02d}"} for each in range(1, CLASSES + 1)]
    (place / "annotations").mkdir(parents=True)
    labels = place / "annotations" / "instances_default.json"
    document = {"images": images, "annotations": objects, "categories": categories}
    labels.write_bytes(msgspec.json.encode(document))
    shutil.copytree(drawn, place / "images", copy_function=link)
    return labels


def link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def child(root: Path, place: Path) -> None:
    """In a process of its own, so that its memory is its own."""
    app.create(root)
    with sdk.local(root) as here:
        ask = app.Add(paths=(str(place),), to="many", format="coco", in_place=True)
        seconds, rss_mb = figures.timed_with_helpers(lambda: here.call(app.add, ask))
    print(json.dumps({"s": seconds, "rss_mb": rss_mb}))


# --- the limits ---------------------------------------------------------------------------------------


class Picture(msgspec.Struct, gc=False):
    id: int
    file_name: str
    width: int
    height: int


class Drawn(msgspec.Struct, gc=False):
    id: int
    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]


class Document(msgspec.Struct):
    images: list[Picture]
    annotations: list[Drawn]


def decoded(labels: Path) -> Document:
    return msgspec.json.decode(labels.read_bytes(), type=Document)


def to_sqlite(labels: Path, place: Path) -> None:
    place.unlink(missing_ok=True)
    document = decoded(labels)
    base = sqlite3.connect(place)
    base.executescript(
        "PRAGMA journal_mode=WAL; CREATE TABLE i (id INT, name TEXT, w INT, h INT);"
        "CREATE TABLE a (id INT, image INT, class INT, x REAL, y REAL, w REAL, h REAL);"
    )
    pictured = ((i.id, i.file_name, i.width, i.height) for i in document.images)
    base.executemany("INSERT INTO i VALUES (?, ?, ?, ?)", pictured)
    boxes = ((a.id, a.image_id, a.category_id, *a.bbox) for a in document.annotations)
    base.executemany("INSERT INTO a VALUES (?, ?, ?, ?, ?, ?, ?)", boxes)
    base.executescript("CREATE INDEX x ON i (name); CREATE INDEX y ON a (image);")
    base.execute("CREATE INDEX z ON a (class)")
    base.commit()
    base.close()


def identified(labels: Path, drawn: Path, place: Path) -> None:
    """What a data set must hold besides: an identity for each picture and object, where a picture
    lies, its class by name; JSON of each object's geometry; on the disk at the end."""
    place.unlink(missing_ok=True)
    document = decoded(labels)
    base = sqlite3.connect(place)
    base.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE i (id TEXT, name TEXT, place TEXT, size INT, mtime INT, w INT, h INT);"
        "CREATE TABLE a (id TEXT, image TEXT, class TEXT, geometry BLOB);"
    )
    ids = {each.id: blake3(each.file_name.encode()).hexdigest()[:32] for each in document.images}
    encode = msgspec.msgpack.encode

    def pictured() -> Iterator[tuple[str, str, str, int, int, int, int]]:
        for each in document.images:
            file = f"{drawn}/{each.file_name}"
            stat = os.stat(file)  # noqa: PTH116 - the barest call
            seen = (stat.st_size, stat.st_mtime_ns)
            yield (ids[each.id], each.file_name, file, *seen, each.width, each.height)

    def boxes() -> Iterator[tuple[str, str, str, bytes]]:
        for each in document.annotations:
            whose = ids[each.image_id]
            raw = encode(each.bbox)
            name = f"thing{each.category_id:02d}"
            yield blake3(whose.encode() + raw).hexdigest()[:32], whose, name, raw

    base.executemany("INSERT INTO i VALUES (?, ?, ?, ?, ?, ?, ?)", pictured())
    base.executemany("INSERT INTO a VALUES (?, ?, ?, ?)", boxes())
    base.executescript("CREATE INDEX x ON i (name); CREATE INDEX y ON a (image);")
    base.execute("CREATE INDEX z ON a (class)")
    base.commit()
    base.close()


def read_all(drawn: Path, n: int) -> None:
    for number in range(n):
        with open(pictures.place_of(drawn, number), "rb") as file:
            blake3(file.read()).digest()


# --- Datumaro -----------------------------------------------------------------------------------------


def beside(peer: Path, place: Path, n: int, rows: list[figures.Row]) -> None:
    """Datumaro's own import, once."""
    line = [str(peer / "python"), "-c", _READ, str(place), str(n)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"skipped: Datumaro failed: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return
    told = json.loads(done.stdout.splitlines()[-1])
    for row in rows:
        row.peer, row.peers, row.peer_rss_mb = DATUMARO, [told["s"]], told["rss_mb"]


if __name__ == "__main__":
    main()
