"""The virtual factory line: pictures, video and live streams with known truth, and drift at will.

Parts of six classes, some of them damaged, lie on a conveyor belt under a lamp and a camera; all of
it is drawn here, seeded and endless. What is true of a picture (class, box, mask, defect) is known,
so that everything built on it can be measured.
"""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.demo.camera import Camera as Camera
    from visloop.demo.catalogue import CLASSES as CLASSES
    from visloop.demo.catalogue import STRANGERS as STRANGERS
    from visloop.demo.drift import KINDS as KINDS
    from visloop.demo.drift import Conditions as Conditions
    from visloop.demo.drift import Drift as Drift
    from visloop.demo.film import VideoWriter as VideoWriter
    from visloop.demo.film import stream as stream
    from visloop.demo.film import video_writer as video_writer
    from visloop.demo.film import write_video as write_video
    from visloop.demo.line import Frame as Frame
    from visloop.demo.line import Line as Line
    from visloop.demo.line import Part as Part
    from visloop.demo.line import encode as encode
    from visloop.demo.write import Manifest as Manifest
    from visloop.demo.write import TruthRow as TruthRow
    from visloop.demo.write import write_images as write_images

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "camera": ("Camera",),
        "catalogue": ("CLASSES", "STRANGERS"),
        "drift": ("KINDS", "Conditions", "Drift"),
        "film": ("VideoWriter", "stream", "video_writer", "write_video"),
        "line": ("Frame", "Line", "Part", "encode"),
        "write": ("Manifest", "TruthRow", "write_images"),
    },
)
