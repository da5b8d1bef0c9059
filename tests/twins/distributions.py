"""Small distributions, made by hand, and the form that a client sends with one."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path


def metadata(name: str, version: str, *extra: str) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Summary: a demo", *extra]
    return "\n".join(lines) + "\n"


def wheel(name: str = "demo", version: str = "0.1.0", *extra: str, body: str = "def main(): print('demo')\n") -> bytes:
    """A wheel with one module and the console script of that name."""
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": body,
        f"{info}/METADATA": metadata(name, version, *extra),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    rows = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    return zipped(files)


def zipped(files: Mapping[str, str], *, stored: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path, text in files.items():
            method = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(path), text, method)
    return out.getvalue()


def sdist(name: str = "demo", version: str = "0.1.0", *extra: str) -> bytes:
    """An sdist that can be built without fetching anything: it is its own build backend."""
    backend = (
        "import base64, pathlib\n"
        f"WHEEL = {base64.b64encode(wheel(name, version, *extra)).decode()!r}\n"
        "def build_wheel(folder, config_settings=None, metadata_directory=None):\n"
        f"    name = '{name}-{version}-py3-none-any.whl'\n"
        "    pathlib.Path(folder, name).write_bytes(base64.b64decode(WHEEL))\n"
        "    return name\n"
    )
    project = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    return tarred(
        {
            f"{name}-{version}/PKG-INFO": metadata(name, version, *extra),
            f"{name}-{version}/pyproject.toml": project,
            f"{name}-{version}/backend.py": backend,
        }
    )


def tarred(files: Mapping[str, str]) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return out.getvalue()


def write_dists(folder: Path, name: str = "demo", version: str = "0.1.0") -> Sequence[Path]:
    """A wheel and an sdist in a folder, as a build leaves them."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{name}-{version}-py3-none-any.whl", folder / f"{name}-{version}.tar.gz"]
    for path, content in zip(paths, (wheel(name, version), sdist(name, version)), strict=True):
        path.write_bytes(content)
    return paths


@dataclass(frozen=True, kw_only=True)
class Form:
    """An upload as a client sends it; `fields` replaces, an empty value leaves a field out."""

    filename: str = "demo-0.1.0-py3-none-any.whl"
    content: bytes = field(default_factory=wheel)
    content_type: str = "application/octet-stream"
    fields: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    def but(self, **fields: str | Sequence[str]) -> Form:
        return replace(self, fields={**self.fields, **fields})

    @property
    def data(self) -> dict[str, str | Sequence[str]]:
        is_sdist = not self.filename.endswith(".whl")
        ordinary = {
            ":action": "file_upload",
            "protocol_version": "1",
            "metadata_version": "2.1",
            "name": "demo",
            "version": "0.1.0",
            "summary": "a demo",
            "filetype": "sdist" if is_sdist else "bdist_wheel",
            "pyversion": "source" if is_sdist else "py3",
            "sha256_digest": hashlib.sha256(self.content).hexdigest(),
            "blake2_256_digest": hashlib.blake2b(self.content, digest_size=32).hexdigest(),
        }
        return {name: value for name, value in {**ordinary, **self.fields}.items() if value}

    @property
    def files(self) -> dict[str, tuple[str, bytes, str]]:
        return {"content": (self.filename, self.content, self.content_type)}


def sdist_form(**fields: str) -> Form:
    return Form(filename="demo-0.1.0.tar.gz", content=sdist(), fields=fields)


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
