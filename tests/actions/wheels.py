"""Wheels of the tests, for an index that is a folder."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path


def write_wheel(folder: Path, project: str, version: str, files: Mapping[str, str]) -> None:
    """A pure wheel with these files, all executable; `project` is its name as PyPI shows it."""
    name = project.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    content = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*content, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in {**content, f"{info}/RECORD": record}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = (stat.S_IFREG | 0o755) << 16
            archive.writestr(entry, text)
