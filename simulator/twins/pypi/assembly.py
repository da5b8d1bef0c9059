"""Puts the twin of one index together. Imported late: it takes a good part of what pysim takes to start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp

from simulator.indexes import Index
from simulator.run_events import EventSink
from simulator.twins.lazy_application import Closing
from simulator.twins.oidc import Issuer
from simulator.twins.pypi.keyring import Keyring
from simulator.twins.pypi.minting import Minting
from simulator.twins.pypi.pages import Pages
from simulator.twins.pypi.project_sources import project_sources
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.real_projects import RealProjects
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.twin import IndexTwin
from simulator.twins.pypi.upload import Uploads
from simulator.twins.pypi.verification import Verification
from simulator.twins.records import Clock
from simulator.twins.upstream import Upstream


@dataclass(frozen=True, kw_only=True, slots=True)
class Surroundings:
    """What the twins of all indexes share; `urls` are the machine's own index and its extra ones.

    `real` knows what the real indexes have, and `named` whether anybody told the repository's owner at GitHub.
    """

    publishers: Publishers
    verification: Verification
    issuer: Issuer
    upstream: Upstream
    run_id: str
    urls: tuple[str | None, Sequence[str]]
    offline: bool
    emit: EventSink
    clock: Clock
    real: RealProjects
    named: bool


def index_twin(index: Index, store: Store, at: Surroundings) -> tuple[ASGIApp, Closing]:
    """The application of an index and what closes it."""
    pages = Pages(index, store)
    keyring = Keyring(issuer=at.issuer, clock=at.clock)
    minting = Minting(
        index=index,
        store=store,
        publishers=at.publishers,
        keyring=keyring,
        emit=at.emit,
        clock=at.clock,
        real=at.real,
        named=at.named,
    )
    twin = IndexTwin(
        index,
        minting=minting,
        uploads=Uploads(
            index=index,
            store=store,
            publishers=at.publishers,
            verification=at.verification,
            run_id=at.run_id,
            emit=at.emit,
            clock=at.clock,
        ),
        pages=pages,
        upstream=at.upstream,
        sources=project_sources(index, *at.urls),
        offline=at.offline,
    )
    return twin.app, pages.close
