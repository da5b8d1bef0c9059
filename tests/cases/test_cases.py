"""Each case of the table in a real rehearsal: the user's text, the findings and the exit code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cases.table import BASE, WORKFLOW, Case, Step, cases, filled, missing, words
from tests.release.driving import Repository

LOG_LINE = re.compile(r"[^:|]+: \| ?(.*)")


def _engines() -> Iterator[Any]:
    for case in cases():
        for engine in ["local", "docker"] if case.docker else ["local"]:
            mark = pytest.mark.docker if engine == "docker" else pytest.mark.local
            yield pytest.param(case, engine, id=f"{case.name}-{engine}", marks=mark)


@pytest.mark.parametrize(("case", "engine"), list(_engines()))
def test_case(case: Case, engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if engine == "docker":
        request.getfixturevalue("require_docker")
    home = request.getfixturevalue("state_home")
    repository = Repository(root=shutil.copytree(BASE, tmp_path / "demo"), engine=engine, home=home)
    for step in case.before:
        perform(repository, step)
    said = perform(repository, case.step)
    text = shown(said)
    assert missing(case.expected, text) is None, said
    check_findings(case, repository, text)
    check_first_screen(repository, said)


def perform(repository: Repository, step: Step) -> str:
    """Change the repository, run the command, and give what it printed."""
    for file, text in step.files.items():
        repository.write(file, filled(text))
    for file, old, new in step.edits:
        repository.edit(file or WORKFLOW, (old, filled(new)))
    command = step.command.replace("{root}", str(repository.root))
    done = repository.pysim(*words(command, repository.engine))
    said = done.stdout.decode() + done.stderr.decode()
    assert done.code == step.exit, said
    return said


def shown(said: str) -> str:
    """What a user of GitHub would see of it, and the report: the steps' logs without the names of jobs."""
    live, verdict, report = said.partition("\nverdict: ")
    logs = [match[1] for line in live.splitlines() if (match := LOG_LINE.fullmatch(line))]
    return "\n".join([*(logs if verdict else live.splitlines()), report])


def check_findings(case: Case, repository: Repository, said: str) -> None:
    """The codes of the findings, and what these say: of a run from its summary, else in the text."""
    if case.step.command.partition(" ")[0] != "run":
        text = " ".join(said.split())
        assert all(f"[{code}]" in text for code in case.errors | case.others), text
        assert all(filled(part) in text for part in case.hint), text
        return
    run = max((repository.root / ".pysim/runs").iterdir())
    findings = json.loads((run / "summary.json").read_text(encoding="utf-8"))["findings"]
    assert {item["code"] for item in findings if item["severity"] == "error"} == case.errors, findings
    assert {item["code"] for item in findings} >= case.others, findings
    told = " ".join(f"{item['where']} {item['message']} {item['hint']}" for item in findings)
    for part in case.hint:
        assert filled(part) in told, told


def check_first_screen(repository: Repository, said: str) -> None:
    """The last 40 lines of a no-go name its cause, the place and what mends it."""
    runs = repository.root / ".pysim/runs"
    summary = max(runs.iterdir(), default=runs) / "summary.json" if runs.is_dir() else runs
    result: dict[str, Any] = (
        json.loads(summary.read_text(encoding="utf-8")) if summary.is_file() else {"verdict": "", "refused": False}
    )
    if result["verdict"] != "no-go" or result["refused"] or f"NO-GO  {result['reason']}" not in said:
        return
    screen = " ".join(" ".join(said.splitlines()[-40:]).split())
    cause = next(item for item in result["findings"] if item["severity"] == "error")
    assert f"[{cause['code']}]" in screen, said
    assert (cause["where"] or "").rpartition(":")[0] in screen, said
    assert " ".join(cause["hint"].split())[:60] in screen, said
