"""Reads an `action.yml` into a `Manifest`, with all of its problems. Knows no place where one may lie.

Source of the rules: actions/runner, `action_yaml.json` and ActionManifestManager.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from simulator.actions.model import (
    CompositeRuns,
    ContainerRuns,
    Input,
    JavaScriptRuns,
    Manifest,
    Runs,
    ScriptRuns,
)
from simulator.diagnostics import Diagnostic, Severity
from simulator.expressions.language import Expression, ExpressionError, Template, parse
from simulator.positions import Span
from simulator.workflow import facts, nodes
from simulator.workflow.loader import load_composite_steps
from simulator.workflow.reading import Fields, Reader, Shape
from simulator.workflow.yaml_source import Document, read

BUILTIN_USING = "pysim"  # the kind of the actions that pysim ships; no other manifest may have it
_NODE = re.compile(r"node(12|16|20|24)", re.IGNORECASE)
_SUPPORTED = "'docker', 'node12', 'node16', 'node20' or 'node24'"
_SCRIPT = Shape(("using", "main", "pre", "pre-if", "post", "post-if"), ("main",))
_COMPOSITE = Shape(("using", "steps"), ("steps",))
_CONTAINER = Shape(
    (
        "using",
        "image",
        "args",
        "env",
        "entrypoint",
        "pre-entrypoint",
        "pre-if",
        "post-entrypoint",
        "post-if",
    ),
    ("image",),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltinNotes:
    """What the `x-pysim` of a built-in manifest says: the versions it stands for, and how it differs from them."""

    models: Sequence[str]
    differs: Sequence[str]


def load_manifest(
    text: str | bytes, file: str, *, builtin: bool = False
) -> tuple[Manifest | None, Sequence[Diagnostic]]:
    """The manifest that `text` holds, None when a diagnostic is an error; `file` is its path for people.

    Only with `builtin` may it be of the kind that pysim's own actions are.
    """
    return _loaded(read(text, file), file, builtin=builtin)


def load_shipped(text: bytes, file: str) -> tuple[Manifest, BuiltinNotes]:
    """The manifest and the notes of an action of pysim's own."""
    document = read(text, file)
    manifest, problems = _loaded(document, file, builtin=True)
    assert manifest is not None, f"broken built-in manifest: {problems}"
    return manifest, _notes(document)


def _loaded(document: Document, file: str, *, builtin: bool) -> tuple[Manifest | None, Sequence[Diagnostic]]:
    reader = Reader(diagnostics=list(document.diagnostics))
    manifest = None
    root = reader.mapping(document.root) if document.root is not None else None
    if root is not None:
        manifest = _manifest(reader, root, file, builtin=builtin)
    elif not reader.diagnostics:
        reader.error(Span(file=file, line=1, column=1), "action-runs", _no_runs(file))
    valid = all(problem.severity is not Severity.ERROR for problem in reader.diagnostics)
    return manifest if valid else None, tuple(reader.diagnostics)


def _notes(document: Document) -> BuiltinNotes:
    root = document.root
    notes = root.get("x-pysim") if isinstance(root, nodes.Mapping) else None
    if not isinstance(notes, nodes.Mapping):
        return BuiltinNotes(models=(), differs=())
    reader = Reader()
    models, differs = (tuple(item.value for item in reader.literals(notes.get(key))) for key in ("models", "differs"))
    return BuiltinNotes(models=models, differs=differs)


def _manifest(reader: Reader, root: nodes.Mapping, file: str, *, builtin: bool) -> Manifest | None:
    name = reader.literal(root.get("name"), filled=False)
    inputs = {key.lower(): _input(reader, key, entry) for key, entry in _entries(reader, root.get("inputs"))}
    outputs = {key: _output(reader, entry) for key, entry in _entries(reader, root.get("outputs"))}
    runs = _runs(reader, root, file, builtin=builtin)
    if runs is None:
        return None
    return Manifest(name=name.value if name else "", inputs=inputs, outputs=outputs, runs=runs)


def _entries(reader: Reader, node: nodes.Node | None) -> list[tuple[str, nodes.Entry]]:
    empty = isinstance(node, nodes.Scalar) and node.value is None
    return [] if node is None or empty else list(reader.entries(node))


def _input(reader: Reader, name: str, entry: nodes.Entry) -> Input:
    """An input; keys beside GitHub's own are passed over, as GitHub does."""
    given = entry.value if isinstance(entry.value, nodes.Mapping) else None
    if given is None and not (isinstance(entry.value, nodes.Scalar) and entry.value.value is None):
        reader.mapping(entry.value)
    default = given and given.get("default")
    text = reader.text(default, "inputs.<input_id>.default") if default is not None else None
    required = given and given.get("required")
    deprecation = reader.literal(given.get("deprecationMessage")) if given is not None else None
    return Input(
        name=name,
        required=isinstance(required, nodes.Scalar) and required.text.lower() == "true",
        default=text.template if text is not None else None,
        deprecation=deprecation.value if deprecation is not None else None,
    )


def _output(reader: Reader, entry: nodes.Entry) -> Template | None:
    value = entry.value.get("value") if isinstance(entry.value, nodes.Mapping) else None
    text = reader.text(value, "outputs.<output_id>.value") if value is not None else None
    return text.template if text is not None else None


def _runs(reader: Reader, root: nodes.Mapping, file: str, *, builtin: bool) -> Runs | None:
    node = root.get("runs")
    if node is None:
        reader.error(root.span, "action-runs", _no_runs(file))
        return None
    mapping = reader.mapping(node)
    using = reader.literal(mapping.get("using")) if mapping is not None else None
    if mapping is None or using is None:
        if mapping is not None:
            message = f"Missing 'using' value. 'using' requires 'composite', {_SUPPORTED}."
            reader.error(mapping.span, "action-using", message)
        return None
    kind = using.value.lower()
    if kind == "composite":
        return _composite(reader, reader.fields(mapping, _COMPOSITE))
    if kind == "docker":
        return _container(reader, reader.fields(mapping, _CONTAINER))
    node_version = _NODE.fullmatch(kind)
    if node_version is None and not (builtin and kind == BUILTIN_USING):
        message = f"'using: {using.value}' is not supported, use {_SUPPORTED} instead."
        reader.error(using.span, "action-using", message)
        return None
    return _script(reader, reader.fields(mapping, _SCRIPT), int(node_version[1]) if node_version else None)


def _script(reader: Reader, fields: Fields | None, node_version: int | None) -> ScriptRuns | JavaScriptRuns | None:
    main = reader.literal(fields.get("main")) if fields is not None else None
    if fields is None or main is None:
        return None
    pre, post = _word(reader, fields, "pre"), _word(reader, fields, "post")
    pre_if, post_if = _condition(reader, fields, "pre-if"), _condition(reader, fields, "post-if")
    if node_version is None:
        return ScriptRuns(main=main.value, pre=pre, pre_if=pre_if, post=post, post_if=post_if)
    return JavaScriptRuns(node=node_version, main=main.value, pre=pre, pre_if=pre_if, post=post, post_if=post_if)


def _word(reader: Reader, fields: Fields, key: str) -> str | None:
    given = reader.literal(fields.get(key))
    return given.value if given is not None else None


def _condition(reader: Reader, fields: Fields, key: str) -> Expression:
    """A `pre-if` or `post-if`: `always()` when absent. GitHub puts no `success()` around these."""
    vocabulary = facts.vocabulary(f"runs.{key}")
    given = reader.scalar(fields.get(key))
    text = given.text.strip() if given is not None else ""
    bare = re.fullmatch(r"\$\{\{(.*)\}\}", text, re.DOTALL)
    try:
        return parse((bare[1] if bare else text).strip() or "always()", vocabulary)
    except ExpressionError as error:
        assert given is not None
        reader.error(given.span, f"expression-{error.kind}", str(error))
        return parse("always()", vocabulary)


def _composite(reader: Reader, fields: Fields | None) -> CompositeRuns | None:
    steps = fields.get("steps") if fields is not None else None
    if steps is None:
        return None
    loaded = load_composite_steps(steps)
    reader.diagnostics.extend(loaded.diagnostics)
    return CompositeRuns(steps=loaded.steps)


def _container(reader: Reader, fields: Fields | None) -> ContainerRuns | None:
    if fields is None or (image := reader.literal(fields.get("image"))) is None:
        return None
    args, env = fields.get("args"), fields.get("env")
    return ContainerRuns(
        image=image.value,
        entrypoint=_word(reader, fields, "entrypoint"),
        args=[text.template for node in reader.sequence(args) if (text := reader.text(node, "runs.args"))]
        if args is not None
        else None,
        env={
            name: text.template
            for name, entry in _entries(reader, env)
            if (text := reader.text(entry.value, "runs.env"))
        },
        pre_entrypoint=_word(reader, fields, "pre-entrypoint"),
        pre_if=_condition(reader, fields, "pre-if"),
        post_entrypoint=_word(reader, fields, "post-entrypoint"),
        post_if=_condition(reader, fields, "post-if"),
    )


def dockerfile_manifest(name: str, file: str) -> Manifest:
    """The manifest of a folder that holds a Dockerfile alone; `file` is its name."""
    return _bare_container(name, file)


def image_manifest(image: str) -> Manifest:
    """The manifest of a step that is an image."""
    return _bare_container(image, f"docker://{image}")


def _bare_container(name: str, image: str) -> Manifest:
    always = parse("always()", facts.vocabulary("runs.pre-if"))
    runs = ContainerRuns(
        image=image,
        entrypoint=None,
        args=None,
        env={},
        pre_entrypoint=None,
        pre_if=always,
        post_entrypoint=None,
        post_if=always,
    )
    return Manifest(name=name, inputs={}, outputs={}, runs=runs)


def _no_runs(file: str) -> str:
    return f"Top level 'runs:' section is required for {file}"
