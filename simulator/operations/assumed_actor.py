"""Who pushes the tag, where nobody said it: whom a condition of the workflows asks for.

GitHub compares logins without letter case. What asks for an app, such as `dependabot[bot]`, is no release by a person.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from simulator.configuration.values import Configuration
from simulator.expressions.language import Expression
from simulator.expressions.syntax import Call, Comparison, Index, Literal, Logical, Name, Node
from simulator.operations.source import Repository
from simulator.positions import Span
from simulator.rehearsal.rules.release import publishing
from simulator.run_events import Notice
from simulator.workflow.model import Condition, Workflow

_WHO: Final = frozenset(
    {
        ("github", "actor"),
        ("github", "triggering_actor"),
        ("github", "event", "sender", "login"),
        ("github", "event", "pusher", "name"),
    }
)


def with_actor(repository: Repository, configuration: Configuration, workflows: Iterable[Workflow]) -> Repository:
    """The repository with the actor for whom a publishing workflow asks, and a notice, unless one is configured."""
    if configuration.actor is not None:
        return repository
    publishing_ones = (each for each in workflows if any(publishing(each)))
    found = next((asked for each in publishing_ones for asked in _asked(each)), None)
    if found is None:
        return repository
    login, place = found
    notice = Notice(
        message=f"Who pushes is taken to be {login}, for whom a condition asks ({place.file}:{place.line}).",
        hint=f"See that it is so, or say who pushes: actor under {configuration.table('run')}.",
    )
    return replace(
        repository,
        identity=replace(repository.identity, actor=login),
        notices=(*repository.notices, notice),
    )


def _asked(workflow: Workflow) -> Iterator[tuple[str, Span]]:
    for job in workflow.jobs.values():
        for condition in (job.condition, *(step.condition for step in job.all_steps)):
            if condition.source:
                yield from ((login, condition.span) for login in _logins(condition))


def _logins(condition: Condition) -> Iterator[str]:
    waiting: list[Node] = [condition.expression.root]
    while waiting:
        node = waiting.pop(0)
        match node:
            case Logical():
                waiting += node.operands
            case Comparison(operator="==", left=left, right=right):
                for name, text in ((left, right), (right, left)):
                    if _is_who(name) and isinstance(text, Literal):
                        yield from _person(text.value)
            case Call(name="contains", arguments=(among, who)) if _is_who(who):
                yield from _first_of(among)
            case _:
                pass


def _is_who(node: Node) -> bool:
    if not isinstance(node, Name | Index):
        return False
    return any(tuple(each.lower() for each in found) in _WHO for found in Expression("", node).references())


def _first_of(node: Node) -> Iterator[str]:
    """The first person of `fromJSON('["ada", "bob"]')`."""
    given = node.arguments[:1] if isinstance(node, Call) else ()
    for text in (each.value for each in given if isinstance(each, Literal)):
        try:
            listed = json.loads(text) if isinstance(text, str) else None
        except ValueError:
            return
        yield from (login for each in listed[:1] for login in _person(each)) if isinstance(listed, list) else ()


def _person(value: object) -> Iterator[str]:
    if isinstance(value, str) and value and not value.endswith("[bot]"):
        yield value
