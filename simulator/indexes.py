"""The two package indexes and their hosts, taken from the constants that twine ships. The one place that knows them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

IndexName = Literal["pypi", "testpypi"]
TITLES: Final[Mapping[str, str]] = {"pypi": "PyPI", "testpypi": "TestPyPI"}
"""The names that people know the indexes by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """An index: `upload_url` as twine has it, the host of that URL, and the main site's host."""

    name: IndexName
    upload_url: str
    upload_host: str
    main_host: str

    @property
    def former_hosts(self) -> frozenset[str]:
        """Hosts of former times. Clients still ask them (twine for `--skip-existing`), and one of them took uploads."""
        return _former_hosts()[self.name]

    @property
    def hosts(self) -> frozenset[str]:
        """All hosts that take uploads, mint tokens or serve the simple API of this index."""
        return frozenset({self.upload_host, self.main_host}) | self.former_hosts

    @property
    def simple_url(self) -> str:
        """Where installers look by default."""
        return f"https://{self.main_host}/simple/"

    def file_url(self, filename: str) -> str:
        """Where the stand-in of this index hands out a file that it took."""
        return f"https://{self.main_host}/packages/{filename}"

    def project_url(self, project: str, version: str) -> str:
        """The page of a release."""
        return f"https://{self.main_host}/project/{project}/{version}/"


@functools.cache
def indexes() -> dict[IndexName, Index]:
    """PyPI and TestPyPI. PyPI's main host is its upload host without the first label."""
    from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

    upload = urlsplit(DEFAULT_REPOSITORY).netloc
    test = urlsplit(TEST_REPOSITORY).netloc
    return {
        "pypi": Index(
            name="pypi",
            upload_url=DEFAULT_REPOSITORY,
            upload_host=upload,
            main_host=upload.partition(".")[2],
        ),
        "testpypi": Index(
            name="testpypi",
            upload_url=TEST_REPOSITORY,
            upload_host=test,
            main_host=test,
        ),
    }


@functools.cache
def _former_hosts() -> Mapping[IndexName, frozenset[str]]:
    """Of their own, as this part of twine brings a client of the web along, which takes a third of a second."""
    from twine.repository import LEGACY_PYPI, LEGACY_TEST_PYPI, OLD_WAREHOUSE

    return {
        "pypi": frozenset(urlsplit(url).netloc for url in (LEGACY_PYPI, OLD_WAREHOUSE)),
        "testpypi": frozenset({urlsplit(LEGACY_TEST_PYPI).netloc}),
    }
