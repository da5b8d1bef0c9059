"""action.yml files: what is read of them, and what is wrong with others."""

from __future__ import annotations

from textwrap import dedent

import pytest

from simulator.actions.manifest import load_manifest, load_shipped
from simulator.actions.model import CompositeRuns, ContainerRuns, JavaScriptRuns, Manifest, ScriptRuns
from simulator.expressions.language import Scope, render


def load(text: str, *, builtin: bool = False) -> Manifest:
    manifest, problems = load_manifest(dedent(text), "action.yml", builtin=builtin)
    assert manifest is not None, problems
    return manifest


def problems(text: str, *, builtin: bool = False) -> list[str]:
    manifest, found = load_manifest(dedent(text), "action.yml", builtin=builtin)
    assert manifest is None
    return [f"{problem.span.line}:{problem.span.column}: {problem.message}" for problem in found]


def test_a_javascript_action() -> None:
    manifest = load(
        """
        name: Greet
        author: octo
        description: says hello
        inputs:
          Who:
            description: whom
            required: true
            default: ${{ github.actor }}
          count:
            default: 3
          loud:
            deprecationMessage: Use `count` instead.
            type: boolean
          bare:
        outputs:
          greeting: {description: what was said}
        runs:
          using: Node20
          main: dist/index.js
          post: dist/post.js
          post-if: runner.os == 'Linux'
        branding: {icon: smile}
        """
    )
    runs = manifest.runs
    assert isinstance(runs, JavaScriptRuns)
    assert (manifest.name, runs.node, runs.main, runs.pre, runs.post) == (
        "Greet",
        20,
        "dist/index.js",
        None,
        "dist/post.js",
    )
    assert (runs.pre_if.source, runs.post_if.source) == ("always()", "runner.os == 'Linux'")
    assert list(manifest.inputs) == ["who", "count", "loud", "bare"]
    who = manifest.inputs["who"]
    assert (who.name, who.required, who.deprecation) == ("Who", True, None)
    assert who.default is not None
    assert render(who.default, Scope(contexts={"github": {"actor": "octocat"}}, functions={})) == "octocat"
    assert manifest.inputs["count"].default is not None
    assert manifest.inputs["count"].default.source == "3"
    assert manifest.inputs["loud"].deprecation == "Use `count` instead."
    assert manifest.inputs["bare"].default is None
    assert manifest.outputs == {"greeting": None}


def test_a_composite_action() -> None:
    manifest = load(
        """
        name: Build
        inputs:
          python: {default: '3.12'}
        outputs:
          version: {value: "${{ steps.build.outputs.version }}"}
        runs:
          using: composite
          steps:
            - uses: actions/setup-python@v5
              with: {python-version: "${{ inputs.python }}"}
            - id: build
              run: python -m build
              shell: bash
        """
    )
    assert isinstance(manifest.runs, CompositeRuns)
    first, second = manifest.runs.steps
    assert first.uses is not None
    assert (first.uses.value, second.id) == ("actions/setup-python@v5", "build")
    assert second.run is not None
    assert second.run.source == "python -m build"
    assert manifest.outputs["version"] is not None


def test_a_docker_action() -> None:
    runs = load(
        """
        runs:
          using: docker
          image: Dockerfile
          entrypoint: /main.sh
          args: ['${{ inputs.x }}', plain]
          env: {A: "${{ inputs.y }}"}
          pre-entrypoint: /before.sh
          pre-if: runner.os == 'Linux'
          post-entrypoint: /after.sh
        """
    ).runs
    assert isinstance(runs, ContainerRuns)
    assert (runs.image, runs.entrypoint) == ("Dockerfile", "/main.sh")
    assert runs.args is not None
    inputs = Scope(contexts={"inputs": {"x": "1", "y": "2"}}, functions={})
    assert [render(arg, inputs) for arg in runs.args] == ["1", "plain"]
    assert {name: render(value, inputs) for name, value in runs.env.items()} == {"A": "2"}
    assert (runs.pre_entrypoint, runs.pre_if.source) == ("/before.sh", "runner.os == 'Linux'")
    assert (runs.post_entrypoint, runs.post_if.source) == ("/after.sh", "always()")


def test_a_docker_action_that_says_its_image_alone() -> None:
    runs = load("runs: {using: docker, image: 'docker://alpine:3'}").runs
    assert isinstance(runs, ContainerRuns)
    assert (runs.image, runs.entrypoint, runs.args, runs.env) == ("docker://alpine:3", None, None, {})


def test_pysims_own_kind_is_for_its_own_actions() -> None:
    text = "runs: {using: pysim, main: main.py, post: post.py}"
    runs = load(text, builtin=True).runs
    assert isinstance(runs, ScriptRuns)
    assert (runs.main, runs.post, runs.post_if.source) == ("main.py", "post.py", "always()")
    assert problems(text) == [
        "1:15: 'using: pysim' is not supported, use 'docker', 'node12', 'node16', 'node20' or 'node24' instead."
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["1:1: Top level 'runs:' section is required for action.yml"]),
        ("name: x", ["1:1: Top level 'runs:' section is required for action.yml"]),
        ("runs: {main: x.js}", ["1:7: Missing 'using' value. 'using' requires 'composite', 'docker', 'node12', "]),
        ("runs: {using: node18, main: x.js}", ["1:15: 'using: node18' is not supported, use 'docker', 'node12', "]),
        ("runs: {using: node20}", ["1:7: Required property is missing: main"]),
        ("runs: {using: docker}", ["1:7: Required property is missing: image"]),
        (
            "runs: {using: docker, image: x, args: ['${{ github.actor }}']}",
            ["1:45: Unrecognized named-value: 'github'. Located at position 1 within expression: github.actor"],
        ),
        ("runs: {using: composite}", ["1:7: Required property is missing: steps"]),
        ("runs: {using: node20, main: x.js, steps: []}", ["1:35: Unexpected value 'steps'"]),
        ("runs: {using: composite, steps: [{run: x}]}", ["1:34: Required property is missing: shell"]),
        ("runs: {using: node20, main: x.js, post-if: 'foo('}", ["1:44: Unrecognized function: 'foo'"]),
        (
            "inputs: {a: {default: '${{ secrets.x }}'}}\nruns: {using: node20, main: x.js}",
            ["1:28: Unrecognized named-value: 'secrets'"],
        ),
        ("inputs: [a]\nruns: {using: node20, main: x.js}", ["1:9: A sequence was not expected"]),
        ("runs: [", ["1:8: The file is not valid YAML"]),
    ],
)
def test_what_is_wrong(text: str, expected: list[str]) -> None:
    found = problems(text)
    assert len(found) == len(expected)
    assert all(problem.startswith(start) for problem, start in zip(found, expected, strict=True)), found


def test_notes_of_a_builtin_action() -> None:
    text = b"x-pysim: {models: [v4, v5], differs: [Nothing is cached.]}\nruns: {using: pysim, main: main.py}"
    _, notes = load_shipped(text, "action.yml")
    assert (notes.models, notes.differs) == (("v4", "v5"), ("Nothing is cached.",))
    _, notes = load_shipped(b"runs: {using: pysim, main: main.py}", "action.yml")
    assert notes.models == ()
