"""How much a workflow and what it calls may hold.

Source: ParseOptions in https://github.com/actions/runner/tree/258d6c857db3519913f7deb6004b60172f8043ae/src/Sdk/WorkflowParser
and https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations#limitations-of-reusable-workflows
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """The limits of GitHub, unless said otherwise.

    `characters` and `depth` (of YAML collections) hold for each file; `size` for all files together, in bytes as GitHub
    reckons them (`nodes.size_of`); `nesting` is how many calls may lead to a file, `files` how many files there may be.
    `nodes` of a file and `jobs` of all files are pysim's own: GitHub has no such limit.
    """

    characters: int = 1024 * 1024
    depth: int = 50
    size: int = 10 * 1024 * 1024
    nesting: int = 9
    files: int = 51
    nodes: int = 50_000
    jobs: int = 5_000


GITHUB: Final = Limits()
