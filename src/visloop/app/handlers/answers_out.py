"""Where `predict` writes its answers: JSON lines, COCO's results, or pictures with them drawn in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec
import simplejpeg

from visloop import data, infer, vision
from visloop.errors import UsageError
from visloop.vision import Box, ClassLabel, Contract, Mask

if TYPE_CHECKING:
    from visloop.infer import Answer

Write: TypeAlias = Callable[[str, dict[str, Any], bytes, "Answer | None"], None]
_QUALITY = 90


@contextmanager
def written_as(out: Path | None, contract: Contract) -> Generator[Write]:
    """What takes each answer: file `.json` COCO's results, another file JSON lines, else a folder.

    Raises:
        UsageError: COCO's results, and the model answers with numbers, which those cannot hold.
    """
    if out is None:
        yield _nowhere
    elif out.is_dir() or not out.suffix:
        out.mkdir(parents=True, exist_ok=True)
        yield _Drawn(out, contract)
    elif out.suffix.lower() == ".json":
        if contract.decode.task == "regress":
            raise UsageError(
                "COCO's results hold no numbers, and this model answers with nothing else",
                fix=f"JSON lines: --out {out.with_suffix('.jsonl')}   or drawn: --out FOLDER",
            )
        found: list[dict[str, Any]] = []
        yield _Results(found, contract)
        _replace(out, msgspec.json.encode(found))
    else:
        lines: list[bytes] = []
        yield lambda _name, row, _data, _answer: lines.append(msgspec.json.encode(row) + b"\n")
        _replace(out, b"".join(lines))


def _nowhere(name: str, row: dict[str, Any], data: bytes, answer: Answer | None) -> None:
    """The rows are the answer."""
    del name, row, data, answer


class _Results:
    """COCO's results; `file_name` and `category` stand beside the ids, which count from 1."""

    def __init__(self, found: list[dict[str, Any]], contract: Contract) -> None:
        self._found, self._pictures = found, 0
        self._ids = {name: i + 1 for i, name in enumerate(contract.classes)}

    def __call__(self, name: str, row: dict[str, Any], data: bytes, answer: Answer | None) -> None:
        del row, data
        self._pictures += 1
        for each in answer.annotations if answer else ():
            told = {
                "image_id": self._pictures,
                "file_name": name,
                "category_id": self._ids.get(each.label, 0),
                "category": each.label,
                "score": each.score,
            }
            match each:
                case Box():
                    x1, y1, x2, y2 = each.xyxy
                    size = [round(x2 - x1, 3), round(y2 - y1, 3)]
                    self._found.append(told | {"bbox": [x1, y1, *size]})
                case Mask():
                    counts = {"size": list(each.size_hw), "counts": list(each.counts)}
                    self._found.append(told | {"segmentation": counts})
                case ClassLabel():
                    self._found.append(told)
                case _:
                    pass


class _Drawn:
    """A JPEG of each picture that was answered, at full size."""

    def __init__(self, folder: Path, contract: Contract) -> None:
        self._folder, self._taken = folder, Counter[str]()
        whole = msgspec.structs.replace(contract.decoder, scaled=False)
        self._contract = msgspec.structs.replace(contract, decoder=whole)
        self._ids = {name: i for i, name in enumerate(contract.classes)}

    def __call__(self, name: str, row: dict[str, Any], data: bytes, answer: Answer | None) -> None:
        if answer is None:
            return
        rgb = infer.decode(data, self._contract)
        sheet = vision.drawn(rgb, answer.annotations, self._colour)
        moment = f"-{row['time_s']:010.3f}" if "time_s" in row else ""
        stem = re.sub(r"[^\w.\-]+", "_", Path(name).stem) + moment
        again = self._taken[stem]
        self._taken[stem] += 1
        file = self._folder / f"{stem}{f'-{again + 1}' if again else ''}.jpg"
        file.write_bytes(simplejpeg.encode_jpeg(sheet, quality=_QUALITY))

    def _colour(self, label: str) -> tuple[int, int, int]:
        red, green, blue = bytes.fromhex(data.color_of_id(self._ids.get(label, 0))[1:])
        return red, green, blue


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
