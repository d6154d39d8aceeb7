"""The fields that Visloop itself writes, one table a family of keys; a new key is a line in one.

Whoever notes a value on samples under a new key adds the key here: its type, its unit, what it
means. Names are `family.what_unit`; the unit stands in the name too, so that exports tell it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from visloop.data.fields.built_in.dicom import DICOM
from visloop.data.fields.built_in.general import GENERAL
from visloop.data.fields.built_in.pictures import EXIF, GPS, IMAGE
from visloop.data.fields.built_in.privacy import PRIVACY
from visloop.data.fields.built_in.video import VIDEO
from visloop.data.fields.records import Field

BUILT_IN: Final[Mapping[str, Field]] = {
    each.name: each for each in (*GENERAL, *EXIF, *GPS, *IMAGE, *VIDEO, *DICOM, *PRIVACY)
}
"""Every built-in field by name, in the order of the reference page."""
