"""Background steps with real processes."""

from __future__ import annotations

from tests.release.driving import WORKFLOW, Repository

STEPS = """\
on: {push: {tags: ['v*']}}
jobs:
  try:
    runs-on: ubuntu-latest
    steps:
      - id: server
        name: server
        background: true
        run: python3 -m http.server 8123 --bind 127.0.0.1
      - id: slow
        name: slow
        background: true
        run: |
          sleep 2
          echo "word=made" >> "$GITHUB_OUTPUT"
      - name: ask
        run: |
          for _ in $(seq 50); do curl -fs http://127.0.0.1:8123/ > page && break; sleep 0.1; done
          grep -q 'Directory listing' page && echo it answers
      - cancel: server
      - name: gone
        run: curl -fs http://127.0.0.1:8123/ || echo "server gone, slow is [${{ steps.slow.outputs.word }}]"
      - wait: slow
      - parallel:
          - run: echo "one ${{ steps.slow.outputs.word }}"
          - run: echo "two ${{ steps.server.conclusion }}"
"""


def test_a_server_beside_the_steps(tiny_on: Repository) -> None:
    tiny_on.write(WORKFLOW, STEPS)
    done = tiny_on.rehearse()
    assert done.conclusions == {"try": "success"}, done.log("try")
    said = done.log("try").splitlines()
    wanted = (
        "it answers",
        "server gone, slow is []",
        "one made",
        "two cancelled",
        "  server: Canceled",
        "  slow: Succeeded",
    )
    assert [line for line in wanted if line not in said] == []
