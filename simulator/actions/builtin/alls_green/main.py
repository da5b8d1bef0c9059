"""Judges the jobs that a job needs: the program of re-actors/alls-green.

Source: the action's own code at release/v1.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from simulator.actions.builtin.toolkit import log, step
from simulator.actions.builtin.toolkit.step import ActionError

NO_JOBS = "# ❌ Invalid input jobs matrix, please provide a non-empty `needs` context"
EXIT = "Process completed with exit code 1."
MARKS = {"success": "✓", "failure": "❌"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Jobs:
    """The results of the jobs by id, and what each may be."""

    results: Mapping[str, str]
    may_fail: Collection[str]
    may_be_skipped: Collection[str]

    @property
    def green(self) -> bool:
        """Whether every job did what it had to. One that may be skipped may not fail, whatever else it may."""
        strict = self.results.keys() - {*self.may_fail, *self.may_be_skipped}
        return self.succeeded(strict) and all(
            self.results[name] in {"success", "skipped"} for name in self.results.keys() & set(self.may_be_skipped)
        )

    def succeeded(self, names: Collection[str]) -> bool:
        """Whether all of these jobs succeeded, as far as they are needed at all."""
        return all(self.results[name] == "success" for name in self.results if name in names)

    def demand(self, name: str) -> str:
        """What is asked of a job."""
        if name in self.may_fail:
            return "allowed to fail"
        return "required to succeed or be skipped" if name in self.may_be_skipped else "required to succeed"


def main() -> None:
    """The action's program."""
    needs = read_needs()
    if not needs:
        tell([NO_JOBS])
        raise ActionError(EXIT)
    jobs = Jobs(
        results={name: str(job["result"]) for name, job in needs.items()},
        may_fail=names_input("allowed-failures"),
        may_be_skipped=names_input("allowed-skips"),
    )
    step.set_output("failure", str(not jobs.green).lower())
    step.set_output("result", "success" if jobs.green else "failure")
    step.set_output("success", str(jobs.green).lower())
    tell(list(report(jobs)))
    if not jobs.green:
        raise ActionError(EXIT)


def read_needs() -> Mapping[str, Mapping[str, object]]:
    """The needs context. Raises ActionError for what is none."""
    text = step.text_input("jobs")
    try:
        needs = json.loads(text)
    except ValueError as error:
        log.info(f"json.decoder.JSONDecodeError: {error}")
        raise ActionError(EXIT) from None
    if needs and not (
        isinstance(needs, dict) and all(isinstance(job, dict) and "result" in job for job in needs.values())
    ):
        log.info("The input `jobs` is no `needs` context: write ${{ toJSON(needs) }}")
        raise ActionError(EXIT)
    return needs or {}


def names_input(name: str) -> list[str]:
    """The names of an input: a JSON list, else names with commas between."""
    text = step.text_input(name)
    try:
        names = json.loads(text)
    except ValueError:
        names = [word.strip() for word in text.split(",")]
    return [str(each) for each in names if each] if isinstance(names, list) else [*map(str, filter(None, [names]))]


def report(jobs: Jobs) -> Iterator[str]:
    """The summary's lines, with the condition of the third one as the action has it."""
    if jobs.green:
        yield "# ✓ All of the required dependency jobs succeeded 🎉🎉🎉"
    else:
        yield "# ❌ Some of the required to succeed jobs failed 😢😢😢"
    yield ""
    if jobs.may_fail and jobs.succeeded(jobs.may_fail):
        yield "🛈 All of the allowed to fail dependency jobs succeeded."
    elif jobs.may_fail:
        yield "🛈 Some of the allowed to fail jobs did not succeed."
    if jobs.may_be_skipped and jobs.succeeded(jobs.may_be_skipped):
        yield "🛈 All of the allowed to be skipped dependency jobs succeeded."
    elif jobs.may_fail:
        yield "🛈 Some of the allowed to be skipped jobs did not succeed."
    yield "📝 Job statuses:"
    for name, result in jobs.results.items():
        yield f"📝 {name} → {MARKS.get(result, '⬜')} {result} [{jobs.demand(name)}]"


def tell(lines: list[str]) -> None:
    """Say it in the log and in the step's summary."""
    for line in lines:
        log.info(line)
    step.add_summary("\n".join(lines))


if __name__ == "__main__":
    step.run(main)
