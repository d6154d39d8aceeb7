"""Built-in recipes."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.train.recipes.classify_linear import ClassifyLinear as ClassifyLinear

__getattr__, __dir__, __all__ = lazy_exports(__name__, {"classify_linear": ("ClassifyLinear",)})
