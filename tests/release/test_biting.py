"""What bites those who stand in for GitHub (contracts: services, "the ten things"), as a job sees it.

Artifact and cache blobs are tested with their clients in tests/twins.
"""

from __future__ import annotations

import pytest

from tests.release.driving import WORKFLOW, Repository

JOB = """\
on: {push: {tags: ['v*']}}
jobs:
  build:
    runs-on: ubuntu-latest
    permissions: {id-token: write, contents: read}
    steps:
      - uses: actions/checkout@v4
      - run: |
          echo "server [$GITHUB_SERVER_URL]"
          echo "origin [$(git config remote.origin.url)]"
          echo "tag [$(git ls-remote --tags origin | sed 's/.*tags.//' | head -1)]"
          echo "through [$(curl -sS -o /dev/null -w '%{http_code} %{ssl_verify_result}' https://github.com/octo/tool/info/refs)]"
          echo "oidc [$ACTIONS_ID_TOKEN_REQUEST_URL]"
          echo "local names [$(env | grep -c localhost)]"
          echo "system [$(lsb_release -i -r -s | wc -l)]"
          echo "hidden [$ACTIONS_RUNTIME_TOKEN$ACTIONS_RESULTS_URL$ACTIONS_CACHE_URL]"
          set +e; false | true; echo "pipe [$?]"
      - run: false | true
"""


@pytest.fixture
def seen(tiny_on: Repository) -> dict[str, str]:
    """What the job printed: `name [value]`."""
    tiny_on.write(WORKFLOW, JOB)
    done = tiny_on.rehearse("--source", "worktree")
    assert done.conclusions == {"build": "success"}, done.log("build")
    lines = [line.removesuffix("]").split(" [", 1) for line in done.log("build").splitlines() if line.endswith("]")]
    return {name: value for name, value in lines if not name.startswith("echo")}


def test_what_a_job_sees(seen: dict[str, str]) -> None:
    assert seen["server"] == "https://github.com", "1: clients refuse, or use an old protocol, for any other"
    assert seen["local names"] == "0", "2: git takes *.localhost for its own loopback, node does not"
    assert seen["origin"].startswith("https://github.com/"), "3: .git/config names GitHub"
    assert seen["tag"] == "v0.1.0", "3: and git reaches the stand-in all the same"
    assert seen["through"].split()[1] == "0", "4: over TLS that every client trusts"
    assert "?" in seen["oidc"], "9: clients append &audience= to it"
    assert seen["system"] == "2", "10: setup-python asks lsb_release for its keys"
    assert seen["hidden"] == "", "run steps are given no service of GitHub's"
    assert seen["pipe"] == "0", "an unspecified shell has no pipefail"
