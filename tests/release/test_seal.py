"""A rehearsal never publishes for real: what steps can reach, and what they can see of the caller."""

from __future__ import annotations

from pathlib import Path

from simulator.indexes import indexes
from tests.release.driving import WORKFLOW, Repository

STEPS = """\
on: {push: {tags: ['v*']}}
jobs:
  try:
    runs-on: ubuntu-latest
    permissions: {id-token: write}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - run: python backend.py dist
      - name: a token with curl
        run: >
          curl -sSf -H "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
          "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=pypi" | grep -o '"value"'
      - name: a token with id
        run: /opt/pysim/bin/python -m id pypi | tr -cd . | grep -x ..
      - name: what a step sees
        env:
          SECRET: ${{ secrets.PYPI_TOKEN }}
        run: |
          env | sort
          echo "the secret is $SECRET"
          ls -a ~
          cat ~/.pypirc || echo no pypirc
          cat "CALLER_HOME/.pypirc" || echo no pypirc of the caller
          test -S "CALLER_HOME/agent.sock" || echo no agent
      - name: no way to an address
        run: timeout 5 bash -c '</dev/tcp/192.0.2.1/443' && exit 1; true
      - name: plain twine
        env:
          TWINE_USERNAME: __token__
          TWINE_PASSWORD: ${{ secrets.PYPI_TOKEN }}
        run: /opt/pysim/bin/python -m twine upload --disable-progress-bar dist/*
"""


MARKING = """\
import pathlib as _p
_p.Path({mark!r}).parent.mkdir(parents=True, exist_ok=True)
_p.Path({mark!r}).touch()
"""


def test_steps_reach_the_twins_alone_and_see_nothing_of_the_caller(tiny_on: Repository, tmp_path: Path) -> None:
    """Nor does what they published, where it is built to be installed, or its command is started."""
    home = tmp_path / "caller"
    home.mkdir()
    (home / ".pypirc").write_text("[pypi]\npassword = the-callers-password\n")
    tiny_on.write(WORKFLOW, STEPS.replace("CALLER_HOME", str(home)))
    mark = tmp_path / "ran"
    for path in (tiny_on.root / "backend.py", tiny_on.root / "tinytool.py"):
        path.write_text(MARKING.format(mark=str(mark)) + path.read_text())
    tiny_on.write(".secrets", "PYPI_TOKEN=pypi-AgEIthe-real-token\n")
    caller = {
        "HOME": str(home),
        "TWINE_PASSWORD": "the-callers-password",
        "GITHUB_TOKEN": "the-callers-token",
        "SSH_AUTH_SOCK": str(home / "agent.sock"),
    }
    done = tiny_on.rehearse(env=caller)
    said = done.log("try")
    assert '"value"' in said
    assert "the-callers" not in said
    assert "agent.sock" not in said.replace(f'test -S "{home}/agent.sock"', "")
    assert "the secret is ***" in said
    assert "no pypirc of the caller" in said
    assert "no agent" in said
    assert {item["dist"] for item in done.summary["installed"] if item["ok"]} == {"wheel", "sdist"}
    assert not mark.exists()
    (step,) = [s for s in done.summary["jobs"][0]["steps"] if s["name"] == "a token with id"]
    assert step["conclusion"] == "success"
    hosts = set().union(*(index.hosts for index in indexes().values()))
    uploads = [r for r in done.requests if r["path"] == "/legacy/"]
    assert {(r["twin"], r["job"], r["method"]) for r in uploads} == {("pypi", "try", "POST")}
    assert not [r for r in done.requests if r["twin"] == "outside" and r["host"] in hosts]
    for file in done.folder.rglob("*"):
        if file.is_file() and "source.git" not in file.parts:
            assert b"the-real-token" not in file.read_bytes(), file
