"""A build backend of the standard library alone; `python backend.py FOLDER` builds both distributions."""

import base64
import gzip
import hashlib
import io
import pathlib
import sys
import tarfile
import tomllib
import zipfile

PROJECT = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]
BASE = f"{PROJECT['name']}-{PROJECT['version']}"
METADATA = f"""Metadata-Version: 2.1
Name: {PROJECT["name"]}
Version: {PROJECT["version"]}
Summary: {PROJECT["description"]}
Requires-Python: {PROJECT["requires-python"]}
Description-Content-Type: text/markdown

{pathlib.Path("README.md").read_text()}"""
FILES = ("pyproject.toml", "README.md", "tinytool.py", "backend.py")


def build_sdist(folder, config_settings=None):
    """Build the sdist."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        members = {name: pathlib.Path(name).read_bytes() for name in FILES} | {"PKG-INFO": METADATA.encode()}
        for name, content in sorted(members.items()):
            info = tarfile.TarInfo(f"{BASE}/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    path = pathlib.Path(folder, f"{BASE}.tar.gz")
    path.write_bytes(gzip.compress(raw.getvalue(), mtime=0))
    return path.name


def build_wheel(folder, config_settings=None, metadata_directory=None):
    """Build the wheel."""
    info = f"{BASE}.dist-info"
    scripts = "".join(f"{name} = {target}\n" for name, target in PROJECT["scripts"].items())
    members = {
        "tinytool.py": pathlib.Path("tinytool.py").read_text(),
        f"{info}/METADATA": METADATA,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tiny\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{scripts}",
    }
    rows = []
    for name, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text.encode())}\n")
    members[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    path = pathlib.Path(folder, f"{BASE}-py3-none-any.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path.name


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).mkdir(exist_ok=True)
    build_sdist(sys.argv[1])
    build_wheel(sys.argv[1])
