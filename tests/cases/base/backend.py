"""A build backend of the standard library alone, which builds what other backends refuse to.

`python3 backend.py FOLDER [wheel|sdist]` builds; with `version = "git"` the version comes from git, as by setuptools-scm.
"""

import base64
import gzip
import hashlib
import io
import pathlib
import subprocess
import sys
import tarfile
import tomllib
import zipfile

DATA = tomllib.loads(pathlib.Path("pyproject.toml").read_text())
PROJECT, BACKEND = DATA["project"], DATA["tool"]["backend"]
FILES = ("pyproject.toml", "README.md", "demo.py", "backend.py")
TYPES = {".md": "text/markdown", ".rst": "text/x-rst"}


def git_version():
    """The tag of the commit; with changes in tracked files the next version, with a local part."""
    said = subprocess.run(["git", "describe", "--tags", "--dirty"], capture_output=True, text=True)
    tag, *beyond = said.stdout.strip().removeprefix("v").split("-")
    if said.returncode == 0 and not beyond:
        return tag
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return f"{tag or '0.0'}.1.dev0+g{commit}"


VERSION = git_version() if PROJECT["version"] == "git" else PROJECT["version"]
NAME = BACKEND.get("file-name", PROJECT["name"].lower().replace("-", "_"))
BASE = f"{NAME}-{VERSION}"


def metadata():
    """The core metadata, as the project writes it."""
    readme = PROJECT["readme"]
    file, kind = (readme, TYPES[pathlib.Path(readme).suffix]) if isinstance(readme, str) else readme.values()
    lines = [
        f"Metadata-Version: {BACKEND['metadata-version']}",
        f"Name: {PROJECT['name']}",
        f"Version: {VERSION}",
        "Summary: " + PROJECT["description"].replace("\n", "\n        "),
        f"Requires-Python: {PROJECT['requires-python']}",
        *([f"License-Expression: {PROJECT['license']}"] if "license" in PROJECT else []),
        *(f"License-File: {name}" for name in PROJECT.get("license-files", [])),
        *(f"Classifier: {name}" for name in PROJECT.get("classifiers", [])),
        *(f"Requires-Dist: {name}" for name in PROJECT.get("dependencies", [])),
        *(f"Project-URL: {label}, {url}" for label, url in PROJECT.get("urls", {}).items()),
        f"Description-Content-Type: {kind}",
    ]
    return "\n".join(lines) + "\n\n" + pathlib.Path(file).read_text()


def build_sdist(folder, config_settings=None):
    """Build the sdist."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as archive:
        members = {name: pathlib.Path(name).read_bytes() for name in FILES} | {"PKG-INFO": metadata().encode()}
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
        "demo.py": pathlib.Path("demo.py").read_text(),
        f"{info}/METADATA": metadata(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: demo\nRoot-Is-Purelib: true\nTag: {BACKEND['tag']}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{scripts}",
    }
    rows = []
    for name, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text.encode())}\n")
    members[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    path = pathlib.Path(folder, f"{BASE}-{BACKEND['tag']}.whl")
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path.name


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).mkdir(exist_ok=True)
    kinds = sys.argv[2:] or ["sdist", "wheel"]
    for kind in kinds:
        {"sdist": build_sdist, "wheel": build_wheel}[kind](sys.argv[1])
