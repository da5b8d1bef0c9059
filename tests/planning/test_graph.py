"""Readiness by needs."""

from __future__ import annotations

from simulator.planning.graph import Scheduler, ancestors, in_order

DIAMOND = {"publish": ["wheel", "docs"], "wheel": ["lint"], "docs": ["lint"], "lint": [], "alone": []}


def test_a_job_is_ready_when_its_own_needs_are_done() -> None:
    scheduler = Scheduler(DIAMOND)
    assert list(scheduler.ready()) == ["lint", "alone"]
    assert list(scheduler.ready()) == []
    scheduler.finished("lint")
    assert list(scheduler.ready()) == ["wheel", "docs"]
    scheduler.finished("docs")
    assert list(scheduler.ready()) == []
    scheduler.finished("wheel")
    assert list(scheduler.ready()) == ["publish"]


def test_no_stages() -> None:
    scheduler = Scheduler({"slow": [], "quick": [], "after-quick": ["quick"]})
    list(scheduler.ready())
    scheduler.finished("quick")
    assert list(scheduler.ready()) == ["after-quick"]


def test_order() -> None:
    order = list(in_order(DIAMOND))
    assert sorted(order) == sorted(DIAMOND)
    assert all(order.index(need) < order.index(name) for name, needs in DIAMOND.items() for need in needs)


def test_a_circle_never_starts() -> None:
    assert list(in_order({"a": ["b"], "b": ["a"], "c": [], "d": ["missing"]})) == ["c"]


def test_ancestors() -> None:
    assert ancestors(DIAMOND, "publish") == {"wheel", "docs", "lint"}
    assert ancestors(DIAMOND, "alone") == frozenset()
    assert ancestors({"a": ["b"], "b": ["a"]}, "a") == {"a", "b"}
