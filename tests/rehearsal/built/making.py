"""Makes wheels and sdists of given members, as a build backend would have."""

from __future__ import annotations

import io
import tarfile
import warnings
import zipfile
from collections.abc import Mapping

HEAD = "Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n"
USUAL = "Requires-Python: >=3.10\nDescription-Content-Type: text/plain"


def built(filename: str, members: Mapping[str, str], *, headers: str = USUAL, description: str = "A demo.") -> bytes:
    """A distribution; members are relative to the sdist's folder, or to the wheel's root.

    What is called `again:NAME` is packed as NAME once more. A header `Name` or the like replaces what the file's name
    says; a member `RECORD` replaces the one that is right.
    """
    stem = filename.removesuffix(".tar.gz").removesuffix(".whl")
    name, version = stem.rsplit("-", 1) if filename.endswith(".tar.gz") else stem.split("-")[:2]
    head = "".join(
        line + "\n"
        for line in HEAD.format(name=name, version=version).splitlines()
        if line.partition(":")[0] not in {header.partition(":")[0] for header in headers.splitlines()}
    )
    metadata = f"{head}{headers}\n\n{description}\n"
    if filename.endswith(".tar.gz"):
        return _tar({f"{stem}/{path}": text for path, text in {"PKG-INFO": metadata, **members}.items()})
    info = f"{name}-{version}.dist-info"
    inside = {**{path: text for path, text in members.items() if path not in {"RECORD", "entry_points.txt"}}}
    inside |= {f"{info}/METADATA": metadata, f"{info}/WHEEL": "Wheel-Version: 1.0\n"}
    if "entry_points.txt" in members:
        inside[f"{info}/entry_points.txt"] = members["entry_points.txt"]
    listed = "".join(f"{path},,\n" for path in [*inside, f"{info}/RECORD"] if not path.startswith("again:"))
    return _zip({**inside, f"{info}/RECORD": members.get("RECORD", listed)})


def _tar(members: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return file.getvalue()


def _zip(members: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(file, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.removeprefix("again:"), text)
    return file.getvalue()
