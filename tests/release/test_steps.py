"""Every kind of step with real processes: shells, command files, local actions with their parts, and what is hashed."""

from __future__ import annotations

import hashlib

from tests.release.driving import WORKFLOW, Repository

STEPS = """\
on: {push: {tags: ['v*']}}
env: {LAYER: workflow}
jobs:
  try:
    runs-on: ubuntu-latest
    outputs:
      sum: ${{ steps.js.outputs.sum }}
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: '3.12'}
      - name: files
        id: files
        run: |
          echo "LAYER=file" >> "$GITHUB_ENV"
          { echo 'NOTE<<END'; echo one; echo two; echo END; } >> "$GITHUB_ENV"
          mkdir -p bin sub && printf '#!/bin/sh\\necho my own tool\\n' > bin/mine && chmod +x bin/mine
          echo "$PWD/bin" >> "$GITHUB_PATH"
          echo '### Fine' >> "$GITHUB_STEP_SUMMARY"
          false | true
      - name: the effects
        shell: python
        working-directory: sub
        env: {OWN: '${{ env.LAYER }}!'}
        run: |
          import os, subprocess
          print(os.environ["LAYER"], os.environ["OWN"], os.environ["NOTE"].split(), os.path.basename(os.getcwd()))
          print(subprocess.check_output(["mine"], text=True).strip())
      - name: a pipe that fails
        id: pipe
        shell: bash
        continue-on-error: true
        run: false | true
      - name: outcomes
        run: echo "${{ steps.files.outcome }} ${{ steps.pipe.outcome }} ${{ steps.pipe.conclusion }}"
      - name: hash
        run: echo "${{ hashFiles('tinytool.py', 'absent') }}"
      - id: js
        uses: ./actions/outer
        with: {numbers: '1 2 3'}
      - name: its output
        run: echo "sum ${{ steps.js.outputs.sum }}"
  after:
    needs: try
    runs-on: ubuntu-latest
    steps:
      - run: echo "got ${{ needs.try.outputs.sum }}"
"""
OUTER = """\
inputs: {numbers: {required: true}}
outputs: {sum: {value: '${{ steps.add.outputs.sum }}'}}
runs:
  using: composite
  steps:
    - {id: add, uses: ./actions/add, with: {the numbers: '${{ inputs.numbers }}'}}
    - {run: 'echo "in $(basename "$GITHUB_ACTION_PATH")"', shell: bash}
"""
ADD = """\
inputs: {the numbers: {}, unit: {default: pieces}}
runs: {using: node20, main: main.js, post: post.js}
"""
MAIN = """\
const fs = require('fs');
const sum = process.env.INPUT_THE_NUMBERS.split(' ').map(Number).reduce((a, b) => a + b);
fs.appendFileSync(process.env.GITHUB_OUTPUT, `sum=${sum}\\n`);
fs.appendFileSync(process.env.GITHUB_STATE, `sum=${sum}\\n`);
console.log('::notice file=' + process.env.GITHUB_WORKSPACE + '/a.py,line=3::' + sum + ' ' + process.env.INPUT_UNIT);
"""
POST = "console.log('remembers ' + process.env.STATE_sum + ' of ' + process.env.INPUT_UNIT);\n"


def test_every_kind_of_step(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, STEPS)
    for name, text in {
        "outer/action.yml": OUTER,
        "add/action.yml": ADD,
        "add/main.js": MAIN,
        "add/post.js": POST,
    }.items():
        tiny_on.write(f"actions/{name}", text)
    done = tiny_on.rehearse()
    said = done.log("try").splitlines()
    assert done.conclusions == {"try": "success", "after": "success"}, said
    assert "file file! ['one', 'two'] sub" in said
    assert "my own tool" in said
    assert "success failure success" in said
    content = (tiny_on.root / "tinytool.py").read_bytes()
    assert hashlib.sha256(hashlib.sha256(content).digest()).hexdigest() in said
    assert "6 pieces" in said
    assert "in outer" in said
    assert "sum 6" in said
    assert "remembers 6 of pieces" in said
    assert "got 6" in done.log("after").splitlines()
    names = [step["name"] for step in done.summary["jobs"][0]["steps"]]
    posts = [f"Post Run {name}" for name in ("./actions/outer", "actions/setup-python@v5", "actions/checkout@v4")]
    assert names[-5:] == ["its output", *posts, "Complete job"]
    (notice,) = [event for event in done.events if event["type"] == "annotation" and event["level"] == "notice"]
    assert (notice["file"], notice["line"]) == ("a.py", 3)
    assert [event["markdown"] for event in done.events if event["type"] == "step-summary"] == ["### Fine\n"]
