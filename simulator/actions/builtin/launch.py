"""Starts a script of a built-in action inside a sandbox: `python -I launch.py <action>/<script> [<version>]`.

Owns how the scripts find each other: wherever this folder lies, it is the package that they know it by.
"""

from __future__ import annotations

import os
import runpy
import sys
import types
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
PACKAGE = ("simulator", "actions", "builtin")


def launch(script: str) -> None:
    """Run `<action>/<script>.py` of this folder as the main program."""
    for depth in range(1, len(PACKAGE) + 1):
        package = types.ModuleType(".".join(PACKAGE[:depth]))
        package.__path__ = [str(FOLDER)] if depth == len(PACKAGE) else []
        sys.modules[package.__name__] = package
    module = script.removesuffix(".py").replace("/", ".")
    runpy.run_module(f"{'.'.join(PACKAGE)}.{module}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    os.environ["PYSIM_ACTION_VERSION"] = "".join(sys.argv[2:])
    launch(sys.argv[1])
