"""Pictures that are broken, hostile or odd."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import piexif
from PIL import Image

from tests.contract.bad.cases import case, jpeg, png, write

GROUP = "Pictures"
FILE, KEPT = "refused file", "kept"


@case(GROUP, "an empty file", FILE, "empty", said="no bytes")
def empty(folder: Path) -> None:
    write(folder / "a.jpg", b"")


@case(GROUP, "a JPEG that was cut short", FILE, "truncated")
def cut_jpeg(folder: Path) -> None:
    write(folder / "a.jpg", jpeg()[:-100])


@case(GROUP, "a JPEG cut inside its header", FILE, "truncated")
def cut_header(folder: Path) -> None:
    write(folder / "a.jpg", jpeg()[:20])


@case(GROUP, "a PNG that was cut short", FILE, "truncated")
def cut_png(folder: Path) -> None:
    write(folder / "a.png", png()[:-20])


@case(GROUP, "a PNG with a wrong checksum", FILE, "decode_error")
def bad_crc(folder: Path) -> None:
    raw = bytearray(png())
    raw[20] ^= 1
    write(folder / "a.png", bytes(raw))


@case(GROUP, "text that is called .jpg", FILE, "not_an_image")
def text(folder: Path) -> None:
    write(folder / "a.jpg", "these are words")


@case(GROUP, "a web page saved as .jpg", FILE, "not_an_image", said="web page")
def page(folder: Path) -> None:
    write(folder / "a.jpg", "<!DOCTYPE html><html><body>404</body></html>")


@case(GROUP, "nothing but zeros (a disk that lied)", FILE, "not_an_image", said="zeros")
def zeros(folder: Path) -> None:
    write(folder / "a.jpg", bytes(5000))


def bomb_png(side: int) -> bytes:
    """A PNG of side × side pixels in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side // 8 + 1), 9)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@case(GROUP, "a bomb: 40,000 × 40,000 pixels in a kilobyte", FILE, "too_many_pixels")
def bomb(folder: Path) -> None:
    write(folder / "a.png", bomb_png(40_000))


@case(GROUP, "SVG", FILE, "unsupported_media", said="SVG")
def svg(folder: Path) -> None:
    write(folder / "a.jpg", '<svg xmlns="http://www.w3.org/2000/svg"/>')


@case(GROUP, "PDF called .png", FILE, "unsupported_media", said="PDF")
def pdf(folder: Path) -> None:
    write(folder / "a.png", b"%PDF-1.7\n%%EOF")


@case(GROUP, "portable pixmap (.ppm)", FILE, "unsupported_media")
def ppm(folder: Path) -> None:
    write(folder / "a.ppm", b"P6\n2 2\n255\n" + bytes(12))


@case(GROUP, "a link to a file that is gone", FILE, "unreadable")
def dangling(folder: Path) -> None:
    (folder / "a.jpg").symlink_to(folder / "gone.jpg")


@case(GROUP, "a link that leads out of the folder", FILE, "outside_folder")
def leading_out(folder: Path) -> Path:
    write(folder / "secret" / "a.jpg", jpeg())
    (folder / "in").mkdir()
    (folder / "in" / "a.jpg").symlink_to(folder / "secret" / "a.jpg")
    return folder / "in"


@case(GROUP, "a pipe or a device in the folder", KEPT, said="special file", samples=1)
def pipe(folder: Path) -> None:
    write(folder / "a.jpg", jpeg())
    os.mkfifo(folder / "b.jpg")


@case(GROUP, "a JPEG called .png", KEPT, samples=1)
def misnamed(folder: Path) -> None:
    write(folder / "a.png", jpeg())


@case(GROUP, "grey, palette, transparent and 16-bit PNG; CMYK JPEG", KEPT, samples=5)
def modes(folder: Path) -> None:
    for mode in ("L", "P", "RGBA", "I;16"):
        write(folder / f"{mode.replace(';', '')}.png", png(mode))
    out = io.BytesIO()
    Image.new("CMYK", (64, 48)).save(out, "JPEG")
    write(folder / "print.jpg", out.getvalue())


@case(GROUP, "a damaged EXIF block", KEPT, said="EXIF block is damaged", samples=1)
def bad_exif(folder: Path) -> None:
    whole = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Maker of cameras"}})
    write(folder / "a.jpg", jpeg(exif=whole[:-12]))


@case(GROUP, "bytes behind the end of a picture", KEPT, said="follow the picture's end", samples=1)
def trailing(folder: Path) -> None:
    write(folder / "a.jpg", jpeg() + b"hidden" * 100)


@case(GROUP, "a TIFF of several pages", KEPT, said="pages or frames", samples=1)
def pages(folder: Path) -> None:
    first, *others = (Image.new("L", (64, 48), shade) for shade in (10, 90, 170))
    first.save(folder / "a.tif", save_all=True, append_images=others)


@case(GROUP, "an animated GIF", KEPT, said="pages or frames", samples=1)
def animated(folder: Path) -> None:
    first, *others = (Image.new("L", (64, 48), shade) for shade in (10, 90, 170))
    first.save(folder / "a.gif", save_all=True, append_images=others)


@case(GROUP, "one pixel", KEPT, samples=1)
def one_pixel(folder: Path) -> None:
    write(folder / "a.png", png(size=(1, 1)))


@case(GROUP, "two files of the same bytes", KEPT, samples=2)
def twice(folder: Path) -> None:
    write(folder / "a.jpg", jpeg())
    write(folder / "b.jpg", jpeg())


@case(GROUP, "a name that is not UTF-8", KEPT, said="not UTF-8", samples=1)
def odd_name(folder: Path) -> None:
    with open(os.fsencode(folder) + b"/caf\xe9.jpg", "wb") as file:  # noqa: PTH123
        file.write(jpeg())


@case(GROUP, "hidden files and what systems leave lying about", KEPT, said="hidden", samples=1)
def hidden(folder: Path) -> None:
    write(folder / "a.jpg", jpeg())
    write(folder / ".b.jpg", jpeg())
    write(folder / "Thumbs.db", b"x")


@case(GROUP, "files that are no pictures", KEPT, said="no picture", samples=1)
def others(folder: Path) -> None:
    write(folder / "a.jpg", jpeg())
    write(folder / "notes.txt", "hello")


@case(GROUP, "a JPEG damaged inside, `--deep`", FILE, "damaged", options={"deep": True})
def inside(folder: Path) -> None:
    raw = bytearray(jpeg(size=(640, 480), quality=95))
    middle = len(raw) // 2
    raw[middle : middle + 200] = b"\xff\x13" * 100
    write(folder / "a.jpg", bytes(raw))


@case(GROUP, "a line break in a name", KEPT, samples=1)
def line_break(folder: Path) -> None:
    write(folder / "a\nb.jpg", jpeg())


@case(GROUP, "a name of 250 letters", KEPT, samples=1)
def long_name(folder: Path) -> None:
    write(folder / ("a" * 246 + ".jpg"), jpeg())


@case(GROUP, "names that differ in Unicode form alone", KEPT, samples=2)
def forms(folder: Path) -> None:
    write(folder / "caf\u00e9.jpg", jpeg())
    write(folder / "cafe\u0301.jpg", jpeg(colour=7))


@case(GROUP, "a link to a folder above (a circle)", KEPT, said="not followed", samples=1)
def circle(folder: Path) -> None:
    write(folder / "a.jpg", jpeg())
    (folder / "again").symlink_to(folder)


@case(GROUP, "an empty folder", KEPT, said="nothing was found")
def nothing(folder: Path) -> None:
    (folder / "sub").mkdir()


@case(GROUP, "a folder that is not there", "refused whole", "data.source_not_found")
def no_folder(folder: Path) -> Path:
    return folder / "nowhere"
