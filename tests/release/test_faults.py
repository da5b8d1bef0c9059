"""`pysim run --fault`: what a user sees when outside systems fail."""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

pytestmark = pytest.mark.local


def test_a_release_that_goes_through_all_the_same(tiny: Repository) -> None:
    done = tiny.rehearse("--fault", "upload-503", "--fault", "artifacts-500=2", "--fault", "token-expired=9")
    assert (done.code, done.verdict) == (0, "go")
    reason = done.summary["reason"]
    assert reason.startswith("with injected faults (upload-503=1, artifacts-500=2, token-expired=9 (never met)): ")
    assert "The fault token-expired=9 never took effect" in done.findings["fault-not-met"]
    effects = {each["fault"]: len(each["effects"]) for each in done.summary["faults"]}
    assert effects == {"upload-503=1": 1, "artifacts-500=2": 1, "token-expired=9": 0}
    fired = [event for event in done.events if event["type"] == "fault-injected"]
    assert [(event["jobId"], event["fault"]) for event in fired] == [
        ("build", "artifacts-500=2"),
        ("publish", "upload-503=1"),
    ]
    assert 'Received "503: Service Unavailable"' in done.log("publish")


def test_an_index_that_stops_half_way(tiny: Repository) -> None:
    tiny.edit(WORKFLOW, ("publish@release/v1", "publish@release/v1\n        with: {attestations: false}"))
    done = tiny.rehearse("--fault", "upload-503=2+")
    assert (done.code, done.verdict) == (1, "no-go")
    assert list(done.findings) == ["injected-fault"]
    assert "a drill rehearses that" in done.findings["injected-fault"]
    assert "HTTPError: 503 Service Unavailable" in " ".join(done.log("publish").split())
    (release,) = done.summary["published"]
    assert len(release["files"]) == 1


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        ("index-read-only", "upload-refused", "403: Read-only mode: Uploads are temporarily disabled."),
        ("oidc-down", "injected-fault", "GitHub: OIDC token request failed (code=500"),
    ],
)
def test_the_words_of_an_outage(tiny: Repository, fault: str, code: str, said: str) -> None:
    tiny.edit(WORKFLOW, ("publish@release/v1", "publish@release/v1\n        with: {attestations: false}"))
    done = tiny.rehearse("--fault", fault)
    assert (done.code, done.verdict) == (1, "no-go")
    assert said in done.findings[code]
    assert done.summary["reason"].startswith(f"with injected faults ({fault}): ")
    assert said in " ".join(done.log("publish").split()) or code == "upload-refused"
