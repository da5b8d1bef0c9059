"""One index in this process, spoken to without a socket: its whole application on a store, by a clock to be moved."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from starlette.types import Receive, Scope, Send

from simulator.indexes import IndexName, indexes
from simulator.run_events import RunEvent
from simulator.twins.application import Visit
from simulator.twins.base import Publisher
from simulator.twins.oidc import Issuer
from simulator.twins.outside import Outside
from simulator.twins.pypi.assembly import Surroundings, index_twin
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.real_projects import RealProjects
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.tokens import mint_for_user
from simulator.twins.pypi.verification import Verification
from simulator.twins.upstream import Upstream

from .distributions import Form
from .driving import CLAIMS, Clock


class Desk:
    """An index over the store in a folder. A context manager; `issuer` and `clock` may be those of another one."""

    def __init__(
        self,
        folder: Path,
        *,
        index: IndexName = "pypi",
        publishers: Iterable[Publisher] = (),
        clock: Clock | None = None,
        issuer: Issuer | None = None,
        store: Store | None = None,
    ) -> None:
        self.index = indexes()[index]
        self.clock = clock or Clock()
        self.issuer = issuer or Issuer(self.clock)
        self.store = store or Store(folder)
        self.publishers = Publishers(list(publishers))
        self.events: list[RunEvent] = []
        outside = Outside(offline=True, proxies={}, trust=ssl.create_default_context)
        around = Surroundings(
            publishers=self.publishers,
            verification=Verification({}),  # which trusts nobody
            issuer=self.issuer,
            upstream=Upstream(outside),
            run_id="run-1",
            urls=(None, ()),
            offline=True,
            emit=self.events.append,
            clock=self.clock,
            real=RealProjects(outside, None, ()),
            named=True,
        )
        self._app, self._closing = index_twin(self.index, self.store, around)

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        transport = httpx.ASGITransport(app=self._visited)
        self._client = httpx.AsyncClient(transport=transport, trust_env=False, timeout=60)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _close(self) -> None:
        await self._client.aclose()
        await self._closing()

    async def _visited(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = dict(scope["headers"])[b"host"].decode()
        scope["state"] = {"visit": Visit(job_id="publish", host=host, port=443, path=scope["path"])}
        await self._app(scope, receive, send)

    def ask(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """Any request."""
        return self._runner.run(self._client.request(method, url, **sent))

    def get(self, path: str) -> httpx.Response:
        """A page of the main host."""
        return self.ask("GET", f"https://{self.index.main_host}{path}")

    def upload(self, form: Form, token: str, *, accept: str = "application/json") -> httpx.Response:
        """An upload as twine sends it."""
        return self.ask(
            "POST",
            self.index.upload_url,
            data=form.data,
            files=form.files,
            auth=("__token__", token),
            headers={"accept": accept},
        )

    def user_token(self) -> str:
        """A token of the user."""
        with self.store.transaction() as catalogue:
            return mint_for_user(catalogue, self.index.main_host)

    def id_token(self, *, audience: str | None = None, **claims: str) -> str:
        """An ID token of a job; empty claims are left out."""
        merged = {name: value for name, value in {**CLAIMS, **claims}.items() if value}
        return self.issuer.token(merged, audience or self.index.name)

    def mint(self, token: str | None = None, **claims: str) -> httpx.Response:
        """The exchange of an ID token, a new one if none is given."""
        url = f"https://{self.index.upload_host}/_/oidc/mint-token"
        return self.ask("POST", url, json={"token": token or self.id_token(**claims)})

    def mint_at_once(self, token: str, count: int) -> list[httpx.Response]:
        """So many exchanges of one ID token beside each other."""
        url = f"https://{self.index.upload_host}/_/oidc/mint-token"

        async def all_of_them() -> list[httpx.Response]:
            return await asyncio.gather(*(self._client.post(url, json={"token": token}) for _ in range(count)))

        return self._runner.run(all_of_them())

    def burn(self, token: str) -> httpx.Response:
        """Give an upload token back."""
        return self.ask("POST", f"https://{self.index.upload_host}/_/oidc/burn-token", json={"token": token})

    def minted(self, **claims: str) -> str:
        """A token from a successful exchange."""
        answer = self.mint(**claims)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token


def said(answer: httpx.Response) -> tuple[int, str]:
    """The status and the sentence of a refusal in JSON."""
    code: str = answer.json()["code"]
    return answer.status_code, code.partition(" ")[2]


def minting_error(answer: httpx.Response) -> tuple[str, str]:
    """The code and the sentence of a refused exchange."""
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    found: Mapping[str, str] = error
    return found["code"], found["description"]
