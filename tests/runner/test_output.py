"""What a job shows: heads of logs, annotations, summaries, and never a secret."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from simulator.run_events import Annotation, StepSummary
from tests.runner.driving import Case, World, job_of

CASES = {
    "secrets, the job's token and those of the services": Case(
        world={"secrets": {"TOKEN": "s3cret-value"}},
        steps="""
            - name: Uses ${{ secrets.TOKEN }}
              run: |
                say s3cret-value and runtime-token
                say ::warning title=s3cret-value,file=s3cret-value::s3cret-value
              env: {T: '${{ secrets.TOKEN }}'}
            - run: say ${{ github.token }}
        """,
        says="""
            Uses ***: success
              *** and ***
              ? ***
            Run say ***: success
              ***
            = success
        """,
    ),
    "what add-mask hides": Case(
        steps="""
            - run: |
                say plain-word
                say ::add-mask::plain-word
                say plain-word
                step_summary about plain-word
            - name: On plain-word
              run: say plain-word
        """,
        says="""
            Run say plain-word: success
              plain-word
              ***
            On ***: success
              ***
            = success
        """,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_steps(case: Case) -> None:
    assert case.run().transcript("build") == case.expected


def test_the_head_of_a_log() -> None:
    ran = World(secrets={"TOKEN": "s3cret-value"}).run(
        job_of(
            """
            - run: |
                say one

                say two
              shell: bash
              env: {A: '${{ secrets.TOKEN }}', B: '2'}
            """
        )
    )
    lines = ran.lines("build")
    begin = lines.index("Run say one")
    assert lines[begin : begin + 10] == [
        "Run say one",
        "say one",
        "",
        "say two",
        "shell: /usr/bin/bash --noprofile --norc -e -o pipefail {0}",
        "env:",
        "  A: ***",
        "  B: 2",
        "",
        "one",
    ]


def test_no_event_holds_a_secret() -> None:
    world = World(secrets={"TOKEN": "s3cret-value"})
    ran = world.run(
        job_of(
            """
            - name: With ${{ secrets.TOKEN }}
              id: one
              run: |
                say ::add-mask::plain-word
                say ::error title=plain-word,file=s3cret-value.py,line=1::s3cret-value
                say ::group::s3cret-value
                say ::stop-commands::s3cret-value
                step_summary s3cret-value
                output x=s3cret-value
                exit 1
            """,
            job="environment: {name: e, url: 'https://${{ steps.one.outputs.x }}'}\n"
            "outputs: {x: '${{ steps.one.outputs.x }}'}",
        )
    )
    assert "s3cret-value" not in repr(ran.events)
    (found,) = [event for event in ran.events if isinstance(event, Annotation) and event.file]
    assert (found.title, found.file, found.message) == ("***", "***.py", "***")
    assert "Skip setting environment url as environment 'e' may contain secret." in ran.lines("build", "warning")


def test_a_mask_of_one_job_is_not_known_to_another() -> None:
    ran = World().run(
        """
        on: push
        jobs:
          one: {runs-on: ubuntu-latest, steps: [{run: "say ::add-mask::1"}]}
          two:
            needs: one
            runs-on: ubuntu-latest
            outputs: {version: "${{ steps.v.outputs.version }}"}
            steps: [{id: v, run: output version=1.0}]
        """
    )
    assert ran.results[1].outputs == {"version": "1.0"}


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ("file=/home/runner/work/tool/tool/a/b.py,line=3,col=4", ("a/b.py", 3, None, 4, None)),
        ("file=/home/runner/work/tool/tool/x/../a/b.py,line=3,endLine=5", ("a/b.py", 3, 5, None, None)),
        ("file=b.py,line=3,endLine=3,col=1,endColumn=4", ("b.py", 3, 3, 1, 4)),
        ("file=b.py,line=3,endLine=4,col=1", ("b.py", 3, 4, None, None)),
        ("file=b.py,endLine=4,endColumn=2", ("b.py", 4, 4, 2, 2)),
        ("file=b.py,line=5,endLine=4", ("b.py", None, None, None, None)),
        ("file=b.py,line=5,col=3,endColumn=2", ("b.py", 5, None, None, None)),
        ("file=b.py,col=3", ("b.py", None, None, None, None)),
        ("line=7", (None, 7, None, None, None)),
        ("File=/elsewhere/b.py,Line=x,col=2", ("/elsewhere/b.py", None, None, None, None)),
    ],
)
def test_the_place_of_an_annotation(given: str, place: tuple[str | int | None, ...]) -> None:
    ran = World().run(job_of(f"- run: say ::warning {given}::look"))
    (found,) = [event for event in ran.events if isinstance(event, Annotation)]
    assert (found.file, found.line, found.end_line, found.column, found.end_column) == place


def test_a_summary_is_kept_up_to_its_size() -> None:
    ran = World().run(
        job_of(
            """
            - run: |
                step_summary # Fine
                step_summary said
            - run: flood step_summary
            """
        )
    )
    assert [event.markdown for event in ran.events if isinstance(event, StepSummary)] == ["# Fine\nsaid\n"]
    (error,) = ran.lines("build", "error")
    assert error.startswith(
        "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got 1024k. For more"
    )
    assert ran.conclusions == {"build": "success"}


@pytest.mark.parametrize(
    "world",
    [
        World(),
        World(variables={"ACTIONS_STEP_DEBUG": "false"}),
        World(variables={"ACTIONS_STEP_DEBUG": "true"}, secrets={"ACTIONS_STEP_DEBUG": "off"}),
    ],
)
def test_debug_messages_are_not_shown(world: World) -> None:
    ran = world.run(job_of("- run: |\n    say ::debug::hello\n    show RUNNER_DEBUG"))
    assert ran.lines("build", "debug") == []
    assert "RUNNER_DEBUG is not set" in ran.lines("build")


@pytest.mark.parametrize(
    "world",
    [
        World(debug=True),
        World(variables={"ACTIONS_STEP_DEBUG": "True"}),
        World(secrets={"ACTIONS_STEP_DEBUG": "true"}, variables={"ACTIONS_STEP_DEBUG": "false"}),
    ],
)
def test_debug_messages_are_shown_where_the_secret_or_variable_says_so(world: World) -> None:
    world = replace(world, hidden=())
    ran = world.run(job_of("- run: |\n    say ::debug::hello\n    show RUNNER_DEBUG\n- run: say ${{ runner.debug }}"))
    assert ran.lines("build", "debug") == ["hello"]
    assert "RUNNER_DEBUG=1" in ran.lines("build")
    assert "1" in ran.printed("build")


def test_a_job_output_has_its_limit() -> None:
    ran = World().run(
        job_of("- {id: big, run: output a=" + "x" * 600_000 + "}", job="outputs: {a: '${{ steps.big.outputs.a }}'}")
    )
    assert ran.lines("build", "error") == [
        "The output 'a' of the job is too large: 1200000 bytes. GitHub takes 1 MB of each."
    ]
    assert ran.conclusions == {"build": "failure"}


def test_each_step_of_a_composite_action_has_its_own_commands_and_they_share_limits_and_summaries() -> None:
    scripts = [
        "say ::stop-commands::halt\nsay ::warning::not a warning",
        "say ::warning::a warning\nstep_summary from the second",
        "step_summary from the third",
        *["say ::warning::more"] * 12,
    ]
    steps = [{"shell": "bash", "run": script} for script in scripts]
    action = json.dumps({"name": "A", "description": "a", "runs": {"using": "composite", "steps": steps}})
    ran = World(files={"a/action.yml": action}).run(job_of("- uses: ./a"))
    assert "::warning::not a warning" in ran.lines("build", "text")
    assert ran.lines("build", "warning") == ["a warning", *["more"] * 12]
    assert sum(isinstance(event, Annotation) for event in ran.events) == 10
    written = [event.markdown.strip() for event in ran.events if isinstance(event, StepSummary)]
    assert written == ["from the second", "from the third"]


@pytest.mark.parametrize("name", ["env", "output", "path", "state"])
def test_a_command_file_has_its_limit(name: str) -> None:
    ran = World().run(job_of(f"- run: swamp {name}"))
    assert ran.lines("build", "error")[:2] == [
        f"Unable to process file command '{name}' successfully.",
        "The file is larger than 16 MiB, the most that pysim reads.",
    ]
    assert ran.conclusions == {"build": "failure"}


def test_a_summary_beyond_what_is_read_has_no_size() -> None:
    ran = World().run(job_of("- run: swamp step_summary"))
    (error,) = ran.lines("build", "error")
    assert "supports content up to a size of 1024k, got more than 16384k. For more" in error
    assert ran.conclusions == {"build": "success"}
