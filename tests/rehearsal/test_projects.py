"""The name of a project that no pyproject.toml says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from simulator.rehearsal.projects import setup_name


class Held:
    """A repository that a case holds."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def paths(self) -> Sequence[str]:
        return sorted(self._files)

    def read(self, path: str) -> bytes | None:
        return self._files[path].encode() if path in self._files else None


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ({"setup.cfg": "[metadata]\nname = My_Demo\n"}, "my-demo"),
        ({"setup.py": "setup(name='demo', version='1')"}, "demo"),
        ({"setup.py": "NAME = 'demo'\nsetup(\n    name=NAME,\n)"}, "demo"),
        ({"setup.py": "setup(name=read('NAME'))"}, None),
        ({"setup.cfg": "[flake8]\n", "setup.py": 'setup(name = "demo")'}, "demo"),
        ({"a/setup.py": "setup(name='deep')", "setup.py": "setup(name='demo')"}, "demo"),
        ({"python/setup.py": "setup(name='deep')"}, "deep"),
        ({"README.md": "name = demo"}, None),
    ],
)
def test_the_name_of_setuptools(files: Mapping[str, str], name: str | None) -> None:
    assert setup_name(Held(files)) == name
