"""One model under load on this machine: a serving process of its own, real pictures, closed loops."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.deploy.load.assessing import assess_load as assess_load
    from visloop.deploy.load.measuring import Level as Level
    from visloop.deploy.load.measuring import Loaded as Loaded
    from visloop.deploy.load.measuring import NotServed as NotServed
    from visloop.deploy.load.measuring import under_load as under_load

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "assessing": ("assess_load",),
        "measuring": ("Level", "Loaded", "NotServed", "under_load"),
    },
)
