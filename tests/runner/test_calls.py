"""Jobs that call a workflow: what it gets, what it gives back, and how its jobs appear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from simulator.run_events import JobPlanned
from tests.runner.driving import Ran, World

HEAD = "name: Release\non: push\nenv: {OUTER: outer}\njobs:\n"
STEP = "runs-on: ubuntu-latest, steps: [{run: '%s'}]"


def call(name: str = "x", *, more: str = "", file: str = "./.github/workflows/b.yml") -> str:
    return f"  {name}: {{uses: {file}{more and ', ' + more}}}\n"


def job(name: str, *lines: str, more: str = "") -> str:
    script = "\\n".join(lines or ("say x",))
    return f'  {name}: {{runs-on: ubuntu-latest, {more and more + ", "}steps: [{{run: "{script}"}}]}}\n'


def called(jobs: str, *, inputs: str = "{}", secrets: str = "{}", outputs: str = "{}", head: str = "") -> str:
    on = f"on: {{workflow_call: {{inputs: {inputs}, secrets: {secrets}, outputs: {outputs}}}}}"
    return f"{on}\n{head}\njobs:\n{jobs}"


def giving(name: str = "a", value: str = "1", *, more: str = "") -> str:
    """A job with the output `out`."""
    return (
        f"  {name}: {{runs-on: ubuntu-latest, {more and more + ', '}outputs: {{out: '${{{{ steps.s.outputs.v }}}}'}}, "
        f"steps: [{{id: s, run: 'output v={value}'}}]}}\n"
    )


@dataclass(frozen=True, kw_only=True)
class Calls:
    """The jobs of a file and the files that it calls, how the jobs end and what they print."""

    jobs: str
    called: Mapping[str, str]
    ends: Mapping[str, str]
    says: Mapping[str, list[str]] = field(default_factory=dict)
    world: Mapping[str, Any] = field(default_factory=dict)

    def run(self) -> Ran:
        return World(called=self.called, **self.world).run(HEAD + self.jobs)


TYPES = "{text: {type: string}, flag: {type: boolean}, count: {type: number}}"
SHOW_TYPES = (
    "say [${{ inputs.text }}] ${{ inputs.flag }} ${{ inputs.count }}",
    "say ${{ inputs.flag == false }} ${{ inputs.count == 0 }}",
)
CASES = {
    "its jobs are behind the caller's name": Calls(
        jobs=call() + job("last", "say ${{ needs.x.result }}", more="needs: x"),
        called={"b.yml": called(job("a") + job("c", more="needs: a"))},
        ends={"x / a": "success", "x / c": "success", "last": "success"},
        says={"last": ["success"]},
    ),
    "inputs by their types, and what they are without a value": Calls(
        jobs=call() + call("y", more="with: {Text: '${{ github.ref_name }}', flag: true, count: 2.5}"),
        called={"b.yml": called(job("a", *SHOW_TYPES), inputs=TYPES)},
        ends={"x / a": "success", "y / a": "success"},
        says={"x / a": ["[] false 0", "true true"], "y / a": ["[v1] true 2.5", "false false"]},
    ),
    "defaults, also computed ones": Calls(
        jobs=call(),
        called={
            "b.yml": called(
                job("a", "say ${{ inputs.plain }} ${{ inputs.made }}"),
                inputs="{plain: {type: string, default: p}, made: {type: string, default: '${{ github.ref_type }}'}}",
            )
        },
        ends={"x / a": "success"},
        says={"x / a": ["p tag"]},
    ),
    "the caller's own inputs are not those of the called": Calls(
        jobs=call(),
        called={"b.yml": called(job("a", "say [${{ inputs.level }}] ${{ github.event_name }}"))},
        ends={"x / a": "success"},
        says={"x / a": ["[] push"]},
    ),
    "an input from the output of a job before": Calls(
        jobs=giving("first", "made") + call(more="needs: first, with: {text: '${{ needs.first.outputs.out }}'}"),
        called={"b.yml": called(job("a", "say ${{ inputs.text }}"), inputs=TYPES)},
        ends={"first": "success", "x / a": "success"},
        says={"x / a": ["made"]},
    ),
    "text for a flag fails the call": Calls(
        jobs=giving("first", "true") + call(more="needs: first, with: {flag: '${{ needs.first.outputs.out }}'}"),
        called={"b.yml": called(job("a", "say never"), inputs=TYPES)},
        ends={"first": "success", "x": "failure"},
    ),
    "secrets that are handed on, empty ones left out": Calls(
        jobs=call(more="secrets: {one: '${{ secrets.A }}', two: '${{ secrets.GONE }}', me: '${{ github.ref_name }}'}"),
        called={
            "b.yml": called(
                job("a", "say ${{ secrets.one == 'aa-secret' }} [${{ secrets.two }}] [${{ secrets.A }}]"),
                secrets="{one: {required: true}, two: , me: }",
            )
        },
        world={"secrets": {"A": "aa-secret", "B": "bb-secret"}},
        ends={"x / a": "success"},
        says={"x / a": ["true [] []"]},
    ),
    "secrets that are inherited, through a file between": Calls(
        jobs=call(more="secrets: inherit"),
        called={
            "b.yml": called(call("y", more="secrets: inherit", file="./.github/workflows/c.yml")),
            "c.yml": called(job("a", "say ${{ secrets.B == 'bb-secret' }}")),
        },
        world={"secrets": {"A": "aa-secret", "B": "bb-secret"}},
        ends={"x / y / a": "success"},
        says={"x / y / a": ["true"]},
    ),
    "an environment adds its secrets to inherited ones": Calls(
        jobs=call(more="secrets: inherit"),
        called={"b.yml": called(job("a", "say ${{ secrets.E == 'ee-secret' }}", more="environment: pypi"))},
        world={"environment_secrets": {"PyPI": {"E": "ee-secret"}}},
        ends={"x / a": "success"},
        says={"x / a": ["true"]},
    ),
    "and gives others their values alone": Calls(
        jobs=call(more="secrets: {one: '${{ secrets.A }}'}"),
        called={
            "b.yml": called(
                job("a", "say [${{ secrets.E }}] ${{ secrets.one == 'inner' }}", more="environment: pypi"),
                secrets="{one: }",
            )
        },
        world={"secrets": {"A": "aa"}, "environment_secrets": {"pypi": {"E": "ee-secret", "ONE": "inner"}}},
        ends={"x / a": "success"},
        says={"x / a": ["[] true"]},
    ),
    "without a word no secret is handed on, but the token is there": Calls(
        jobs=call(),
        called={"b.yml": called(job("a", "say [${{ secrets.A }}] ${{ secrets.GITHUB_TOKEN == github.token }}"))},
        world={"secrets": {"A": "aa-secret"}},
        ends={"x / a": "success"},
        says={"x / a": ["[] true"]},
    ),
    "the token as a secret is the one of the job that uses it": Calls(
        jobs=call(more="secrets: {token: '${{ secrets.GITHUB_TOKEN }}'}"),
        called={"b.yml": called(job("a", "say ${{ secrets.token == github.token }}"), secrets="{token: }")},
        ends={"x / a": "success"},
        says={"x / a": ["true"]},
    ),
    "the caller's env is not there": Calls(
        jobs=call(),
        called={"b.yml": called(job("a", "say [${{ env.OUTER }}] ${{ env.INNER }}"), head="env: {INNER: inner}")},
        ends={"x / a": "success"},
        says={"x / a": ["[] inner"]},
    ),
    "outputs": Calls(
        jobs=call() + job("last", "say ${{ needs.x.outputs.given }} [${{ needs.x.outputs.none }}]", more="needs: x"),
        called={
            "b.yml": called(
                giving("a", "7"),
                outputs="{given: {value: '${{ jobs.a.outputs.out }}-${{ jobs.a.result }}'}, none: {value: ''}}",
            )
        },
        ends={"x / a": "success", "last": "success"},
        says={"last": ["7-success []"]},
    ),
    "a matrix of callers: the last output that is not empty": Calls(
        jobs=call(more="strategy: {max-parallel: 1, matrix: {v: [one, two, '']}}, with: {text: '${{ matrix.v }}'}")
        + job("last", "say ${{ needs.x.outputs.given }} ${{ needs.x.result }}", more="needs: x"),
        called={
            "b.yml": called(
                giving("a", "${{ inputs.text }}"), inputs=TYPES, outputs="{given: {value: '${{ jobs.a.outputs.out }}'}}"
            )
        },
        ends={"x (one) / a": "success", "x (two) / a": "success", "x / a": "success", "last": "success"},
        says={"last": ["two success"]},
    ),
    "the result of the caller is the worst of its jobs'": Calls(
        jobs=call()
        + job("last", "say ${{ needs.x.result }}", more="needs: x, if: always()")
        + job("no", more="needs: x"),
        called={"b.yml": called(job("a") + job("b", "exit 1") + job("c", more="needs: b"))},
        ends={"x / a": "success", "x / b": "failure", "x / c": "skipped", "last": "success", "no": "skipped"},
        says={"last": ["failure"]},
    ),
    "a caller whose condition does not hold": Calls(
        jobs=call(more="if: github.ref_type == 'branch'") + call("y", more="needs: x"),
        called={"b.yml": called(job("a") + job("b", more="if: always()"))},
        ends={"x": "skipped", "y": "skipped"},
    ),
    "a caller whose condition comes out false": Calls(
        jobs=job("first", "exit 1") + call(more="needs: first"),
        called={"b.yml": called(job("a") + job("b", more="if: always()"))},
        ends={"first": "failure", "x / a": "skipped", "x / b": "skipped"},
    ),
    "a failed caller of a matrix ends the others": Calls(
        jobs=call(more="strategy: {max-parallel: 1, matrix: {code: [1, 0]}}, with: {count: '${{ matrix.code }}'}"),
        called={"b.yml": called(job("a", "exit ${{ inputs.count }}"), inputs=TYPES)},
        ends={"x (1) / a": "failure", "x (0) / a": "cancelled"},
    ),
    "a matrix of callers that is known late": Calls(
        jobs=giving("first", '["p"]')
        + call(more="needs: first, strategy: {matrix: {v: '${{ fromJSON(needs.first.outputs.out) }}'}}"),
        called={"b.yml": called(job("a"))},
        ends={"first": "success", "x (p) / a": "success"},
    ),
    "a matrix inside a matrix": Calls(
        jobs=call(more="strategy: {matrix: {v: [1, 2]}}, with: {text: '${{ matrix.v }}'}"),
        called={
            "b.yml": called(
                job("a", "say ${{ inputs.text }} ${{ matrix.w }}", more="strategy: {matrix: {w: [p]}}"), inputs=TYPES
            )
        },
        ends={"x (1) / a (p)": "success", "x (2) / a (p)": "success"},
        says={"x (2) / a (p)": ["2 p"]},
    ),
    "contexts: the run is the caller's, the file of the job is the called one": Calls(
        jobs=call(),
        called={
            "b.yml": "name: Called\n"
            + called(
                job("a", "say ${{ github.workflow }}", "say ${{ github.workflow_ref }}", "say ${{ job.workflow_ref }}")
            )
        },
        ends={"x / a": "success"},
        says={
            "x / a": [
                "Release",
                "octo/tool/.github/workflows/release.yml@refs/tags/v1",
                "octo/tool/.github/workflows/b.yml@refs/tags/v1",
            ]
        },
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_calls(case: Calls) -> None:
    ran = case.run()
    assert ran.conclusions == case.ends
    assert {name: ran.printed(name) for name in case.says} == case.says


def test_nine_calls_deep() -> None:
    files = {f"{n}.yml": called(call("n", file=f"./.github/workflows/{n + 1}.yml")) for n in range(1, 9)}
    world = World(called={**files, "9.yml": called(job("a", "say deep"))})
    ran = world.run(HEAD + call("n", file="./.github/workflows/1.yml"))
    key = "n / " * 9 + "a"
    assert ran.conclusions == {key: "success"}
    assert ran.printed(key) == ["deep"]


def claims(text: str, files: Mapping[str, str], key: str) -> tuple[bool, Mapping[str, str]]:
    grant = World(called=files).run(text).twins.grants[key]
    return grant.id_token, grant.claims


def test_the_claims_of_a_called_job_name_its_own_file() -> None:
    head = "on: push\npermissions: {id-token: write}\njobs:\n"
    granted, found = claims(head + call(), {"b.yml": called(job("a"))}, "x / a")
    assert granted, "the token of a job that says nothing may do what its caller's may"
    assert found["workflow_ref"] == "octo/tool/.github/workflows/release.yml@refs/tags/v1"
    assert found["job_workflow_ref"] == "octo/tool/.github/workflows/b.yml@refs/tags/v1"
    assert found["job_workflow_sha"] == "c0ffee"


def test_the_claims_of_a_job_of_another_repository() -> None:
    file = "else/where/.github/workflows/b.yml@v9"
    _, found = claims(HEAD + call(file=file), {file: called(job("a"))}, "x / a")
    assert found["job_workflow_ref"] == "else/where/.github/workflows/b.yml@refs/tags/v9"
    assert (found["job_workflow_sha"], found["workflow_sha"]) == ("feed", "c0ffee")
    assert found["repository"] == "octo/tool"


def test_a_called_job_may_do_no_more_than_its_caller() -> None:
    silent = called(job("a"))
    granted, _ = claims(HEAD + call(more="permissions: {contents: read}"), {"b.yml": silent}, "x / a")
    assert not granted
    narrow = called(job("a", more="permissions: {contents: read}"))
    granted, _ = claims(HEAD + call(more="permissions: {contents: read, id-token: write}"), {"b.yml": narrow}, "x / a")
    assert not granted


def test_what_is_handed_on_is_masked() -> None:
    jobs = call(more="secrets: {one: 'prefix-${{ secrets.A }}', two: '${{ vars.V }}'}")
    files = {"b.yml": called(job("a", "say ${{ secrets.two }}"), secrets="{one: , two: }")}
    ran = World(called=files, secrets={"A": "aa-secret"}, variables={"V": "was-plain"}).run(HEAD + jobs)
    assert ran.printed("x / a") == ["***"]


def test_jobs_that_are_known_late_are_announced_with_what_they_wait_for() -> None:
    ran = CASES["an input from the output of a job before"].run()
    planned = [event for event in ran.events if isinstance(event, JobPlanned)]
    assert [(event.job_id, event.name, event.needs) for event in planned] == [("x / a", "x / a", ("first",))]
    assert ran.reason("x") == "it calls ./.github/workflows/b.yml, which has 1 job"


def test_the_names_of_callers_and_jobs() -> None:
    jobs = call(more="needs: first, name: Call it, with: {text: '${{ needs.first.result }}'}")
    files = {"b.yml": called(job("a", more="name: 'Do ${{ inputs.text }}'"), inputs=TYPES)}
    ran = World(called=files).run(HEAD + job("first") + jobs)
    planned = [event for event in ran.events if isinstance(event, JobPlanned)]
    assert [(event.job_id, event.name) for event in planned] == [("x / a", "Call it / Do success")]


def test_a_cancelled_run_ends_what_is_called() -> None:
    files = {"b.yml": called(job("a", "wait") + job("b", more="needs: a") + job("c", "say c", more="if: always()"))}
    begun = World(called=files, max_jobs=1).start(HEAD + call() + job("z", "say z", more="needs: x, if: always()"))
    begun.listeners.append(lambda event: begun.run.cancel() if type(event).__name__ == "StepStarted" else None)
    ends = {result.key: result.conclusion.value for result in begun.run.execute()}
    assert ends == {"x / a": "cancelled", "x / b": "cancelled", "x / c": "success", "z": "success"}
