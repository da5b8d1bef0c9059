"""Where a tag publishes nothing, the job that was left out is named, and the release that the workflow waits for."""

from __future__ import annotations

import pytest

from simulator.operations.unpublished import not_published
from simulator.remedies import Act, remedy
from simulator.run_events import Conclusion
from simulator.runner.model import JobResult
from tests.runner.driving import plan_of

WORKFLOW = """\
on: {{push: {{tags: ['v*']}}{also}}}
jobs:
  publish:
    if: github.event_name == 'release'
    runs-on: ubuntu-latest
    permissions: {{id-token: write}}
    steps: [{{uses: pypa/gh-action-pypi-publish@release/v1}}]
"""


@pytest.mark.parametrize(
    ("also", "event", "waits"), [(", release: ", "push", True), (", release: ", "release", False), ("", "push", False)]
)
def test_a_tag_that_publishes_nothing(*, also: str, event: str, waits: bool) -> None:
    (job,) = plan_of(WORKFLOW.format(also=also)).jobs
    result = JobResult(planned=job, conclusion=Conclusion.SKIPPED, reason="its condition is false")
    (finding,) = not_published([result], (), (), (), event)
    assert finding.message == "Job publish publishes, and was skipped: its condition is false"
    assert finding.remedies == ((remedy(Act.CHOOSE_EVENT, "release"),) if waits else ())
    assert ("rehearse that" in finding.hint) is waits
    assert not list(not_published([result], {"pypi"}, (), (), event))
