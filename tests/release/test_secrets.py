"""A secret that a job spreads wherever it can stands in no file of the run and in nothing that is printed."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from pathlib import Path

import pytest

from tests.release.driving import Repository

pytestmark = pytest.mark.local

SECRET = "Zq9-pa&ss+/wörd-7Kx"
ADDED = "Hj3-added-in-the-job-5Vt"
WORKFLOW = """\
name: spread
on: {push: {tags: ['v*']}}
jobs:
  build:
    name: Build
    runs-on: ubuntu-latest
    permissions: {contents: write, id-token: write}
    environment: {name: pypi, url: "https://example.invalid/${{ steps.out.outputs.plain }}"}
    outputs: {plain: "${{ steps.out.outputs.plain }}", added: "${{ steps.out.outputs.added }}"}
    env: {S: "${{ secrets.SPREAD }}", DEBUG: "1"}
    steps:
      - uses: actions/checkout@v4
      - name: Named after ${{ secrets.SPREAD }}
        id: out
        run: |
          A=Hj3-added; A=$A-in-the-job-5Vt
          echo "::add-mask::$A"
          echo "plain $S and $A"
          printf %s "$S" | base64; printf %s "user:$S" | base64; printf %s "x-access-token:$S" | base64
          python3 -c '
          import json, os, sys, urllib.parse as u
          s = os.environ["S"]
          print(json.dumps(s), u.quote(s), u.quote_plus(s), file=sys.stderr)'
          echo "::warning file=$S.py,line=1,title=$A::$S"
          echo "::group::$S"; echo "::endgroup::"
          echo "::notice::$(printf %s "$S" | base64)"
          echo "# $S and $A" >> "$GITHUB_STEP_SUMMARY"
          echo "plain=$S" >> "$GITHUB_OUTPUT"; echo "added=$A" >> "$GITHUB_OUTPUT"
          printf '{"problemMatcher":[{"owner":"m","pattern":[{"regexp":"^bad (.*)$","message":1}]}]}' > m.json
          echo "::add-matcher::m.json"; echo "bad $S $A"
          mkdir -p dist; echo x > "dist/made-$A.txt"
          curl -s "https://$A.example.invalid/" || true
          curl -s "https://api.github.com/repos/x/$A?token=$S" || true
          curl -s "http://example.invalid/$A?sig=$S" || true
      - name: a ref, a release and the key of a cache
        env: {GH_TOKEN: "${{ github.token }}"}
        run: |
          A=Hj3-added; A=$A-in-the-job-5Vt
          git push origin "HEAD:refs/heads/made-$A" || true
          curl -s -H "Authorization: Bearer $GH_TOKEN" "https://api.github.com/repos/$GITHUB_REPOSITORY/releases" \\
            -d "{\\"tag_name\\": \\"v1-$A\\", \\"name\\": \\"$A\\", \\"body\\": \\"of $A\\"}" || true
      - uses: actions/cache/save@v4
        with: {key: "${{ secrets.SPREAD }}-Hj3-added-in-the-job-5Vt", path: dist/}
      - uses: actions/upload-artifact@v4
        with: {name: "named-Hj3-added-in-the-job-5Vt", path: dist/}
      - uses: actions/download-artifact@v4
        with: {name: "${{ secrets.SPREAD }}"}
        continue-on-error: true
      - uses: pypa/gh-action-pypi-publish@release/v1
        with: {password: "${{ secrets.SPREAD }}"}
      - run: exit 1
        if: always()
"""


def forms(secret: str) -> list[bytes]:
    """How a secret may look in a file."""
    texts = [secret, json.dumps(secret)[1:-1], urllib.parse.quote(secret), base64.b64encode(secret.encode()).decode()]
    texts += [base64.b64encode(b"x-access-token:" + secret.encode()).decode()]
    return [text.encode() for text in texts]


def test_a_secret_stands_nowhere(tiny: Repository) -> None:
    tiny.write(".github/workflows/pypi.yml", WORKFLOW)
    tiny.write(".secrets", f"SPREAD='{SECRET}'\n")
    page = tiny.root / "out.html"
    arguments = ("--tag", "v0.1.0", "--engine", "local", "--offline", "--plain", "-v", "--debug", "--html", str(page))
    done = tiny.pysim("run", *arguments)
    assert b"Traceback" not in done.stderr, done.stderr
    (folder,) = (tiny.root / ".pysim/runs").iterdir()
    shown = {Path("terminal"): done.stdout, Path("errors"): done.stderr, Path("out.html"): page.read_bytes()}
    made_by_the_job = (folder / "artifacts", folder / "source.git")
    for path in folder.rglob("*"):
        if path.is_file() and not any(path.is_relative_to(other) for other in made_by_the_job):
            shown[path.relative_to(folder)] = path.read_bytes()
    assert {"events.jsonl", "access.jsonl", "report.html", "summary.json"} <= {str(path) for path in shown}
    assert b"example.invalid" in shown[Path("access.jsonl")]
    told = shown[Path("events.jsonl")]
    assert {b"refs/heads/made-***", b"v1-***"} <= set(re.findall(rb"refs/heads/made-\*+|v1-\*+", told))
    assert b"Cache saved with key: ***-***" in told
    leaks = [
        (str(path), form)
        for path, content in shown.items()
        for form in (*forms(SECRET), *forms(ADDED))
        if form in content or form in str(path).encode()
    ]
    assert leaks == []
    assert shown[Path("events.jsonl")].count(b"***") > 20
