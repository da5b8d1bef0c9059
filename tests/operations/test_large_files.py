"""Jobs that check out files of Git LFS."""

from __future__ import annotations

import pytest

from simulator.operations.large_files import large_files
from simulator.planning.calls import foreseen_jobs
from tests.runner.driving import plan_of

ATTRIBUTES = b"# *.txt filter=lfs\n*.bin filter=lfs diff=lfs merge=lfs -text\n*.png -text\n"
HEAD = "on: push\njobs:\n  build:\n    runs-on: ubuntu-latest\n    steps:\n"


@pytest.mark.parametrize(
    ("inputs", "attributes", "told"),
    [
        ("{lfs: true}", ATTRIBUTES, True),
        ("{lfs: false}", ATTRIBUTES, False),
        ("{fetch-depth: 0}", ATTRIBUTES, False),
        ("{lfs: true, repository: octo/other}", ATTRIBUTES, False),
        ("{lfs: true}", b"*.png -text\n", False),
        ("{lfs: true}", None, False),
    ],
)
def test_what_stays_a_pointer_is_not_rehearsed(inputs: str, attributes: bytes | None, told: bool) -> None:
    plan = plan_of(f"{HEAD}      - uses: actions/checkout@v5\n        with: {inputs}\n")
    found = list(large_files(list(foreseen_jobs(plan)), attributes))
    assert [each.unrehearsed for each in found] == ([("build",)] if told else [])
    assert all("*.bin" in each.message for each in found)
