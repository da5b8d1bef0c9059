"""Releases that nobody uploaded here: small sdists and wheels that stand for those of a taken version.

Each holds its own name and version, so that its content is no other file's. Knows no command.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from simulator.twins.pypi.catalogue import Catalogue, File, Project, Release
from simulator.twins.pypi.core_metadata import core_metadata
from simulator.twins.pypi.store import Store

BY_HAND: Final = "by hand"
"""The run and the job of files that somebody said are there."""
_WHEEL: Final = "Wheel-Version: 1.0\nGenerator: pysim\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_BUILD: Final = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'


def file_names(project: str, version: Version) -> Mapping[str, str]:
    """The names of the usual files of a release, by file type."""
    stem = f"{canonicalize_name(project).replace('-', '_')}-{version}"
    return {"sdist": f"{stem}.tar.gz", "bdist_wheel": f"{stem}-py3-none-any.whl"}


def add_release(store: Store, catalogue: Catalogue, project: Project, version: Version, created: float) -> None:
    """Publish a version as its sdist and its wheel, each empty but for its metadata."""
    name, text = project.display, str(version)
    metadata = {"metadata_version": "2.1", "name": name, "version": text}
    catalogue.add_release(Release(project=project.name, version=text, created=created, metadata=metadata))
    made = {"sdist": _sdist, "bdist_wheel": _wheel}
    for filetype, filename in file_names(project.name, version).items():
        catalogue.unburn(filename)
        staged = store.stage(io.BytesIO(made[filetype](name, text, filename)))
        if (content := core_metadata(staged.path, filename)) is not None:
            catalogue.add_core_metadata(filename, hashlib.sha256(content).hexdigest(), content)
        catalogue.add_file(
            File(
                filename=filename,
                project=project.name,
                version=text,
                filetype=filetype,
                pyversion="source" if filetype == "sdist" else "py3",
                size=staged.size,
                md5=staged.md5,
                sha256=staged.sha256,
                blake2_256=staged.blake2_256,
                requires_python=None,
                uploaded=created,
                run_id=BY_HAND,
                job_id=BY_HAND,
            )
        )
        store.place(staged, filename)


def _metadata(name: str, version: str) -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"


def _wheel(name: str, version: str, filename: str) -> bytes:
    info = f"{'-'.join(filename.split('-')[:2])}.dist-info"
    files = {f"{info}/METADATA": _metadata(name, version), f"{info}/WHEEL": _WHEEL}
    rows = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return out.getvalue()


def _sdist(name: str, version: str, filename: str) -> bytes:
    top = filename.removesuffix(".tar.gz")
    project = f'{_BUILD}\n[project]\nname = "{name}"\nversion = "{version}"\n\n[tool.setuptools]\npy-modules = []\n'
    files = {f"{top}/PKG-INFO": _metadata(name, version), f"{top}/pyproject.toml": project}
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
