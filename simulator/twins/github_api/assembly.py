"""Puts GitHub's two hosts together: git and the site at one, the API at the other, over one clone and its releases."""

from __future__ import annotations

from pathlib import Path

from simulator.run_events import EventSink
from simulator.twins.callers import Callers
from simulator.twins.clone import Clone
from simulator.twins.git import GitTwin
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.github_api.history import History
from simulator.twins.github_api.objects import Place
from simulator.twins.github_api.queries import Queries
from simulator.twins.github_api.refs import Refs
from simulator.twins.github_api.release_store import ReleaseStore
from simulator.twins.github_api.releases import Releases
from simulator.twins.github_api.runs import Runs
from simulator.twins.github_api.site import Site
from simulator.twins.github_api.twin import ApiTwin
from simulator.twins.jobs import Jobs
from simulator.twins.records import Clock
from simulator.twins.upstream import Upstream


def github_twins(
    *, clone: Clone, jobs: Jobs, facts: RepositoryFacts, folder: Path, upstream: Upstream, emit: EventSink, clock: Clock
) -> tuple[GitTwin, ApiTwin]:
    """The twins of github.com and of its API; `folder` keeps the files of releases."""
    callers = Callers(jobs, facts.user_tokens)
    place = Place(full_name=clone.repository, facts=facts)
    store = ReleaseStore(folder, facts.releases)
    releases = Releases(clone=clone, place=place, store=store, emit=emit, clock=clock)
    site = Site(clone=clone, place=place, releases=releases, callers=callers)
    endpoints = (
        *releases.endpoints,
        *Refs(clone=clone, place=place, clock=clock).endpoints,
        *History(clone=clone, place=place).endpoints,
        *Runs(jobs=jobs, place=place, clock=clock).endpoints,
    )
    queries = Queries(clone=clone, place=place, store=store, releases=releases)
    return (
        GitTwin(clone=clone, callers=callers, upstream=upstream, site=site, emit=emit),
        ApiTwin(place=place, callers=callers, upstream=upstream, emit=emit, endpoints=endpoints, queries=queries),
    )
