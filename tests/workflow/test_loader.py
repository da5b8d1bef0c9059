"""What the loader makes of a valid file."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.expressions.language import Scope, evaluate_template
from simulator.positions import Located
from simulator.workflow.calls import load_calls
from simulator.workflow.loader import load_composite_steps, load_workflow, parse_workflow
from simulator.workflow.model import DispatchInput, Text, Trigger, Workflow
from simulator.workflow.yaml_source import read

PATH = ".github/workflows/release.yml"
JOB = "\njobs: {a: {runs-on: x, steps: [{run: echo}]}}\n"


def load(text: str) -> Workflow:
    loaded = load_workflow(text, PATH)
    assert loaded.diagnostics == ()
    assert loaded.workflow is not None
    return loaded.workflow


def trigger(text: str) -> Trigger:
    (found,) = load(f"on: {text}{JOB}").triggers.values()
    return found


def values(items: object) -> object:
    """Located values without their places."""
    return [item.value for item in items if isinstance(item, Located)] if isinstance(items, tuple) else items


RELEASE = """\
name: Release
run-name: Release ${{ github.ref_name }}
on:
  push:
    tags: ["v*", "!v*-rc*"]
permissions: {contents: read}
env:
  PYTHON: 3.10
  EMPTY:
  DEBUG: true
defaults:
  run: {shell: bash, working-directory: src}
concurrency: {group: "r-${{ github.ref }}", cancel-in-progress: true}
jobs:
  build:
    name: Build on ${{ matrix.os }}
    runs-on: ${{ matrix.os }}
    strategy:
      fail-fast: false
      max-parallel: 2
      matrix:
        os: [ubuntu-latest, "${{ vars.OS }}"]
        python: [3.12, {version: "3.13", flags: [a, 1]}]
        include: [{os: x}]
        exclude: ${{ fromJSON(vars.EXCLUDE) }}
    timeout-minutes: 10
    outputs:
      version: ${{ steps.version.outputs.version }}
    steps:
      - uses: actions/checkout@v4
        with: {fetch-depth: 0}
      - id: version
        name: Version
        if: runner.os == 'Linux'
        run: |
          echo ${{ github.ref }}
        shell: bash
        working-directory: ${{ github.workspace }}
        continue-on-error: true
        timeout-minutes: ${{ fromJSON('5') }}
        env: {A: "${{ github.ref }}!"}
  publish:
    needs: build
    if: ${{ github.event_name == 'push' }}
    runs-on: [self-hosted, linux]
    environment: {name: pypi, url: "https://example.org/${{ needs.build.outputs.version }}"}
    permissions: {id-token: write}
    container: alpine
    concurrency: publish
    steps:
      - run: echo
"""


def test_workflow() -> None:
    workflow = load(RELEASE)
    assert (workflow.path, workflow.name) == (PATH, "Release")
    assert workflow.run_name is not None
    assert workflow.run_name.source == "Release ${{ github.ref_name }}"
    assert {name: text.source for name, text in workflow.env.items()} == {"PYTHON": "3.1", "EMPTY": "", "DEBUG": "true"}
    assert workflow.permissions is not None
    assert (workflow.permissions["contents"], workflow.permissions["id-token"]) == ("read", "none")
    assert workflow.defaults.shell is not None
    assert workflow.defaults.shell.source == "bash"
    assert workflow.concurrency is not None
    assert workflow.concurrency.group.source == "r-${{ github.ref }}"
    assert list(workflow.jobs) == ["build", "publish"]
    push = workflow.triggers["push"]
    assert values(push.tags) == ["v*", "!v*-rc*"]
    assert push.branches is None
    assert push.tags is not None
    assert str(push.tags[1].span) == f"{PATH}:5:18"


def test_jobs() -> None:
    jobs = load(RELEASE).jobs
    build, publish = jobs["build"], jobs["publish"]
    assert build.permissions is None
    assert [text.source for text in build.runs_on] == ["${{ matrix.os }}"]
    assert build.timeout_minutes is not None
    assert build.timeout_minutes.source == "10"
    assert build.outputs["version"].template.expressions[0].references() == (
        ("steps", "version", "outputs", "version"),
    )
    assert [text.source for text in publish.runs_on] == ["self-hosted", "linux"]
    assert values(publish.needs) == ["build"]
    assert publish.condition.expression.source == "success() && (github.event_name == 'push')"
    assert publish.condition.source == "${{ github.event_name == 'push' }}"
    assert build.condition.expression.source == "success()"
    assert build.condition.source == ""
    assert publish.environment is not None
    assert publish.environment.name.source == "pypi"
    assert publish.environment.url is not None
    assert publish.permissions is not None
    assert publish.permissions["id-token"] == "write"
    assert publish.concurrency is not None
    assert publish.concurrency.cancel_in_progress is None
    assert publish.unsupported == ()
    assert publish.container is not None
    assert build.unsupported == ()


def test_steps() -> None:
    checkout, version = load(RELEASE).jobs["build"].steps
    assert checkout.uses is not None
    assert checkout.uses.value == "actions/checkout@v4"
    assert checkout.with_["fetch-depth"].source == "0"
    assert (checkout.id, checkout.run, checkout.number) == (None, None, 0)
    assert checkout.condition.expression.source == "success()"
    assert (version.id, version.uses, version.number) == ("version", None, 1)
    assert version.run is not None
    assert version.run.source == "echo ${{ github.ref }}\n"
    assert (version.run.span.line, version.run.span.column) == (35, 14)
    assert version.condition.expression.source == "success() && (runner.os == 'Linux')"
    assert version.continue_on_error is not None
    assert version.continue_on_error.source == "true"
    assert version.timeout_minutes is not None
    assert evaluate_template(version.timeout_minutes.template, Scope()) == 5
    scope = Scope(contexts={"github": {"ref": "v1"}})
    assert evaluate_template(version.env["A"].template, scope) == "v1!"


def test_matrix() -> None:
    strategy = load(RELEASE).jobs["build"].strategy
    assert strategy is not None
    assert strategy.fail_fast is not None
    assert strategy.fail_fast.source == "false"
    assert strategy.max_parallel is not None
    matrix = strategy.matrix
    assert matrix is not None
    assert matrix.expression is None
    assert list(matrix.vectors) == ["os", "python"]
    systems = matrix.vectors["os"]
    assert isinstance(systems, tuple)
    assert systems[0] == "ubuntu-latest"
    assert isinstance(systems[1], Text)
    assert matrix.vectors["python"] == (3.12, {"version": "3.13", "flags": ("a", 1)})
    assert matrix.include == ({"os": "x"},)
    assert isinstance(matrix.exclude, Text)


def test_a_matrix_that_is_one_expression() -> None:
    text = "on: push\njobs: {a: {runs-on: x, strategy: {matrix: '${{ fromJSON(vars.M) }}'}, steps: [{run: echo}]}}\n"
    strategy = load(text).jobs["a"].strategy
    assert strategy is not None
    assert strategy.matrix is not None
    assert strategy.matrix.expression is not None
    assert strategy.matrix.vectors == {}


def test_events_as_a_word_and_as_a_list() -> None:
    assert list(load(f"on: push{JOB}").triggers) == ["push"]
    assert list(load(f"on: [push, release]{JOB}").triggers) == ["push", "release"]
    assert str(load(f"on: [push, release]{JOB}").triggers["release"].span) == f"{PATH}:1:12"


def test_filters() -> None:
    found = trigger("{push: {branches: main, tags: [], paths: [a, b]}}")
    assert values(found.branches) == ["main"]
    assert values(found.tags) == []
    assert values(found.paths) == ["a", "b"]
    assert (found.branches_ignore, found.tags_ignore, found.paths_ignore, found.types) == (None, None, None, None)


def test_activity_types() -> None:
    assert trigger("{release: {types: published}}").types == ("published",)
    assert trigger("{release: {types: [published, prereleased]}}").types == ("published", "prereleased")
    assert trigger("{repository_dispatch: {types: [whatever]}}").types == ("whatever",)
    assert trigger("{release: }").types is None


def test_schedule_and_workflow_run() -> None:
    assert values(trigger("{schedule: [{cron: '0 0 * * *'}, {cron: '5 4 * * sun'}]}").crons) == [
        "0 0 * * *",
        "5 4 * * sun",
    ]
    found = trigger("{workflow_run: {workflows: [CI, Docs], types: [completed], branches-ignore: [x]}}")
    assert found.workflows == ("CI", "Docs")
    assert values(found.branches_ignore) == ["x"]


def test_dispatch_inputs() -> None:
    found = trigger(
        "\n  workflow_dispatch:\n    inputs:\n"
        "      test_pypi: {type: boolean, default: false, description: Where to}\n"
        "      level: {type: choice, options: [a, 2], required: true, default: a}\n"
        "      count: {type: number, default: 3}\n"
        "      text:\n"
    ).inputs
    assert found["test_pypi"] == DispatchInput(
        name="test_pypi",
        type="boolean",
        required=None,
        default=False,
        options=(),
        description="Where to",
        span=found["test_pypi"].span,
    )
    assert found["test_pypi"].span.line == 4
    assert (found["level"].type, found["level"].options, found["level"].required) == ("choice", ("a", "2"), True)
    assert found["count"].default == 3
    assert (found["text"].type, found["text"].default) == ("string", None)


def test_workflow_call() -> None:
    found = trigger(
        "\n  workflow_call:\n    inputs: {v: {type: string, required: true}}\n"
        "    secrets: {token: {required: true}, other: }\n"
        "    outputs: {url: {value: '${{ jobs.a.outputs.url }}'}}\n"
    )
    assert found.inputs["v"].required
    assert {name: secret.required for name, secret in found.secrets.items()} == {"token": True, "other": None}
    assert found.outputs["url"].value.source == "${{ jobs.a.outputs.url }}"


def test_a_job_that_calls_a_workflow() -> None:
    jobs = load(
        "on: push\njobs:\n"
        "  a: {uses: ./.github/workflows/b.yml, secrets: inherit}\n"
        "  b: {uses: o/r/.github/workflows/c.yml@v1, with: {x: true}, secrets: {t: '${{ secrets.T }}'}, needs: [a]}\n"
    ).jobs
    assert jobs["a"].uses is not None
    assert jobs["a"].uses.value == "./.github/workflows/b.yml"
    assert jobs["a"].secrets == "inherit"
    assert (jobs["a"].steps, jobs["a"].runs_on) == ((), ())
    assert jobs["b"].with_["x"].source == "true"
    assert jobs["b"].secrets != "inherit"
    assert jobs["b"].secrets["t"].source == "${{ secrets.T }}"


@pytest.mark.parametrize(
    ("written", "contents", "id_token", "models", "pages"),
    [
        ("{}", "none", "none", "none", "none"),
        ("read-all", "read", "none", "read", "read"),
        ("write-all", "write", "write", "read", "write"),
        ("{contents: write, pages: none}", "write", "none", "none", "none"),
    ],
)
def test_permissions(written: str, contents: str, id_token: str, models: str, pages: str) -> None:
    permissions = load(f"on: push\npermissions: {written}{JOB}").permissions
    assert permissions is not None
    assert [permissions[scope] for scope in ("contents", "id-token", "models", "pages")] == [
        contents,
        id_token,
        models,
        pages,
    ]


@pytest.mark.parametrize(
    ("job", "unsupported"),
    [
        ("runs-on: x, services: {db: postgres}, container: a", []),
        ("runs-on: {group: g, labels: x}", ["group"]),
        ("runs-on: x, env: '${{ fromJSON(vars.E) }}'", ["env: ${{ }}"]),
        ("runs-on: x, strategy: '${{ fromJSON(vars.E) }}'", ["strategy: ${{ }}"]),
        ("runs-on: x, env: {'${{ insert }}': '${{ fromJSON(vars.E) }}', B: c}", ["${{ insert }}"]),
    ],
)
def test_what_is_valid_and_not_carried_out(job: str, unsupported: list[str]) -> None:
    found = load(f"on: push\njobs: {{a: {{{job}, steps: [{{run: echo}}]}}}}\n").jobs["a"]
    assert values(found.unsupported) == unsupported


def test_the_newest_steps() -> None:
    job = load(
        "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"
        "      - {id: s, run: echo, background: true}\n      - wait: s\n      - wait-all:\n      - cancel: s\n"
        "      - parallel: [{run: echo}]\n"
    ).jobs["a"]
    assert [step.control for step in job.steps] == [None, "wait", "wait-all", "cancel", "parallel"]
    assert [step.number for step in job.all_steps] == [0, 1, 2, 3, 5, 4]
    assert [bool(step.background) for step in job.all_steps] == [True, False, False, False, True, False]


def test_anchors() -> None:
    jobs = load(
        "on: push\njobs:\n"
        "  a: {runs-on: &os x, steps: &steps [&echo {run: echo, env: &env {A: b}}]}\n"
        "  b: {runs-on: *os, env: *env, steps: *steps}\n"
        "  c: {runs-on: *os, steps: [*echo, *echo]}\n"
    ).jobs
    assert jobs["b"].steps == jobs["a"].steps
    assert jobs["b"].env["A"].source == "b"
    assert [step.number for step in jobs["c"].steps] == [0, 1]


def test_the_parsers_word_and_the_services() -> None:
    text = "on: {push: {branches: [a], branches-ignore: [b]}}\njobs: {a: {runs-on: x}}\n"
    assert parse_workflow(text, PATH).diagnostics == ()
    assert [item.code for item in load_workflow(text, PATH).diagnostics] == ["exclusive-filters"]
    assert load_workflow(text, PATH).workflow is None


def test_text_and_expressions_too_long_to_join() -> None:
    script = "\n".join(["          echo ${{ github.ref }}", *["          # " + "x" * 1000] * 21])
    text = f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: |\n{script}\n"
    (found,) = load_workflow(text, PATH).diagnostics
    assert found.message == "Exceeded max expression length 21000"
    assert (found.span.line, found.span.column) == (6, 14)
    assert load(text.replace("${{ github.ref }}", "ref")).jobs["a"].steps


def composite(text: str) -> list[str]:
    root = read(text, "action.yml").root
    assert root is not None
    loaded = load_composite_steps(root)
    return [f"{item.span.line}:{item.span.column} {item.message}" for item in loaded.diagnostics]


def test_composite_steps() -> None:
    root = read(
        "- {run: 'echo ${{ inputs.x }}', shell: '${{ inputs.shell }}', id: a}\n- {uses: ./other, with: {a: b}}\n",
        "action.yml",
    ).root
    assert root is not None
    loaded = load_composite_steps(root)
    assert loaded.diagnostics == ()
    run, uses = loaded.steps
    assert run.shell is not None
    assert run.shell.source == "${{ inputs.shell }}"
    assert uses.uses is not None
    assert uses.uses.value == "./other"


def test_composite_rules() -> None:
    telling = "run, shell, uses, with, working-directory"
    assert composite(
        "- run: echo\n- {run: echo, shell: bash, timeout-minutes: 1}\n"
        "- {uses: a/b@v1, env: {A: '${{ secrets.A }}'}}\n- {run: '${{ needs.a }}', shell: bash, if: vars.x}\n"
        "- {wait: x}\n- {run: echo, shell: bash, id: s}\n- {uses: a/b@v1, id: s}\n"
    ) == [
        "1:3 Required property is missing: shell",
        "2:28 Unexpected value 'timeout-minutes'",
        "3:32 Unrecognized named-value: 'secrets'. Located at position 1 within expression: secrets.A",
        "4:14 Unrecognized named-value: 'needs'. Located at position 1 within expression: needs.a",
        "4:44 Unrecognized named-value: 'vars'. Located at position 1 within expression: vars.x",
        f"5:3 There's not enough info to determine what you meant. Add one of these properties: {telling}",
        "5:4 Unexpected value 'wait'",
        "7:22 The identifier 's' may not be used more than once within the same scope.",
    ]


WORDS = [
    *("on", "jobs", "push", "a", "runs-on", "steps", "run", "uses", "needs", "if", "env", "with", "strategy", "matrix"),
    *(
        "permissions",
        "include",
        "schedule",
        "cron",
        "workflow_dispatch",
        "inputs",
        "type",
        "choice",
        "options",
        "defaults",
    ),
    *(
        "${{ github.ref }}",
        "${{ nope",
        "${{ insert }}",
        "success()",
        "1",
        "true",
        "null",
        "x@y",
        "container",
        "services",
    ),
]
value: st.SearchStrategy[object] = st.recursive(
    st.sampled_from(WORDS) | st.none() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=5),
    max_leaves=20,
)


def flow(item: object) -> str:
    """`item` in YAML's flow style."""
    if isinstance(item, dict):
        return "{" + ", ".join(f"{flow(key)}: {flow(inner)}" for key, inner in item.items()) + "}"
    if isinstance(item, list):
        return "[" + ", ".join(map(flow, item)) + "]"
    return "null" if item is None else "'" + str(item).replace("'", "''") + "'"


@settings(max_examples=300, deadline=None)
@given(
    st.text()
    | value.map(flow)
    | st.fixed_dictionaries({"on": value, "jobs": st.fixed_dictionaries({"a": value})}).map(flow)
)
def test_no_text_raises(text: str) -> None:
    loaded = load_workflow(text, PATH)
    assert (loaded.workflow is None) is bool(loaded.diagnostics)
    for found in loaded.diagnostics:
        assert found.span.line >= 1
        assert found.message


references = st.sampled_from(
    ["./.github/workflows/x.yml", "$/.github/workflows/x.yml", "o/r/.github/workflows/y.yml@v"]
)
granted = st.sampled_from(["read-all", {}, {"contents": "write"}])
passed = value | st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS))
calling = st.dictionaries(
    st.sampled_from("abc"),
    st.fixed_dictionaries({"uses": references}, optional={"with": passed, "secrets": passed, "permissions": granted}),
    min_size=1,
)
callers = st.fixed_dictionaries({"on": st.just("push"), "jobs": calling}).map(flow)
called = st.fixed_dictionaries(
    {
        "on": st.fixed_dictionaries({"workflow_call": value}) | st.sampled_from(["push", "workflow_call"]),
        "jobs": calling | st.just({"z": {"runs-on": "x"}}),
    }
).map(flow)


@settings(max_examples=150, deadline=None)
@given(callers, called, called | st.text())
def test_no_called_text_raises(caller: str, first: str, second: str) -> None:
    workflow = parse_workflow(caller, PATH).workflow
    if workflow is not None:
        texts = {"./.github/workflows/x.yml": first}
        found = load_calls(workflow, lambda reference: texts.get(reference, second), load=parse_workflow)
        assert all(item.message for item in found.diagnostics)
        assert set(found.calls) <= set(workflow.jobs)
