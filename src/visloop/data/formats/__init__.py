"""Formats that `add` reads and `export` writes; their table is loaded when somebody looks into it."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.data.formats.listing import FORMATS as FORMATS
    from visloop.data.formats.records import CARRIED as CARRIED
    from visloop.data.formats.records import ExportReport as ExportReport
    from visloop.data.formats.records import Format as Format
    from visloop.data.formats.records import Item as Item
    from visloop.data.formats.records import LabelsUnreadable as LabelsUnreadable
    from visloop.data.formats.records import Loss as Loss
    from visloop.data.formats.records import Reading as Reading

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "listing": ("FORMATS",),
        "records": (
            "CARRIED",
            "ExportReport",
            "Format",
            "Item",
            "LabelsUnreadable",
            "Loss",
            "Reading",
        ),
    },
)
