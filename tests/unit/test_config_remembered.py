"""What was checked once is remembered; what was changed is checked again, and said to be wrong."""

import pytest

from visloop import config
from visloop.errors import ConfigError


def test_settings_are_read_once_and_again_when_they_change(tmp_path):
    file, memory = tmp_path / "visloop.yaml", tmp_path / "cache" / "settings.json"
    assert config.Settings(file, memory).plain["project"] == "default"
    file.write_text("project: cards\ningest: {fetch_mb: 3}\n")
    for _ in range(2):
        settings = config.Settings(file, memory)
        assert (settings.plain["project"], settings.plain["ingest"]["fetch_mb"]) == ("cards", 3.0)
        assert settings.config == config.load(file)
    assert settings.plain == settings.config.model_dump(mode="json", exclude={"plugins"})
    file.write_text("project: cards\ningest: {fetch_mb: -3}\n")
    for _ in range(2):  # a wrong one is never remembered
        with pytest.raises(ConfigError, match="fetch_mb"):
            config.Settings(file, memory)
    file.write_bytes(b"project: \xff\n")
    with pytest.raises(ConfigError, match="not YAML"):
        config.Settings(file, memory)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b'{"written": "", "reader": [0, 0], "plain": {}}']
)
def test_a_memory_that_is_torn_or_of_another_visloop_is_made_anew(tmp_path, damage):
    file, memory = tmp_path / "visloop.yaml", tmp_path / "settings.json"
    file.write_text("serve: {spool_limit_mb: 7}\n")
    memory.write_bytes(damage)
    assert config.Settings(file, memory).plain["serve"]["spool_limit_mb"] == 7
    assert config.Settings(file, memory).plain["serve"]["spool_limit_mb"] == 7
