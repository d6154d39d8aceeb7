"""Lazy public names: importing a room costs nothing until one of its names is used.

A room's `__init__.py` is a docstring, `if TYPE_CHECKING:` imports for the type
checker, and one line:

    __getattr__, __dir__, __all__ = lazy_exports(__name__, {"ledger": ("Ledger", "Write")})
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class _Vendor(ModuleType):
    """Stands for a module; each name of it is fetched when it is used first."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(importlib.import_module(self.__name__), name)
        setattr(self, name, value)
        return value


def lazy_vendor(name: str) -> ModuleType:
    """A vendor's module that is loaded by its first use, not by ours of the module that names it.

    For vendors that take longer to load than most commands take to run, in modules that most
    commands load and few use:

        if TYPE_CHECKING:
            import numpy as np
        else:
            np = lazy_vendor("numpy")
    """
    return _Vendor(name)


def lazy_exports(
    package: str, names: Mapping[str, tuple[str, ...]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Module-level `__getattr__`, `__dir__` and `__all__` that import on first use.

    Args:
        package: the importing module's `__name__`.
        names: submodule → the public names found in it.

    Raises:
        AttributeError: from the returned `__getattr__`, for a name that is not listed.
    """
    home = {name: module for module, listed in names.items() for name in listed}
    public = sorted(home)

    def get(name: str) -> Any:
        if name not in home:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(importlib.import_module(f"{package}.{home[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return get, lambda: public, public
