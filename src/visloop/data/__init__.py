"""Data sets: ingest, samples, versions, classes, splits, cached embeddings, quarantine."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.data.records import Added as Added
    from visloop.data.records import AddOptions as AddOptions
    from visloop.data.records import Candidate as Candidate
    from visloop.data.records import ClassDictionary as ClassDictionary
    from visloop.data.records import ClassEntry as ClassEntry
    from visloop.data.records import DataPorts as DataPorts
    from visloop.data.records import Diff as Diff
    from visloop.data.records import Quarantined as Quarantined
    from visloop.data.records import Refusal as Refusal
    from visloop.data.records import Sample as Sample
    from visloop.data.records import Version as Version

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "records": (
            "AddOptions",
            "Added",
            "Candidate",
            "ClassDictionary",
            "ClassEntry",
            "DataPorts",
            "Diff",
            "Quarantined",
            "Refusal",
            "Sample",
            "Version",
        ),
    },
)
