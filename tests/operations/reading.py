"""Reads a folder as an operation does, for tests of its parts."""

from __future__ import annotations

from pathlib import Path

from simulator.configuration.values import Configuration
from simulator.operations.request import Request
from simulator.operations.source import Repository, read_repository
from simulator.operations.trees import CommitTree
from simulator.operations.workflow_files import WorkflowFiles, called_in_commit, files_of_commit, nothing_fetched


def read(request: Request, clone: Path) -> tuple[Repository, WorkflowFiles]:
    """The repository of a request, without a configuration, and its workflow files."""
    repository = read_repository(request, request.repository, Configuration(), clone)
    resolve = called_in_commit(repository.source, repository.identity, nothing_fetched)
    tree = CommitTree(repository.source)
    return repository, files_of_commit(tree, repository.source, request.workflows, repository.identity, resolve)
