"""What a workspace takes off every picture that comes in, and how one `add` may tighten it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import msgspec

from visloop.errors import UsageError, did_you_mean
from visloop.ids import digest_of

Place: TypeAlias = Literal["keep", "remove"]
Regions: TypeAlias = Literal["keep", "blur"]
_STRICT: Final = {"gps": "remove", "faces": "blur", "text": "blur"}


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`privacy` of visloop.yaml: what happens to GPS, faces and text burnt into the pixels.

    `faces_by` and `text_by` are plug-ins of `visloop.redactors`; `margin` is the share of its size
    by which a region grows on each side before it is blurred.
    """

    gps: Place = "keep"
    faces: Regions = "keep"
    text: Regions = "keep"
    faces_by: str = "haar"
    text_by: str = "strokes"
    margin: float = 0.25

    @property
    def active(self) -> bool:
        """Whether it does anything."""
        return self.gps == "remove" or self.blurs

    @property
    def blurs(self) -> bool:
        """Whether it looks at pixels."""
        return "blur" in {self.faces, self.text}

    @property
    def digest(self) -> str:
        """Short digest of all it says; samples quote it."""
        return digest_of(msgspec.json.encode(self))[:12]

    def tightened(self, wishes: Mapping[str, str]) -> Policy:
        """The policy with some of gps, faces, text made stricter for one call.

        Raises:
            UsageError: an unknown part, or a wish that is weaker than the workspace's policy.
        """
        for name, wish in wishes.items():
            if name not in _STRICT:
                raise UsageError(
                    f"--privacy knows no {name!r}",
                    fix=did_you_mean(name, _STRICT, otherwise="gps=remove, faces=blur, text=blur"),
                )
            if wish not in {"keep", _STRICT[name]}:
                fix = f"{name}={_STRICT[name]} or {name}=keep"
                raise UsageError(f"--privacy {name}={wish}: no such wish", fix=fix)
            if wish == "keep" and getattr(self, name) != "keep":
                raise UsageError(
                    f"--privacy {name}=keep is weaker than the workspace's policy",
                    fix=f"change privacy.{name} in visloop.yaml, for everybody",
                )
        return msgspec.structs.replace(self, **wishes) if wishes else self


def marked(key: str, digest: str) -> str:
    """What stands for bytes that are kept nowhere: their digest under the workspace's secret."""
    return digest_of(key, digest)
