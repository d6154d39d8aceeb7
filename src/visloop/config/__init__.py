"""`visloop.yaml` as frozen models; plug-ins add sections of their own."""

from typing import TYPE_CHECKING

from visloop.lazy import lazy_exports

if TYPE_CHECKING:
    from visloop.config.discovery import PluginNotFound as PluginNotFound
    from visloop.config.discovery import load_plugin as load_plugin
    from visloop.config.discovery import plugins as plugins
    from visloop.config.files import load as load
    from visloop.config.remembered import FILE_NAME as FILE_NAME
    from visloop.config.remembered import Settings as Settings
    from visloop.config.sections import AssessCheck as AssessCheck
    from visloop.config.sections import Config as Config
    from visloop.config.sections import GateSection as GateSection
    from visloop.config.sections import Section as Section
    from visloop.config.sections import ThresholdCheck as ThresholdCheck

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "files": ("load",),
        "discovery": ("PluginNotFound", "load_plugin", "plugins"),
        "remembered": ("FILE_NAME", "Settings"),
        "sections": ("AssessCheck", "Config", "GateSection", "Section", "ThresholdCheck"),
    },
)
