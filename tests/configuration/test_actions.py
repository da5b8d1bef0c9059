"""`[actions]`: which actions run as pysim's own, which as their repository's code, and which not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.configuration.reading import load_configuration
from simulator.errors import ConfigurationError


def test_choices(tmp_path: Path) -> None:
    (tmp_path / "pysim.toml").write_text('[actions]\ndefault = "real"\n"actions/upload-artifact" = "builtin"\n')
    found = load_configuration(tmp_path).actions
    assert (found.default, found.exceptions) == ("real", {"actions/upload-artifact": "builtin"})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[actions]\ndefault = "reel"', "pysim.toml:2:11: 'reel' is neither builtin"),
        ('[actions]\n\n"octo/x" = "builtin"', "pysim.toml:3:12: pysim has no action of its own for octo/x"),
        ("actions = 1", "pysim.toml:1:11: actions is to be a table"),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pysim.toml").write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load_configuration(tmp_path)
    assert str(error.value).startswith(message)
