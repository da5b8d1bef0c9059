"""The import rules of the package, checked from its source (nothing is imported or run)."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "simulator"

# Each part may import itself and the parts named here; what is absent is forbidden.
BASE = {"errors", "positions", "diagnostics", "findings", "run_events", "process", "paths", "indexes", "spelling"}
ALLOWED: dict[str, set[str]] = {
    "errors": {"positions", "diagnostics"},
    "positions": set(),
    "diagnostics": {"positions"},
    "findings": {"positions", "diagnostics"},
    "run_events": {"positions", "findings"},
    "process": {"errors"},
    "paths": {"errors"},
    "indexes": set(),
    "spelling": set(),
    "expressions": BASE,
    "engines": BASE,
    "twins": BASE,
    "report": BASE,
    "workflow": BASE | {"expressions"},
    "triggers": BASE | {"workflow", "expressions"},
    "planning": BASE | {"workflow", "expressions", "triggers"},
    "environments": BASE | {"workflow", "triggers", "expressions"},
    "actions": BASE | {"workflow", "triggers", "expressions"},
    "rehearsal": BASE | {"workflow", "triggers", "engines", "twins"},
    "runner": BASE
    | {"workflow", "expressions", "triggers", "planning", "environments", "actions", "engines", "twins"},
    "cli": BASE | {"workflow", "triggers", "planning", "environments", "actions", "runner", "engines", "twins", "rehearsal", "report"},
}
# Libraries with a home: only modules under these paths may import them.
HOMES = {
    "subprocess": ("process.py",),
    "yaml": ("workflow/yaml_source.py",),
    "click": ("cli/",),
    "docker": ("engines/",),
    "starlette": ("twins/",),
    "rich": ("report/", "cli/"),
}
# Parts that the rest of the package knows by their protocol only; `cli` picks the concrete ones.
BEHIND_A_PROTOCOL = {"engines", "twins"}
MODULES = sorted(p.relative_to(PACKAGE) for p in PACKAGE.rglob("*.py"))


def imports(module: Path) -> set[str]:
    """Dotted names that the module imports, at any depth, relative ones refused."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_import_direction(module: Path) -> None:
    part = module.parts[0].removesuffix(".py")
    if part in {"__init__", "__main__"}:
        return
    used = {name.split(".")[1] for name in imports(module) if name.startswith("simulator.")}
    assert used - {part} <= ALLOWED[part]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_libraries_stay_home(module: Path) -> None:
    tops = {name.split(".")[0] for name in imports(module)}
    away = {lib for lib, homes in HOMES.items() if lib in tops and not module.as_posix().startswith(homes)}
    assert not away


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_only_the_cli_names_a_concrete_part(module: Path) -> None:
    for name in imports(module):
        _, part, inner = (*name.split("."), "", "")[:3]
        if name.startswith("simulator.") and part in BEHIND_A_PROTOCOL and module.parts[0] not in {part, "cli"}:
            assert inner == "base", f"{module} imports {name}"


def test_every_part_has_a_rule() -> None:
    parts = {m.parts[0].removesuffix(".py") for m in MODULES} - {"__init__", "__main__"}
    assert parts == ALLOWED.keys()


LIMITS = {"function": 60, "module": 500}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_sizes(module: Path) -> None:
    source = (PACKAGE / module).read_text(encoding="utf-8")
    assert source.count("\n") <= LIMITS["module"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            assert node.end_lineno - node.lineno < LIMITS["function"], f"{module}:{node.lineno} {node.name}"
