"""One job, from its grant to its outputs: set up, steps, post steps, complete. Runs in a thread of its own."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Final

from simulator.engines.base import LAYOUT, Command, SandboxSpec
from simulator.expressions.language import ExpressionError, Value, render, to_number, truthy
from simulator.planning.model import PlannedJob
from simulator.run_events import Conclusion, GateEvaluated, JobFinished, JobStarted
from simulator.runner.action import ActionUse, Resolver, Uses, carry_out, post_holds, run_post
from simulator.runner.contexts import (
    EVENT_PATH,
    github_context,
    job_github_context,
    oidc_claims,
    workspace,
)
from simulator.runner.log import StepLog
from simulator.runner.masking import Masker
from simulator.runner.model import JobResult, RunSettings, StepResult
from simulator.runner.state import COMMAND_FILES, JobState, typed
from simulator.runner.step import StepError, StepRun, condition_holds, finish, perform
from simulator.twins.base import JobAccess, JobGrant
from simulator.workflow.model import Step

DEFAULT_MINUTES: Final = 360.0


class JobRunner:
    """Runs one job. `run` may be called once; `cancel` from any thread, before it too."""

    def __init__(self, settings: RunSettings, planned: PlannedJob, resolve: Resolver, masker: Masker) -> None:
        self._settings = settings
        self._planned = planned
        self._resolve = resolve
        self._masker = masker
        self._cancelled = False
        self._state: JobState | None = None

    def cancel(self) -> None:
        """Cancel the job as GitHub does: running steps end, steps with always() and post steps still run."""
        self._cancelled = True
        if self._state is not None:
            self._state.cancel()

    def run(self, needs: Mapping[str, Value]) -> JobResult:
        """Carry out the job, whose condition holds. Raises SimulatorError when pysim itself cannot."""
        settings, planned = self._settings, self._planned
        variables: Mapping[str, str] = {}
        environment = planned.environment
        if environment is not None:
            gate = settings.gate(environment)
            settings.emit(
                GateEvaluated(job_id=planned.key, environment=environment, allowed=gate.allowed, reason=gate.reason)
            )
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
        github = self._server_context()
        return JobGrant(
            job_id=planned.key,
            id_token=planned.permissions.get("id-token") == "write",
            claims=oidc_claims(github, settings.identity, planned),
        )

    def _environment_secrets(self) -> Mapping[str, str]:
        name = (self._planned.environment or "").casefold()  # GitHub compares environments so
        groups = self._settings.environment_secrets.items()
        return next((group for given, group in groups if given.casefold() == name), {})

    def _server_context(self) -> dict[str, Value]:
        settings = self._settings
        plan = settings.plan
        return github_context(plan.workflow, plan.event, settings.identity, number=settings.number)

    def _in_sandbox(self, access: JobAccess, needs: Mapping[str, Value], variables: Mapping[str, str]) -> JobResult:
        settings, planned = self._settings, self._planned
        token = f"ghs_{secrets.token_hex(18)}"
        self._masker.add(token)
        folder = workspace(settings.identity)
        github = job_github_context(self._server_context(), planned.job.id, token, folder)
        state = JobState(settings, planned, github, needs, access, self._masker)
        state.admit(variables, self._environment_secrets())
        self._state = state
        if self._cancelled:
            state.cancel()
        spec = SandboxSpec(
            run_id=settings.run_id,
            job_id=planned.key,
            gateway=access.gateway,
            ca_bundle=settings.twins.ca_bundle,
            ports=settings.twins.ports,
            mounts=settings.mounts,
            environment=settings.sandbox_environment,
        )
        with settings.engine.open(spec) as sandbox:
            state.enter(sandbox)
            return self._steps(state)

    def _steps(self, state: JobState) -> JobResult:
        uses = Uses(state, self._resolve)
        if self._set_up(state, uses):
            for step in self._planned.job.steps:
                self._step(state, uses, step)
            for use in reversed(uses.posts):
                self._post(state, use)
        return self._complete(state)

    # ---- set up

    def _set_up(self, state: JobState, uses: Uses) -> bool:
        number, log = state.start_step("Set up job", None)
        try:
            self._prepare(state, log)
            for step in self._planned.job.steps:
                if step.uses is not None and not step.uses.value.startswith("./"):
                    log.write(f"Download action repository '{step.uses.value}'")
                    uses.use(step, state.frame)
            ready = True
        except (StepError, ExpressionError) as error:
            log.error(str(error))
            ready = False
        conclusion = Conclusion.SUCCESS if ready else Conclusion.FAILURE
        finish(state, state.frame, None, number, StepResult(outcome=conclusion, conclusion=conclusion), None)
        return ready

    def _prepare(self, state: JobState, log: StepLog) -> None:
        settings, planned = self._settings, self._planned
        sandbox = state.sandbox
        log.write(f"Runner: pysim on {settings.engine.name}, image {settings.engine.image}")
        log.write("GITHUB_TOKEN Permissions", "group")
        for scope, access in sorted(planned.permissions.items()):
            log.write(f"{scope}: {access}")
        log.write("", "endgroup")
        event = json.dumps(settings.plan.event.payload, indent=2, ensure_ascii=False)
        sandbox.write(EVENT_PATH, event.encode())
        folders = (str(state.folder), str(COMMAND_FILES), str(LAYOUT.actions))
        made = sandbox.run(Command(argv=("mkdir", "-p", *folders), cwd=LAYOUT.home, env=sandbox.environment), log.write)
        if not made.ok:
            raise StepError(f"The folders of the job could not be made: {', '.join(folders)}")
        workflow_env = state.render_all(settings.plan.workflow.env, state.scope(state.frame))
        state.env.update(workflow_env)
        state.env.update(state.render_all(planned.job.env, state.scope(state.frame)))
        minutes = DEFAULT_MINUTES
        if planned.job.timeout_minutes is not None:
            minutes = to_number(typed(planned.job.timeout_minutes.template, state.scope(state.frame)))
        state.deadline = settings.clock() + minutes * 60

    # ---- steps

    def _step(self, state: JobState, uses: Uses, step: Step) -> None:
        frame = state.frame
        skipped = StepResult(outcome=Conclusion.SKIPPED, conclusion=Conclusion.SKIPPED)
        failed = StepResult(outcome=Conclusion.FAILURE, conclusion=Conclusion.FAILURE)
        number, log = state.start_step(_name(state, step), step)
        code: int | None = None

        def body(run: StepRun) -> bool:
            nonlocal code
            try:
                return carry_out(run, uses)
            finally:
                code = run.exit_code

        try:
            result = perform(state, frame, step, number, log, body) if condition_holds(state, frame, step) else skipped
        except ExpressionError as error:
            log.error(str(error))
            result = failed
        finish(state, frame, step, number, result, code)

    def _post(self, state: JobState, use: ActionUse) -> None:
        try:
            if not post_holds(state, use):
                return
        except ExpressionError:
            return
        number, log = state.start_step(f"Post {_name(state, use.step)}", use.step)
        result = perform(state, state.frame, use.step, number, log, lambda run: run_post(use, run))
        finish(state, state.frame, None, number, result, None)

    # ---- complete

    def _complete(self, state: JobState) -> JobResult:
        number, log = state.start_step("Complete job", None)
        outputs = self._outputs(state, log)
        url = self._environment_url(state, log)
        done = StepResult(outcome=Conclusion.SUCCESS, conclusion=Conclusion.SUCCESS)
        finish(state, state.frame, None, number, done, None)
        conclusion = state.status
        if conclusion is Conclusion.FAILURE and self._forgiven(state):
            conclusion = Conclusion.SUCCESS
        return self._ended(conclusion, outputs=outputs, url=url)

    def _outputs(self, state: JobState, log: StepLog) -> dict[str, str]:
        outputs: dict[str, str] = {}
        scope = state.scope(state.frame)
        for name, text in self._planned.job.outputs.items():
            try:
                value = render(text.template, scope)
            except ExpressionError as error:
                log.error(str(error))
                continue
            if self._masker.holds(value):
                log.annotate("warning", f"Skip output '{name}' since it may contain secret.")
            elif value:
                outputs[name] = value
        return outputs

    def _environment_url(self, state: JobState, log: StepLog) -> str | None:
        environment = self._planned.job.environment
        if environment is None or environment.url is None:
            return None
        try:
            return render(environment.url.template, state.scope(state.frame)) or None
        except ExpressionError as error:
            log.annotate("warning", str(error))
            return None

    def _forgiven(self, state: JobState) -> bool:
        given = self._planned.job.continue_on_error
        return given is not None and truthy(typed(given.template, state.scope(state.frame)))

    def _ended(
        self,
        conclusion: Conclusion,
        *,
        outputs: Mapping[str, str] | None = None,
        url: str | None = None,
        reason: str | None = None,
        refused: bool = False,
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
        return JobResult(
            key=planned.key,
            job_id=planned.job.id,
            conclusion=conclusion,
            outputs=dict(outputs or {}),
            refused=refused,
        )


def _name(state: JobState, step: Step) -> str:
    """What GitHub calls a step in its list."""
    if step.name is not None:
        try:
            return render(step.name.template, state.scope(state.frame))
        except ExpressionError:
            return step.name.source
    if step.uses is not None:
        return f"Run {step.uses.value}"
    assert step.run is not None
    return f"Run {step.run.source.strip().splitlines()[0]}" if step.run.source.strip() else "Run"
