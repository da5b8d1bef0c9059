"""What the twins of one run are given to work on. Plain data, made by who starts them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from simulator.twins.base import Publisher
from simulator.twins.github_api.facts import RepositoryFacts
from simulator.twins.injection.faults import Fault
from simulator.twins.records import Mask


@dataclass(frozen=True, kw_only=True, slots=True)
class TwinSettings:
    """What the twins of one run work on.

    `folder` is the run's own: artifacts/, its copy of the index, access.jsonl. `repository` is owner/name, `clone`
    its bare git folder, `cache` the folder of its caches and `baseline` that of the kept index; these two may not
    exist. `authority` is the folder of this installation's certificate authority. `host_ca` is the machine's
    certificates (PEM), `index_url` and `extra_index_urls` the package indexes that it is configured for, `proxies` the
    usual environment variables (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY in any case). `ports` are what sandboxes
    listen on beside the indexes' own. `offline` lets nothing reach the network. `facts` are what GitHub knows of the
    repository, `copies` the git folders of others (owner/name in lower case) that are read from there.
    `faults` are what fails until `LocalTwins.mend`.
    """

    run_id: str
    folder: Path
    repository: str
    default_branch: str
    clone: Path
    cache: Path
    publishers: Sequence[Publisher]
    baseline: Path
    authority: Path
    host_ca: bytes
    index_url: str | None = None
    extra_index_urls: Sequence[str] = ()
    proxies: Mapping[str, str] = field(default_factory=dict)
    ports: Sequence[int] = (80, 443)
    offline: bool = False
    facts: RepositoryFacts = field(default_factory=RepositoryFacts)
    copies: Mapping[str, Path] = field(default_factory=dict)
    faults: Sequence[Fault] = ()
    mask: Mask = lambda _job_id, text: text

    @property
    def index_urls(self) -> Sequence[str]:
        """The machine's own indexes that are reached over HTTP."""
        urls = [*([self.index_url] if self.index_url else []), *self.extra_index_urls]
        return tuple(url for url in urls if url.startswith(("http://", "https://")))
