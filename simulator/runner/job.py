"""One job, from its grant to its outputs: set up, steps, post steps, complete. Runs in a thread of its own."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from simulator.actions.reference import is_local
from simulator.engines.base import LAYOUT, Command, Fetch, NewFile, SandboxSpec
from simulator.errors import EngineError
from simulator.expressions.language import ExpressionError, Value, render
from simulator.planning.model import PlannedJob
from simulator.planning.tools import UPLOAD_ARTIFACT, action_name
from simulator.run_events import Conclusion, GateEvaluated, JobFinished, JobStarted, Notice, TwinRequest
from simulator.runner.action import Resolver, Uses, carry_out, run_part
from simulator.runner.attested import GH, VERIFIED, gh_script, verifies_attestations
from simulator.runner.background import Background
from simulator.runner.container_paths import HOME
from simulator.runner.containers import JobContainers
from simulator.runner.contexts import (
    EVENT_PATH,
    job_github_context,
    oidc_claims,
    workspace,
)
from simulator.runner.lifetime import GRACE, JobLife
from simulator.runner.log import StepLog
from simulator.runner.masking import Masker
from simulator.runner.model import Absent, JobResult, RunSettings, StepResult
from simulator.runner.state import COMMAND_FILES, DEFAULT_MINUTES, JobState, render_all
from simulator.runner.step import Body, StepError, StepRun, begin, perform
from simulator.runner.values import boolean, minutes
from simulator.twins.base import JobAccess, JobGrant
from simulator.workflow.model import Text

LARGEST_OUTPUT: Final = 1024 * 1024  # bytes of UTF-16, as GitHub counts


class JobRunner:
    """Runs one job. `run` may be called once; `cancel` and `abandon` from any thread, before it too."""

    def __init__(self, settings: RunSettings, planned: PlannedJob, resolve: Resolver, masker: Masker) -> None:
        self._settings = settings
        self._planned = planned
        self._resolve = resolve
        self._masker = masker.child(planned.key)
        self._token = f"ghs_{secrets.token_hex(18)}"
        self._life = JobLife(settings.clock)
        self._forgiving = False
        self._why: str | None = None

    def cancel(self, reason: str | None = None) -> None:
        """Cancel the job as GitHub does: running steps end, steps with always() and post steps still run."""
        self._why = self._why or reason
        self._life.cancel()

    def abandon(self) -> None:
        """End the job at once: the run itself cannot go on."""
        self._life.abandon()

    def run(self, needs: Mapping[str, Value]) -> JobResult:
        """Carry out the job, whose condition holds. Raises SimulatorError when pysim itself cannot."""
        settings, planned = self._settings, self._planned
        if self._life.cancelled:
            reason = self._why or "the job was cancelled before it began"
            return self._ended(Conclusion.CANCELLED, reason=reason)
        variables: Mapping[str, str] = {}
        environment = planned.environment
        if environment is not None:
            gate = settings.gate(environment, self._life.pause)
            if self._life.cancelled:
                reason = self._why or f"the job was cancelled before it entered {environment}"
                return self._ended(Conclusion.CANCELLED, reason=reason)
            settings.emit(
                GateEvaluated(
                    job_id=planned.key,
                    environment=environment,
                    allowed=gate.allowed,
                    reason=gate.reason,
                    paused=gate.paused,
                    url=gate.url,
                )
            )
            if gate.paused:
                return self._ended(Conclusion.SKIPPED, reason=gate.reason, absent="paused")
            if not gate.allowed:
                return self._ended(Conclusion.FAILURE, reason=gate.reason, refused=True)
            variables = gate.variables
        settings.emit(JobStarted(job_id=planned.key, at=settings.clock()))
        access = settings.twins.open_job(self._grant())
        try:
            for secret in access.secrets:
                self._masker.add(secret)
            return self._in_sandbox(access, needs, variables)
        finally:
            settings.twins.close_job(planned.key)

    def _grant(self) -> JobGrant:
        settings, planned = self._settings, self._planned
        return JobGrant(
            job_id=planned.key,
            id_token=planned.permissions.get("id-token") == "write",
            claims=oidc_claims(settings.github, settings.identity, settings.plan, planned),
            token=self._token,
            permissions=planned.permissions,
            at_most=planned.at_most,
        )

    def _environment_secrets(self) -> Mapping[str, str]:
        name = (self._planned.environment or "").casefold()  # GitHub compares environments so
        groups = self._settings.environment_secrets.items()
        return next((group for given, group in groups if given.casefold() == name), {})

    def _in_sandbox(self, access: JobAccess, needs: Mapping[str, Value], variables: Mapping[str, str]) -> JobResult:
        settings, planned = self._settings, self._planned
        self._masker.add(self._token)
        folder = workspace(settings.identity)
        github = job_github_context(settings.github, planned.job.id, self._token, folder)
        state = JobState(settings, planned, github, needs, access, self._masker, self._life)
        state.admit(variables, self._environment_secrets())
        spec = SandboxSpec(
            run_id=settings.run_id,
            job_id=planned.key,
            gateway=access.gateway,
            ca_bundle=settings.twins.ca_bundle,
            ports=settings.twins.ports,
            mounts=settings.mounts,
            environment=settings.sandbox_environment,
            images=settings.images,
            offline=settings.offline,
            for_container=self._in_container(state),
            keeps_tools=any("/setup-" in step.uses.value for step in planned.job.steps if step.uses is not None),
            on_fetch=self._record_fetch,
        )
        with settings.engine.open(spec) as sandbox, self._life.within(sandbox):
            state.enter(sandbox)
            return self._steps(state)

    def _record_fetch(self, fetch: Fetch) -> None:
        """Say that the daemon fetched something for the job, as it is said of what goes through the gateway."""
        self._settings.twins.record(
            TwinRequest(
                job_id=self._planned.key,
                twin="outside",
                method="GET",
                host=self._masker.mask(fetch.host),
                path=self._masker.mask(fetch.path),
                status=fetch.status,
            )
        )

    @staticmethod
    def _in_container(state: JobState) -> bool:
        try:
            return state.in_container
        except ExpressionError:
            return True  # as its first step will say

    def _steps(self, state: JobState) -> JobResult:
        uses = Uses(state, self._resolve)
        if not self._set_up(state, uses):
            return self._ended(self._forgive(Conclusion.FAILURE))
        self._get_images(state, uses)
        containers = JobContainers(state)
        if containers.wanted and state.status is Conclusion.SUCCESS:
            self._own_step(state, "Initialize containers", containers.initialize)
        for use, run in uses.begin_pre_parts():
            _carry_through(run, partial(run_part, use=use, uses=uses))
        with Background(state, uses) as background:
            for step in self._planned.job.all_steps:
                if step.control is not None:
                    background.steer(step)
                elif step.background:
                    background.start(step)
                else:
                    _carry_through(begin(state, step), partial(carry_out, uses=uses))
            background.finish()
        for use, run in uses.begin_post_parts():
            _carry_through(run, partial(run_part, use=use, uses=uses))
        if containers.wanted:
            self._own_step(state, "Stop containers", containers.stop)
        return self._complete(state)

    # ---- set up

    def _set_up(self, state: JobState, uses: Uses) -> bool:
        log = state.start_step("Set up job")
        conclusion = Conclusion.SUCCESS
        try:
            self._prepare(state, log)
            for step in self._planned.job.all_steps:
                if step.uses is not None and not is_local(step.uses.value):
                    uses.prepare(step, log.write)
        except (StepError, ExpressionError) as error:
            log.error(str(error))
            conclusion = Conclusion.FAILURE
        state.finish_step(log, StepResult(outcome=conclusion, conclusion=conclusion))
        return conclusion is Conclusion.SUCCESS

    def _prepare(self, state: JobState, log: StepLog) -> None:
        settings, planned = self._settings, self._planned
        if planned.job.continue_on_error is not None:  # first, so that it counts for all that follows
            self._forgiving = state.may_fail = boolean(planned.job.continue_on_error, state.scope())
        log.write(f"Runner: pysim on {settings.engine.name}, image {settings.engine.image}")
        if settings.engine.no_containers is not None:
            log.write(f"Docker is not there for steps: {settings.engine.no_containers}")
        log.write("GITHUB_TOKEN Permissions", "group")
        for scope, access in sorted(planned.permissions.items()):
            log.write(f"{scope}: {access}")
        log.write("", "endgroup")
        self._lay_out(state, log)
        if any(map(verifies_attestations, planned.job.all_steps)):
            state.sandbox.write(GH, gh_script(), mode=0o755)
            settings.emit(Notice(message=VERIFIED))
        for texts, origin in ((settings.plan.workflow.env, "the workflow"), (planned.job.env, "the job")):
            for name, value in render_all(texts, state.scope()).items():
                state.set_variable(name, value, origin)
        defaults = (planned.job.defaults, settings.plan.workflow.defaults)
        state.shell = _default(state, [given.shell for given in defaults])
        state.working_directory = _default(state, [given.working_directory for given in defaults])
        job = planned.job
        if job.timeout_minutes is not None:
            state.minutes = minutes(job.timeout_minutes, state.scope()) or DEFAULT_MINUTES
        grace = job.cancel_timeout_minutes
        self._life.limit(state.minutes * 60, GRACE if grace is None else minutes(grace, state.scope()) * 60)

    def _lay_out(self, state: JobState, log: StepLog) -> None:
        sandbox = state.sandbox
        event = json.dumps(self._settings.plan.event.payload, indent=2, ensure_ascii=False)
        folders = (str(state.folder), str(COMMAND_FILES), str(LAYOUT.actions), str(HOME))
        files = {EVENT_PATH: NewFile(content=event.encode("utf-8", "replace"))}
        made = sandbox.run(
            Command(argv=("mkdir", "-p", *folders), cwd=LAYOUT.home, env=sandbox.environment, files=files), log.write
        )
        if not made.ok:
            raise EngineError(
                f"The folders of job {self._planned.key} could not be made: {', '.join(folders)}",
                hint="The log of its first step says why.",
            )

    def _get_images(self, state: JobState, uses: Uses) -> None:
        """The steps that pull and build what Docker actions are; the first that fails is the last."""
        for name, get in uses.image_steps():
            if state.status is not Conclusion.SUCCESS:
                return
            self._own_step(state, name, lambda log, get=get: get(log.write))  # type: ignore[misc]

    def _own_step(self, state: JobState, name: str, work: Callable[[StepLog], object]) -> None:
        """A step of the runner's own, which fails the job when it fails."""
        log = state.start_step(name)
        conclusion = Conclusion.SUCCESS
        try:
            work(log)
        except (StepError, ExpressionError) as error:
            log.error(str(error))
            conclusion = Conclusion.FAILURE
        state.frame.merge(conclusion)
        state.finish_step(log, StepResult(outcome=conclusion, conclusion=conclusion))

    # ---- complete

    def _complete(self, state: JobState) -> JobResult:
        log = state.start_step("Complete job")
        outputs = self._outputs(state, log)
        url = self._environment_url(state, log)
        log.write("Cleaning up orphan processes")
        for pid, name in state.sandbox.end_orphans(state.tracking):
            log.write(f"Terminate orphan process: pid ({pid}) ({name})")
        conclusion = Conclusion.FAILURE if log.failed else Conclusion.SUCCESS
        state.frame.merge(conclusion)
        state.finish_step(log, StepResult(outcome=conclusion, conclusion=conclusion))
        reason = state.overdue if self._life.expired else self._why
        return self._ended(self._forgive(state.status), outputs=outputs, url=url, reason=reason)

    def _outputs(self, state: JobState, log: StepLog) -> dict[str, str]:
        """The job's outputs; empty ones and those that hold a secret are left out."""
        if self._planned.job.outputs:
            log.write("Evaluate and set job outputs")
        try:
            outputs = render_all(self._planned.job.outputs, state.scope())
        except ExpressionError as error:
            log.fail("Fail to evaluate job outputs", str(error))
            return {}
        for name, value in outputs.items():
            if (size := len(value.encode("utf-16-le", "replace"))) > LARGEST_OUTPUT:
                log.fail(f"The output '{name}' of the job is too large: {size} bytes. GitHub takes 1 MB of each.")
            if state.masker.holds(value):
                log.annotate("warning", f"Skip output '{name}' since it may contain secret.")
        kept = {name: value for name, value in outputs.items() if value and not state.masker.holds(value)}
        for name in kept:
            log.write(f"Set output '{name}'")
        return kept

    def _environment_url(self, state: JobState, log: StepLog) -> str | None:
        environment = self._planned.job.environment
        if environment is None or environment.url is None:
            return None
        log.write("Evaluate and set environment url")
        try:
            url = render(environment.url.template, state.scope())
        except ExpressionError as error:
            log.fail("Failed to evaluate environment url", str(error))
            return None
        if state.masker.holds(url):
            name = self._planned.environment
            log.annotate("warning", f"Skip setting environment url as environment '{name}' may contain secret.")
            return None
        log.write(f"Evaluated environment url: {url}")
        return url or None

    def _forgive(self, conclusion: Conclusion) -> Conclusion:
        """A failed job that may fail ends well."""
        return Conclusion.SUCCESS if conclusion is Conclusion.FAILURE and self._forgiving else conclusion

    def _ended(
        self,
        conclusion: Conclusion,
        *,
        outputs: Mapping[str, str] | None = None,
        url: str | None = None,
        reason: str | None = None,
        refused: bool = False,
        absent: Absent | None = None,
    ) -> JobResult:
        settings, planned = self._settings, self._planned
        settings.emit(
            JobFinished(
                job_id=planned.key,
                conclusion=conclusion,
                at=settings.clock(),
                outputs=dict(outputs or {}),
                environment_url=url,
                reason=reason,
            )
        )
        given = dict(outputs or {})
        return JobResult(planned=planned, conclusion=conclusion, outputs=given, refused=refused, absent=absent)


def _carry_through(run: StepRun, body: Body) -> None:
    """Carry out a step of the job's list to its end."""
    job, result = run.job, perform(run, body)
    if run.stage == "main":
        job.frame.record(run.step, result)
    else:
        job.frame.merge(result.conclusion)
    if _needs_listing(run, result) and not job.life.cancelled:
        with contextlib.suppress(EngineError):
            job.list_files(run.log.number)
    job.finish_step(run.log, result, run.exit_code)


def _needs_listing(run: StepRun, result: StepResult) -> bool:
    """Whether one may ask behind a step where its files are: it failed, or uploads an artifact."""
    uploads = run.step.uses is not None and action_name(run.step.uses.value) == UPLOAD_ARTIFACT
    return result.outcome is Conclusion.FAILURE or (uploads and run.stage == "main")


def _default(state: JobState, given: list[Text | None]) -> str | None:
    """The first of some defaults that is not empty."""
    rendered = (render(text.template, state.scope()) for text in given if text is not None)
    return next(filter(None, rendered), None)
