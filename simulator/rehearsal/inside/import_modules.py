"""Imports each module that a project installed, in a process of its own; exits with 1 where one of them is broken.

Runs with the Python of the environment, which may be an old one: `import_modules.py PROJECT`. Prints a line for each
that could not be imported: `error: MODULE: WHY` where the project itself lacks a module or a file, or its code cannot
be read; `note: MODULE: WHY` for what an optional dependency, a display or the platform may be the cause of.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

SECONDS = 60
ASIDE = {"conftest", "doc", "docs", "example", "examples", "benchmark", "benchmarks", "setup", "test", "tests"}


def modules(project: str) -> list[str]:
    """The installed packages that lie in no other one, and the modules beside them; dotted."""
    from importlib.metadata import files

    paths = [path.parts for path in files(project) or () if path.suffix in {".py", ".so", ".pyd"}]
    paths = [parts for parts in paths if ".." not in parts and all(map(is_name, parts[:-1]))]
    packages = {parts[:-1] for parts in paths if parts[-1].split(".")[0] == "__init__" and len(parts) > 1}
    outer = {each for each in packages if not any(each[:end] in packages for end in range(1, len(each)))}
    alone = {(parts[0].split(".")[0],) for parts in paths if len(parts) == 1}
    return sorted(".".join(parts) for parts in outer | alone if is_name(parts[0]) and parts[0] not in ASIDE)


def is_name(text: str) -> bool:
    return text.isidentifier() and not text.startswith("__")


def try_import(name: str, project: str) -> str | None:
    """Import one; what is wrong, as a line, and None where nothing is."""
    own = modules(project)
    try:
        importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001 - whatever a module raises is what its users meet
        kind = "error" if is_of_project(error, project, own) else "note"
        said = " ".join(str(error).split())
        return f"{kind}: {name}: {type(error).__name__}: {said}"
    return None


def is_of_project(error: BaseException, project: str, own: list[str]) -> bool:
    if isinstance(error, ImportError):
        if re.search("shared object|undefined symbol|DLL load|dlopen", str(error)):
            return False
        missing = error.name or ""
        if type(error).__name__ == "PackageNotFoundError":
            return plain(missing) in {plain(project)} | {plain(each) for each in own}
        return any(missing == each or missing.startswith(each + ".") for each in own)
    if isinstance(error, (FileNotFoundError, SyntaxError)):
        return any(lies_in(str(error.filename or ""), each) for each in own if error.filename)
    return False


def plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def lies_in(path: str, name: str) -> bool:
    """Whether a path is of a module, or below a package."""
    where = getattr(sys.modules.get(name), "__file__", None) or where_is(name)
    if where is None:
        return False
    root, place = Path(where).resolve(), Path(os.fsdecode(path)).resolve()
    root = root.parent if root.name.startswith("__init__.") else root
    return root == place or root in place.parents


def where_is(name: str) -> str | None:
    try:
        found = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return found.origin if found else None


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    project = sys.argv[1]
    if len(sys.argv) > 2:
        problem = try_import(sys.argv[2], project)
        if problem:
            say(f"\n{problem}")
        os._exit(0)
    broken = False
    for name in modules(project):
        command = [sys.executable, "-I", str(Path(__file__).resolve()), project, name]
        try:
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=SECONDS, check=False
            )
            last = done.stdout.decode(errors="replace").strip().splitlines()[-1:]
            ended = "" if done.returncode == 0 else f"note: {name}: it ends Python with {done.returncode}"
        except subprocess.TimeoutExpired:
            last, ended = [], f"note: {name}: it takes longer than {SECONDS} seconds"
        told = [line for line in last if re.match("(error|note): ", line)] or [ended]
        say(told[0] or f"{name} is imported")
        broken = broken or told[0].startswith("error: ")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
