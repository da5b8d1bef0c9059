"""The API's view of the run itself, of environments and of people, as far as the stand-ins know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import JSONResponse, Response

from simulator.twins.callers import Caller
from simulator.twins.github_api.calls import FORBIDDEN, NOT_FOUND, ApiError, Call, Endpoint, Json, moment, paged
from simulator.twins.github_api.objects import API, Repository, node_id
from simulator.twins.job_log import JobLog, LoggedJob, LoggedStep
from simulator.twins.jobs import Jobs, OpenJob
from simulator.twins.records import Clock

_ANYBODY: Final = Caller()
_RUN: Final = "/actions/runs/{number:id}"
_JOB_DOCS: Final = "actions/workflow-jobs"
FIRST_JOB: Final = 400_000_000  # ids as long as GitHub's
RATE: Final = 1000  # requests an hour that a job's token may make for a repository


class Runs:
    """The routes below /actions/runs, and what is nobody's in particular."""

    def __init__(self, *, jobs: Jobs, log: JobLog, repository: Repository, clock: Clock) -> None:
        self._jobs, self._log, self._repository, self._clock = jobs, log, repository, clock
        self._started = moment(clock())

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        return (
            Endpoint("GET", "", self._get, scope="metadata", docs="repos/repos#get-a-repository"),
            Endpoint(
                "GET",
                _RUN,
                self._run,
                scope="actions",
                docs="actions/workflow-runs#get-a-workflow-run",
            ),
            *(
                Endpoint("GET", f"{_RUN}{route}", self._run_jobs, scope="actions", docs=f"{_JOB_DOCS}#{page}")
                for route, page in (
                    ("/jobs", "list-jobs-for-a-workflow-run"),
                    ("/attempts/{attempt:id}/jobs", "list-jobs-for-a-workflow-run-attempt"),
                )
            ),
            Endpoint(
                "GET",
                "/actions/jobs/{number:id}",
                self._job,
                scope="actions",
                docs=f"{_JOB_DOCS}#get-a-job-for-a-workflow-run",
            ),
            Endpoint(
                "GET",
                "/environments",
                self._environments,
                scope="actions",
                docs="deployments/environments#list-environments",
            ),
            Endpoint(
                "GET",
                "/environments/{name}",
                self._environment,
                scope="actions",
                docs="deployments/environments#get-an-environment",
            ),
            Endpoint("GET", "//user", self._me, scope="metadata", docs="users/users#get-the-authenticated-user"),
            Endpoint("GET", "//rate_limit", self._rate, scope="metadata", docs="rate-limit/rate-limit"),
            Endpoint("GET", "//", self._index, scope="metadata", docs="meta/meta#github-api-root"),
        )

    async def _get(self, call: Call) -> Response:
        return JSONResponse(self._repository.shown(caller=call.caller))

    async def _run(self, call: Call) -> Response:
        number = str(call.number("number"))
        job = next((job for job in self._jobs.open_jobs() if job.workflow_run == number), None)
        if job is None:
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(self._shown_run(job))

    def _shown_run(self, job: OpenJob) -> Json:
        """A run that a job of it asks about: it is under way."""
        claims, url = job.grant.claims, f"{self._repository.url}/actions/runs/{job.workflow_run}"
        facts, shown = self._repository.facts, self._repository.shown(caller=_ANYBODY)
        actor = self._repository.users[facts.actor.lower()]
        ref, path = claims.get("ref", ""), claims.get("workflow_ref", "").partition("@")[0]
        return {
            "id": int(job.workflow_run),
            "name": claims.get("workflow"),
            "node_id": node_id("WorkflowRun", job.workflow_run),
            "head_branch": ref.split("/", 2)[-1],
            "head_sha": claims.get("sha"),
            "path": path.split("/", 2)[-1],
            "display_title": claims.get("workflow"),
            "run_number": int(claims.get("run_number", "1")),
            "run_attempt": int(claims.get("run_attempt", "1")),
            "event": claims.get("event_name"),
            "status": "in_progress",
            "conclusion": None,
            "url": url,
            "html_url": f"{self._repository.page}/actions/runs/{job.workflow_run}",
            "pull_requests": [],
            "created_at": self._started,
            "updated_at": moment(self._clock()),
            "run_started_at": self._started,
            "actor": actor,
            "triggering_actor": actor,
            "jobs_url": f"{url}/jobs",
            "logs_url": f"{url}/logs",
            "artifacts_url": f"{url}/artifacts",
            "repository": shown,
            "head_repository": shown,
        }

    async def _run_jobs(self, call: Call) -> Response:
        """Those that began: GitHub makes a job when what it needs has ended, so later ones are not there either."""
        run = str(call.number("number"))
        asking = next((job for job in self._jobs.open_jobs() if job.workflow_run == run), None)
        if asking is None:
            raise ApiError(404, NOT_FOUND)
        return paged(call, self._jobs_of(asking), key="jobs")

    async def _job(self, call: Call) -> Response:
        of_open_runs = {job.workflow_run: job for job in self._jobs.open_jobs()}
        shown = [each for job in of_open_runs.values() for each in self._jobs_of(job)]
        found = next((each for each in shown if each["id"] == call.number("number")), None)
        if found is None:
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(found)

    def _jobs_of(self, asking: OpenJob) -> list[Json]:
        run, claims = asking.workflow_run, asking.grant.claims
        return [
            self._shown_job(FIRST_JOB + at, job_id, logged, run, claims)
            for at, (job_id, logged) in enumerate(self._log.jobs().items())
            if self._jobs.run_of(job_id) == run
        ]

    def _shown_job(self, number: int, job_id: str, job: LoggedJob, run: str, claims: Mapping[str, str]) -> Json:
        """`claims` are those of any job of the run."""
        page = f"{self._repository.page}/actions/runs/{run}/job/{number}"
        return {
            "id": number,
            "run_id": int(run),
            "run_url": f"{self._repository.url}/actions/runs/{run}",
            "run_attempt": int(claims.get("run_attempt", "1")),
            "node_id": node_id("CheckRun", number),
            "head_sha": claims.get("sha"),
            "head_branch": claims.get("ref", "").split("/", 2)[-1],
            "workflow_name": claims.get("workflow"),
            "url": f"{self._repository.url}/actions/jobs/{number}",
            "html_url": page,
            "check_run_url": f"{self._repository.url}/check-runs/{number}",
            "name": self._repository.facts.jobs.get(job_id, job_id),
            "labels": ["ubuntu-latest"],
            "runner_name": "GitHub Actions",
            "created_at": moment(job.started),
            **_progress(job),
            "steps": [{"name": step.name, "number": step.number, **_progress(step)} for step in job.steps.values()],
        }

    async def _environments(self, call: Call) -> Response:
        return paged(call, [self._shown(name) for name in self._repository.facts.environments], key="environments")

    async def _environment(self, call: Call) -> Response:
        wanted = call.part("name").casefold()
        name = next((name for name in self._repository.facts.environments if name.casefold() == wanted), None)
        if name is None:
            raise ApiError(404, NOT_FOUND)
        return JSONResponse(self._shown(name))

    def _shown(self, name: str) -> Json:
        return {
            "name": name,
            "node_id": node_id("Environment", name),
            "url": f"{self._repository.url}/environments/{name}",
            "html_url": f"{self._repository.page}/deployments/activity_log?environments_filter={name}",
        }

    async def _me(self, call: Call) -> Response:
        """A job's token is no person's."""
        if not call.caller.known:
            raise ApiError(401, "Requires authentication")
        if not call.caller.user:
            raise ApiError(403, FORBIDDEN)
        return JSONResponse(self._repository.acting(call.caller))

    async def _rate(self, _call: Call) -> Response:
        reset = int(self._clock()) + 3600
        full = {"limit": RATE, "used": 0, "remaining": RATE, "reset": reset}
        return JSONResponse({"resources": {"core": full, "graphql": full, "search": full}, "rate": full})

    async def _index(self, _call: Call) -> Response:
        return JSONResponse(
            {
                "current_user_url": f"{API}/user",
                "rate_limit_url": f"{API}/rate_limit",
                "repository_url": f"{API}/repos/{{owner}}/{{repo}}",
                "user_url": f"{API}/users/{{user}}",
            }
        )


def _progress(done: LoggedJob | LoggedStep) -> Json:
    return {
        "status": "in_progress" if done.completed is None else "completed",
        "conclusion": done.conclusion and str(done.conclusion),
        "started_at": moment(done.started),
        "completed_at": None if done.completed is None else moment(done.completed),
    }
