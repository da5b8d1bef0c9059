"""Every attempt of `attempts/run/` in one run on each engine, held to all that the run leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.escapes.rehearsed import CONTROL, MARKUP, RunAttempt, forms, run_attempts, secrets, workflow
from tests.git import git
from tests.release.driving import Repository

TERMINAL = ("run", "report", "live")
Left = Mapping[str, str]
"""What the run left, by place: the commands that printed it, and the files of its record."""


def left_by(engine: str, folder: Path) -> Left:
    """Rehearse all attempts in one run."""
    repository = Repository(root=folder / "marked", engine=engine, home=folder / "home")
    repository.root.mkdir(parents=True)
    repository.write(".github/workflows/attempts.yml", workflow())
    repository.write(".secrets", secrets())
    repository.write(".gitignore", ".secrets\n.pysim/\n")
    git("init", "-q", "-b", "main", cwd=repository.root)
    git("add", "-A", cwd=repository.root)
    git("commit", "-qm", "all", cwd=repository.root)
    ran = repository.pysim("run", "--tag", "v1.0.0", "--engine", engine, "--plain", "-v", "--offline")
    assert ran.code in {0, 1}, ran.complaint
    (record,) = (repository.root / ".pysim/runs").iterdir()
    found = {"run": ran.text + ran.complaint}
    for place, words in {"report": (), "live": ("--plain", "-v"), "json": ("--json",)}.items():
        found[place] = repository.pysim("report", *words).text
    files = [*record.glob("*.jsonl"), *record.glob("*.html"), *(record / "logs").rglob("*.log")]
    return found | {str(path.relative_to(record)): path.read_text(errors="replace") for path in files}


@pytest.fixture(scope="module")
def local(local_engine: object, tmp_path_factory: pytest.TempPathFactory) -> Left:
    return left_by("local", tmp_path_factory.mktemp("attempts"))


@pytest.fixture(scope="module")
def docker(docker_engine: object, tmp_path_factory: pytest.TempPathFactory) -> Left:
    return left_by("docker", tmp_path_factory.mktemp("attempts"))


def hold(attempt: RunAttempt, left: Left) -> None:
    """The attempt was made, and nothing that the run left is what it must not be."""
    for words in attempt.says or (re.escape(attempt.name),):
        assert any(re.search(words, text) for text in left.values()), words
    for place, text in left.items():
        if attempt.kind == "secret":
            for form, value in forms().items():
                assert value not in text, f"{form} in {place}"
        elif place in TERMINAL:
            assert not CONTROL.search(text), place
        elif place.endswith(".html"):
            assert not any(re.search(words, text) for words in (MARKUP.pattern, *attempt.never)), place


@pytest.mark.local
@pytest.mark.parametrize("attempt", run_attempts(), ids=lambda attempt: attempt.name)
def test_local(attempt: RunAttempt, local: Left) -> None:
    hold(attempt, local)


@pytest.mark.docker
@pytest.mark.parametrize("attempt", run_attempts(), ids=lambda attempt: attempt.name)
def test_docker(attempt: RunAttempt, docker: Left) -> None:
    hold(attempt, docker)
