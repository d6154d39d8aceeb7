"""Reading `visloop.yaml`: every complaint names the file, the place and the mend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from visloop.config.discovery import load_plugin, plugins
from visloop.config.remembered import FILE_NAME
from visloop.config.sections import Config, Section
from visloop.errors import ConfigError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T", bound=Section)


def load(path: Path) -> Config:
    """Read and check `visloop.yaml`; an absent file means all defaults.

    Raises:
        ConfigError: not YAML, an unknown key, or a value out of its bounds.
    """
    raw = _read(path)
    known = set(Config.model_fields) - {"plugins"}
    sections = plugins("config")
    unknown = sorted(set(raw) - known - set(sections))
    if unknown:
        fix = did_you_mean(
            unknown[0],
            known | set(sections),
            otherwise="remove it, or install the plug-in that reads it",
        )
        raise ConfigError(f"{path}: unknown section {unknown[0]!r}", fix=fix)
    core = {key: value for key, value in raw.items() if key in known}
    extra = {name: _plugin_section(path, name, raw.get(name, {})) for name in sections}
    return _validated(path, Config, {**core, "plugins": extra})


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        raw: Any = YAML(typ="safe").load(path.read_text("utf-8"))
    except (YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is not YAML: {error}", fix="mend the line named above"
        ) from error
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise ConfigError(f"{path} must hold sections", fix="start with a line: format: 1")
    return cast("dict[str, Any]", raw)


def _plugin_section(path: Path, name: str, raw: dict[str, Any]) -> Section:
    model = cast("type[Section]", load_plugin("config", name))
    return _validated(path, model, raw)


def _validated(path: Path, model: type[T], raw: dict[str, Any]) -> T:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            what = f"{path}: unknown key {place!r}"
        else:
            what = f"{path}: {place}: {first['msg']}"
        raise ConfigError(what, fix=f"see the reference of {FILE_NAME}") from error
