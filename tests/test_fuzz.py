"""The readers of what a repository or a job writes: no bytes bring up an exception that they do not name."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.actions.manifest import load_manifest
from simulator.configuration.dotenv import read_dotenv
from simulator.errors import ConfigurationError
from simulator.runner.files import FileCommandError, decode_text, parse_pairs, parse_paths
from simulator.workflow.loader import load_workflow
from tests.fuzzing import fuzzed

YAML = (
    "on: push\n", "jobs:\n", "  a:\n", "    steps:\n", "    - run: x\n", "strategy: ", "matrix: ", "runs:\n", "using: ",
    "composite\n", "inputs:\n", "${{ ", "}}", "fromJSON(", "[", "]", "{", "}", "&a ", "*a", "!!x ", "|\n", ": ", "'",
    '"', "\\", "\n", "  ", "1e999", "0x", "~", "\ufeff", "\x85", "# ", "<<: ", "---\n", "? ", "%YAML 9\n",
)  # fmt: skip
PAIRS = ("A", "=", "<<", "E", "\n", "\r\n", "\r", "\0", "'", '"', "\\", "#", "export ", " ", "$", "ü")


def written(words: tuple[str, ...]) -> st.SearchStrategy[bytes]:
    return st.binary(max_size=100) | st.lists(st.sampled_from(words), max_size=40).map(
        lambda parts: "".join(parts).encode()
    )


@fuzzed
@given(written(YAML))
def test_workflows(content: bytes) -> None:
    loaded = load_workflow(content, ".github/workflows/a.yml")
    assert loaded.workflow is not None or loaded.diagnostics


@fuzzed
@given(written(YAML))
def test_manifests(content: bytes) -> None:
    load_manifest(content, "action.yml")


@fuzzed
@given(content=written(PAIRS))
def test_files_of_variables(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "fuzzed.env"
    file.write_bytes(content)
    with contextlib.suppress(ConfigurationError):
        read_dotenv(file)


@fuzzed
@given(written(PAIRS))
def test_command_files(content: bytes) -> None:
    text = decode_text(content)
    parse_paths(text)
    with contextlib.suppress(FileCommandError):
        list(parse_pairs(text))
