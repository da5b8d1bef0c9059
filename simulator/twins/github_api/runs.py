"""The API's view of the run itself, of environments and of people, as far as the stand-ins know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import JSONResponse, Response

from simulator.twins.callers import Caller
from simulator.twins.github_api.calls import FORBIDDEN, NOT_FOUND, ApiError, Call, Endpoint, Json, moment, paged
from simulator.twins.github_api.objects import API, Repository, node_id
from simulator.twins.jobs import Jobs, OpenJob
from simulator.twins.records import Clock

_ANYBODY: Final = Caller()
RATE: Final = 1000  # requests an hour that a job's token may make for a repository


class Runs:
    """The routes below /actions/runs, and what is nobody's in particular."""

    def __init__(self, *, jobs: Jobs, repository: Repository, clock: Clock) -> None:
        self._jobs, self._repository, self._clock = jobs, repository, clock
        self._started = moment(clock())

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """What this answers."""
        return (
            Endpoint("GET", "", self._get, scope="metadata", docs="repos/repos#get-a-repository"),
            Endpoint(
                "GET",
                "/actions/runs/{number:id}",
                self._run,
                scope="actions",
                docs="actions/workflow-runs#get-a-workflow-run",
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
