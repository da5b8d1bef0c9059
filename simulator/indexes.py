"""The two package indexes and their hosts, from constants of twine and of pip. The one place that knows them."""

from __future__ import annotations

import ast
import functools
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
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
    def docs_host(self) -> str:
        """The host of the documentation, which both indexes share."""
        return f"docs.{indexes()['pypi'].main_host}"

    @property
    def simple_url(self) -> str:
        """Where installers look by default."""
        return f"https://{self.main_host}/simple/"

    @property
    def files_host(self) -> str:
        """Where the files of this index are downloaded."""
        return _files_hosts()[self.name]

    def file_url(self, blake2_256: str, filename: str) -> str:
        """The address of a file, by its BLAKE2b digest of 256 bits in hexadecimal."""
        return f"https://{self.files_host}{file_path(blake2_256, filename)}"

    def readable_file_url(self, project: str, filename: str) -> str:
        """An address that leads on to that of a file, for who does not know its digest."""
        kind = "py3" if filename.endswith(".whl") else "source"
        return f"https://{self.files_host}/packages/{kind}/{project[0]}/{project}/{filename}"

    def project_url(self, project: str, version: str) -> str:
        """The page of a release."""
        return f"https://{self.main_host}/project/{project}/{version}/"


def file_path(blake2_256: str, filename: str) -> str:
    """Where a file lies on its host."""
    return f"/packages/{blake2_256[:2]}/{blake2_256[2:4]}/{blake2_256[4:]}/{filename}"


@functools.cache
def _files_hosts() -> Mapping[IndexName, str]:
    """The hosts of files as pip has them; the main host where pip is not there, or has them no longer."""
    try:
        from pip._internal.models.index import PyPI, TestPyPI
    except ImportError:
        return {name: index.main_host for name, index in indexes().items()}
    return {"pypi": PyPI.file_storage_domain, "testpypi": TestPyPI.file_storage_domain}


@functools.cache
def indexes() -> dict[IndexName, Index]:
    """PyPI and TestPyPI. PyPI's main host is its upload host without the first label."""
    known = _constants_of_twine("utils.py")
    pypi, testpypi = known["DEFAULT_REPOSITORY"], known["TEST_REPOSITORY"]
    upload, test = urlsplit(pypi).netloc, urlsplit(testpypi).netloc
    return {
        "pypi": Index(
            name="pypi",
            upload_url=pypi,
            upload_host=upload,
            main_host=upload.partition(".")[2],
        ),
        "testpypi": Index(
            name="testpypi",
            upload_url=testpypi,
            upload_host=test,
            main_host=test,
        ),
    }


@functools.cache
def _former_hosts() -> Mapping[IndexName, frozenset[str]]:
    known = _constants_of_twine("repository.py")
    return {
        "pypi": frozenset(urlsplit(known[name]).netloc for name in ("LEGACY_PYPI", "OLD_WAREHOUSE")),
        "testpypi": frozenset({urlsplit(known["LEGACY_TEST_PYPI"]).netloc}),
    }


def _constants_of_twine(file: str) -> Mapping[str, str]:
    """The texts that a file of twine gives names to.

    It is read, not imported: that brings a client of the web along, which takes a third of a second.
    """
    found = importlib.util.find_spec("twine")
    assert found is not None
    assert found.submodule_search_locations, "twine is a package"
    tree = ast.parse(Path(found.submodule_search_locations[0], file).read_text(encoding="utf-8"))
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
