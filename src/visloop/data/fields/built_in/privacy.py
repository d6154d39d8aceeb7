"""Fields that say what a policy of privacy took off a picture on its way in."""

from __future__ import annotations

from typing import Final

from visloop.data.fields.records import Field

_REGIONS: Final = "that were found and blurred: a list of x1, y1, x2, y2 in upright pixels"
PRIVACY: Final = (
    Field(name="privacy.policy", description="digest of the policy that it came in under"),
    Field(
        name="privacy.gps",
        type="choice",
        choices=("removed",),
        description="whether what told the place was removed from its bytes",
    ),
    Field(name="privacy.faces", type="json", description=f"faces {_REGIONS}"),
    Field(name="privacy.text", type="json", description=f"regions of burnt-in text {_REGIONS}"),
)
