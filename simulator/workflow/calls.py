"""The workflows that jobs call with `uses`: loaded, nested, and checked against their callers. Knows no disk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from simulator.diagnostics import Diagnostic, Severity
from simulator.positions import Located, Span
from simulator.spelling import suggest
from simulator.workflow.limits import GITHUB, Limits
from simulator.workflow.loader import Loaded, load_workflow
from simulator.workflow.model import DispatchInput, Entries, Job, Permissions, Text, Trigger, Workflow
from simulator.workflow.reading import Reader


@dataclass(frozen=True, kw_only=True, slots=True)
class CalledFile:
    """A file of a repository: its text, the full name of the ref (refs/tags/v1), or the commit, and the commit."""

    text: str | bytes
    ref: str
    sha: str


Resolver: TypeAlias = Callable[[str], "str | bytes | CalledFile | None"]
"""The file that a reference names, or its text alone; None when there is none.

A reference is `./.github/workflows/x.yml` for a file of the repository at hand, else
`owner/repo/.github/workflows/x.yml@ref`.
"""
LoadFile: TypeAlias = Callable[[str | bytes, str], Loaded]

RESTRICTED: Final[Permissions] = {"contents": "read", "packages": "read"}
"""A new repository's setting for workflows that say nothing: "Read repository contents and packages permissions"."""

SETTING: Final = "the repository's setting (Settings > Actions > General > Workflow permissions)"
"""Where GitHub has what a job may do whose file does not say it."""
UNREAD: Final = "call-unread"
"""The code of the problem that a called workflow is not at hand."""
_RANK = {"none": 0, "read": 1, "write": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class CalledWorkflow:
    """A workflow as one job calls it; `calls` are its own, by job id.

    `permissions` are those of its jobs that say nothing: its own, else its caller's; None when no file says anything.
    `ref` and `sha` are those of a `CalledFile`, "" for a file of the commit at hand.
    """

    reference: str
    workflow: Workflow
    permissions: Permissions | None
    calls: Mapping[str, CalledWorkflow]
    ref: str = ""
    sha: str = ""

    @property
    def repository(self) -> str | None:
        """`owner/repo` of a file of a named repository, None for one of the commit at hand."""
        return None if self.reference.startswith("./") else "/".join(self.reference.split("/")[:2])

    @property
    def path(self) -> str:
        """The path of the file in its repository."""
        file = self.reference.partition("@")[0]
        return file.removeprefix("./") if self.repository is None else "/".join(file.split("/")[2:])


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedCalls:
    """The called workflows by the id of the calling job, as far as they are valid and at hand, and what is wrong.

    `sources` are the texts of the called files, by the name that the diagnostics have for them.
    """

    calls: Mapping[str, CalledWorkflow]
    diagnostics: tuple[Diagnostic, ...]
    sources: Mapping[str, str]


def load_calls(
    workflow: Workflow,
    resolve: Resolver,
    *,
    limits: Limits = GITHUB,
    default: Permissions = RESTRICTED,
    default_is_known: bool = True,
    load: LoadFile = load_workflow,
    used: int = 0,
) -> LoadedCalls:
    """All workflows that `workflow` calls, directly or not.

    `default` is what a token may do where no file says anything, and may do more where it is not known. `used` is the
    size of the caller's own file, `load` reads a file and is given its text and its name. A file of the repository that
    is not there is an error; one of another repository that the resolver does not give is a warning, as it may be
    there. Raises what `resolve` raises.
    """
    loader = _Calls(resolve=resolve, limits=limits, default=default, known=default_is_known, load=load, size=used)
    calls = loader.of(workflow, _CallChain(), workflow.span)
    diagnostics = tuple(dict.fromkeys(loader.reader.diagnostics))
    return LoadedCalls(calls=calls, diagnostics=diagnostics, sources=loader.sources)


@dataclass(frozen=True, kw_only=True, slots=True)
class _CallChain:
    """The references that lead to a called file, outermost first, and the permissions that it inherits."""

    references: tuple[str, ...] = ()
    permissions: Permissions | None = None

    def qualified(self, uses: str) -> str:
        """A reference that says the same everywhere: a local one of another repository's file names that repository."""
        if not uses.startswith(("./", "$/")):
            return uses
        path = uses[2:]
        caller = self.references[-1] if self.references else "./"
        if caller.startswith("./"):
            return f"./{path}"
        repository, _, ref = caller.partition("@")
        return f"{'/'.join(repository.split('/')[:2])}/{path}@{ref}"


@dataclass(kw_only=True, slots=True)
class _Calls:
    resolve: Resolver
    limits: Limits
    default: Permissions
    known: bool
    load: LoadFile
    reader: Reader = field(default_factory=Reader)
    files: dict[str, Loaded | None] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)  # ref and commit, by reference
    size: int = 0
    jobs: int = 0

    def of(self, workflow: Workflow, chain: _CallChain, span: Span) -> dict[str, CalledWorkflow]:
        """The calls of the jobs of a file; `span` is where that is called."""
        before = self.jobs
        self.jobs += len(workflow.jobs)
        if before <= self.limits.jobs < self.jobs:
            message = f"The workflow may not contain more than {self.limits.jobs} jobs"
            self.reader.error(span, "call-jobs", message, "The jobs of called workflows count each time.")
        calls = {}
        for job in workflow.jobs.values():
            if job.uses is not None and self.jobs <= self.limits.jobs:
                called = self.call(workflow, job, job.uses, chain)
                if called is not None:
                    calls[job.id] = called
        return calls

    def call(self, workflow: Workflow, job: Job, uses: Located[str], chain: _CallChain) -> CalledWorkflow | None:
        reference = chain.qualified(uses.value)
        if len(chain.references) >= self.limits.nesting or reference.lower() in chain.references:
            hint = f"{reference} calls itself." if reference.lower() in chain.references else None
            message = f"Nested reusable workflow depth exceeded {self.limits.nesting}."
            self.reader.error(uses.span, "call-depth", message, hint)
            return None
        called = self.file(reference, uses)
        if called is None:
            return None
        given = next((each for each in (job.permissions, workflow.permissions) if each is not None), chain.permissions)
        trigger = called.triggers.get("workflow_call")
        if trigger is None:
            self._no_trigger(called, uses)
            return None
        _check_inputs(self.reader, trigger, job, uses)
        _check_secrets(self.reader, trigger, job, uses)
        self._check_permissions(job, called, uses.value, given)
        inherited = called.permissions if called.permissions is not None else given
        inner = _CallChain(references=(*chain.references, reference.lower()), permissions=inherited)
        ref, sha = self.versions.get(reference.lower(), ("", ""))
        return CalledWorkflow(
            reference=reference,
            workflow=called,
            permissions=inherited,
            calls=self.of(called, inner, uses.span),
            ref=ref,
            sha=sha,
        )

    def file(self, reference: str, uses: Located[str]) -> Workflow | None:
        """The file of a reference, read once."""
        if reference.lower() not in self.files:
            self.files[reference.lower()] = self._read(reference, uses)
        loaded = self.files[reference.lower()]
        if loaded is None or loaded.workflow is None:
            return None
        self.size += loaded.size
        if self.size > self.limits.size:
            self._refuse(loaded.workflow.span, uses, "call-size", "Maximum object size exceeded")
            return None
        return loaded.workflow

    def _read(self, reference: str, uses: Located[str]) -> Loaded | None:
        if len(self.files) + 1 >= self.limits.files:
            message = f"The maximum file count of {self.limits.files} has been exceeded"
            self.reader.error(uses.span, "call-files", message)
            return None
        text = self.resolve(reference)
        if text is None:
            self._missing(reference, uses.span)
            return None
        if isinstance(text, CalledFile):
            self.versions[reference.lower()] = text.ref, text.sha
            text = text.text
        name = reference.removeprefix("./")
        self.sources[name] = text if isinstance(text, str) else text.decode("utf-8", "replace")
        loaded = self.load(text, name)
        self.reader.diagnostics += [replace(item, shown_at=uses.span) for item in loaded.diagnostics]
        return loaded

    def _missing(self, reference: str, span: Span) -> None:
        if reference.startswith("./"):
            message = f'error parsing called workflow "{reference}": workflow was not found.'
            self.reader.error(span, "call-unknown", message, "The file is to be in .github/workflows of this commit.")
            return
        message = f"The called workflow {reference} is not at hand: its jobs, inputs and secrets are not checked"
        self.reader.diagnostics.append(Diagnostic(code=UNREAD, severity=Severity.WARNING, message=message, span=span))

    def _refuse(self, span: Span, uses: Located[str], code: str, message: str) -> None:
        self.reader.error(span, code, message, shown_at=uses.span)

    def _no_trigger(self, called: Workflow, uses: Located[str]) -> None:
        span = next((trigger.span for trigger in called.triggers.values()), called.span)
        self._refuse(span, uses, "call-trigger", "workflow_call key is not defined in the referenced workflow.")

    def _check_permissions(self, job: Job, called: Workflow, uses: str, given: Permissions | None) -> None:
        allowed = self.default if given is None else given
        requests = {f"workflow '{uses}'": called.permissions}
        for each in called.jobs.values():
            requests[f"nested job '{each.name.source if each.name and each.name.source else each.id}'"] = (
                each.permissions
            )
        for who, requested in requests.items():
            excess = _excess(requested or {}, allowed)
            if excess:
                wanted = ", ".join(f"{scope}: {access}" for scope, access in excess.items())
                granted = ", ".join(f"{scope}: {allowed.get(scope, 'none')}" for scope in excess)
                message = f"Error calling workflow '{uses}'. The {who} is requesting '{wanted}', "
                message += f"but is only allowed '{granted}'."
                hint = f"Grant them under `permissions` of the job {job.id}: what it calls has at most its own."
                if given is not None or self.known or "id-token" in excess:
                    self.reader.error(job.span, "call-permissions", message, hint)
                else:
                    self._may_be_granted(job, message, hint)

    def _may_be_granted(self, job: Job, message: str, hint: str) -> None:
        """Note what GitHub refuses unless the repository's setting gives jobs more, which is not known."""
        message = f"{message.removesuffix('.')}, unless {SETTING} gives all jobs write access."
        hint = f'{hint} If the setting gives more, say so: workflow-permissions = "write" under [repository].'
        self.reader.diagnostics.append(
            Diagnostic(code="call-permissions", severity=Severity.WARNING, message=message, span=job.span, hint=hint)
        )


def _excess(requested: Permissions, allowed: Permissions) -> Permissions:
    return {scope: access for scope, access in requested.items() if _RANK[access] > _RANK[allowed.get(scope, "none")]}


def _check_inputs(reader: Reader, trigger: Trigger, job: Job, uses: Located[str]) -> None:
    given = {name.lower(): text for name, text in job.with_.items()}
    for name, declared in trigger.inputs.items():
        text = given.get(name.lower())
        if text is not None:
            _check_type(reader, declared, text)
        elif declared.required:
            reader.error(
                uses.span,
                "call-input",
                f"Input {name} is required, but not provided while calling.",
                f"Add {name} under `with`.",
            )
    _check_known(reader, "input", job.with_, trigger.inputs)


def _check_type(reader: Reader, declared: DispatchInput, text: Text) -> None:
    fits = {
        "boolean": isinstance(text.value, bool),
        "number": isinstance(text.value, int | float) and not isinstance(text.value, bool),
    }
    if text.template.is_literal and not fits.get(declared.type, True):
        hint = f"The input {declared.name} is a {declared.type}, written without quotes."
        reader.error(text.span, "call-input", f"Unexpected value '{text.source}'", hint)


def _check_secrets(reader: Reader, trigger: Trigger, job: Job, uses: Located[str]) -> None:
    if job.secrets == "inherit":
        return
    given = {name.lower() for name in job.secrets}
    for name, declared in trigger.secrets.items():
        if declared.required and name.lower() not in given:
            message = f"Secret {name} is required, but not provided while calling."
            reader.error(uses.span, "call-secret", message, f"Add {name} under `secrets`, or `secrets: inherit`.")
    _check_known(reader, "secret", job.secrets, trigger.secrets)


def _check_known(reader: Reader, kind: str, given: Entries[Text], declared: Mapping[str, object]) -> None:
    known = {name.lower() for name in declared}
    for name, text in given.items():
        if name.lower() not in known:
            message = f"Invalid {kind}, {name} is not defined in the referenced workflow."
            reader.error(text.span, f"call-{kind}", message, suggest(name, declared))
