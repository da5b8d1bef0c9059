"""A project on an index, and the addresses of its pages."""

from __future__ import annotations

import hashlib

from simulator.indexes import Index, IndexName, indexes
from simulator.twins.pypi.catalogue import Catalogue, Project

from .distributions import Form, wheel
from .driving import Job, Rig


def upload(rig: Rig, job: Job, form: Form, index: IndexName = "pypi") -> None:
    auth = ("__token__", rig.twins.upload_token(index))
    answer = job.http.post(indexes()[index].upload_url, data=form.data, files=form.files, auth=auth)
    assert answer.is_success, answer.text


def release(name: str, version: str = "1") -> Form:
    form = Form(filename=f"{name}-{version}-py3-none-any.whl", content=wheel(name, version))
    return form.but(name=name, version=version)


def address(index: Index, content: bytes, filename: str) -> str:
    digest = hashlib.blake2b(content, digest_size=32).hexdigest()
    return f"https://{index.files_host}/packages/{digest[:2]}/{digest[2:4]}/{digest[4:]}/{filename}"


def yank(catalogue: Catalogue, reason: str) -> None:
    catalogue.yank(catalogue.releases("demo")[0], reason)


def demo(catalogue: Catalogue) -> Project:
    project = catalogue.project("demo")
    assert project
    return project
