"""The page about trusted publishing shows what the commands print: each is run, in the order of the page."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulator.indexes import TITLES, indexes

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/trusted-publishing.md").read_text(encoding="utf-8")
ENVIRONMENTS = {
    "total_count": 1,
    "environments": [
        {
            "name": "pypi",
            "protection_rules": [
                {"type": "wait_timer", "wait_timer": 30},
                {
                    "type": "required_reviewers",
                    "prevent_self_review": True,
                    "reviewers": [
                        {"type": "User", "reviewer": {"login": "ada"}},
                        {
                            "type": "Team",
                            "reviewer": {"slug": "release", "html_url": "https://github.com/orgs/octo/teams/release"},
                        },
                    ],
                },
                {"type": "branch_policy"},
            ],
            "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
        }
    ],
}
POLICIES = {"total_count": 1, "branch_policies": [{"name": "v*", "type": "tag"}]}


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A command of the page and the lines below it; `...` stands for any."""

    command: str
    lines: list[str]


def steps() -> Iterator[Shown | tuple[str, str]]:
    """The commands, and the files that are given with their path in the first line, in the order of the page."""
    for language, text in re.findall(r"^```(yaml|toml|console)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        if language != "console":
            yield text.partition("\n")[0].removeprefix("# "), text
            continue
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, *lines = part.splitlines()
            yield Shown(command=command, lines=lines)


def told(printed: str) -> list[str]:
    """Lines without the hosts of the indexes."""
    for name, index in sorted(indexes().items(), reverse=True):
        printed = printed.replace(f"https://{index.main_host}", f"{{{TITLES[name]}}}")
    return printed.splitlines()


def fits(lines: list[str], shown: list[str]) -> bool:
    pattern = "\n".join(r"(?:.*\n)*?.*" if line == "..." else re.escape(line) for line in shown)
    return re.fullmatch(pattern, "\n".join(lines)) is not None


def run(command: str, root: Path) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(command)
    assert program == "pysim"
    engine = ["--engine", "local", "--plain"] if arguments[0] == "run" else []
    state = {"XDG_CACHE_HOME": str(root.parent / "cache"), "XDG_DATA_HOME": str(root.parent / "data")}
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments, *engine],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "100", **state},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.local
def test_the_page(tmp_path: Path) -> None:
    root = tmp_path / "orchay"
    root.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "main", str(root)], check=True)
    remote = ["remote", "add", "origin", "https://github.com/octo/orchay.git"]
    subprocess.run(["git", "-C", str(root), *remote], check=True)
    (root / "environments.json").write_text(json.dumps(ENVIRONMENTS), encoding="utf-8")
    (root / "policies.json").write_text(json.dumps(POLICIES), encoding="utf-8")
    count = 0
    for step in steps():
        if isinstance(step, tuple):
            path = root / step[0]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(step[1], encoding="utf-8")
            continue
        done = run(step.command, root)
        lines = told(done.stdout)
        assert fits(lines, step.lines), f"{step.command}\n{done.stdout}{done.stderr}"
        count += 1
    assert count >= 9
