"""What steps say about files of the repository reaches the reader: with real checkouts, on both engines."""

from __future__ import annotations

from tests.release.driving import WORKFLOW, Repository

STEPS = """\
on: {push: {tags: ['v*']}}
jobs:
  lint:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - name: matcher
        run: |
          cat > "$RUNNER_TEMP/m.json" <<'END'
          {"problemMatcher": [{"owner": "py", "severity": "warning", "pattern": [
            {"regexp": "^\\\\s*File \\"(.*)\\", line (\\\\d+)$", "file": 1, "line": 2},
            {"regexp": "^(\\\\w+): (.*)$", "code": 1, "message": 2}]}]}
          END
          echo "::add-matcher::$RUNNER_TEMP/m.json"
      - name: check
        run: |
          printf '  File "%s/tinytool.py", line 1\\nStyle: say more\\n' "$PWD"
          printf '  File "/usr/lib/os.py", line 1\\nStyle: not ours\\n'
          i=0; while [ $i -lt 3000 ]; do echo "  File \\"tinytool.py\\", line 1"; i=$((i+1)); done
          echo "::notice file=pyproject.toml,line=2,endLine=3::from a command"
          printf '# Result\\n\\n| file | notes |\\n|---|---|\\n| tinytool.py | **1** |\\n' >> "$GITHUB_STEP_SUMMARY"
"""


def test_annotations_summaries_and_the_page(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, STEPS)
    done = tiny_on.rehearse("--offline")
    found = {e["message"]: e for e in done.events if e["type"] == "annotation"}
    ours = found["say more"]
    assert (ours["level"], ours["file"], ours["line"]) == ("warning", "tinytool.py", 1)
    module, project = ((tiny_on.root / name).read_text().splitlines() for name in ("tinytool.py", "pyproject.toml"))
    assert ours["source"] == module[0]
    assert (found["not ours"]["file"], found["not ours"]["source"]) == (None, None)
    assert (found["from a command"]["endLine"], found["from a command"]["source"]) == (3, project[1])
    page = (done.folder / "report.html").read_text()
    assert "<code>tinytool.py:1</code>" in page
    assert "<td><strong>1</strong></td>" in page
    again = tiny_on.pysim("report", "--plain").stdout.decode()
    assert "warning  tinytool.py:1  say more (lint)" in again
    assert "notice   pyproject.toml:2-3  from a command (lint)" in again
    assert "| Result" in again
