"""Taking an upload: the form is read, the checks run, and the file becomes visible, all in one transaction.

Knows no check by name and no page.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from simulator.described_releases import ReleaseDescribed
from simulator.indexes import Index, indexes
from simulator.run_events import EventSink, FileUploaded
from simulator.twins.application import visit
from simulator.twins.pypi.catalogue import Catalogue, File, Project, Release
from simulator.twins.pypi.checks import CHECKS, description, metadata
from simulator.twins.pypi.checks.duplicates import IdenticalError
from simulator.twins.pypi.checks.submission import Submission
from simulator.twins.pypi.core_metadata import core_metadata
from simulator.twins.pypi.mails import token_beside_publisher
from simulator.twins.pypi.offers import Offer, OfferedFile
from simulator.twins.pypi.publishers import Publishers
from simulator.twins.pypi.refusals import RequestRefusedError, refusal
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.upload_form import read_form
from simulator.twins.pypi.verification import Verification
from simulator.twins.records import Clock

_UNTYPED: Final = "text/plain"
_LONGEST: Final = 2000  # characters of a field that an event tells
_LONGEST_DESCRIPTION: Final = 200_000
_MOST: Final = 200  # values of a field
_ABOUT: Final = """<!DOCTYPE html>
<html lang="en">
  <head><title>{host}</title></head>
  <body>
    <h2>API endpoint</h2>
    <p>
      This URL is an API endpoint for uploading files to PyPI.<br>
      For more information on uploading projects to PyPI, visit the
      <a href="https://packaging.python.org/distributing/#uploading-your-project-to-pypi">Python Packaging User
      Guide</a>.
    </p>
    <p>Otherwise, we suggest you <a href="{home}">go to the PyPI homepage</a>.</p>
  </body>
</html>
"""
_GONE: Final = {
    "submit": "Project pre-registration is no longer required or supported, upload your files instead.",
    "submit_pkg_info": "Project pre-registration is no longer required or supported, upload your files instead.",
    "doc_upload": "Uploading documentation is no longer supported, we recommend using https://readthedocs.org/.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploads:
    """The upload API of one index."""

    index: Index
    store: Store
    publishers: Publishers
    verification: Verification
    run_id: str
    emit: EventSink
    clock: Clock

    async def answer(self, request: Request) -> Response:
        """Answer `POST /legacy/`: what is sent without an action that there is gets a page about the address."""
        try:
            form = await read_form(request)
        except RequestRefusedError as error:
            return refusal(request, error)
        try:
            action = request.query_params.get(":action", form.get(":action"))
            if isinstance(action, str) and action in _GONE:
                return refusal(request, RequestRefusedError(410, _GONE[action]))
            if action != "file_upload":
                return self.information(request)
            offer = await asyncio.to_thread(self._offer, form, request.headers.get("authorization"))
        finally:
            await form.close()
        refused = await asyncio.to_thread(self.take, offer, visit(request).job_id)
        return refusal(request, refused) if refused else Response(status_code=200)

    def information(self, request: Request) -> Response:
        """The page about the address of uploads."""
        page = _ABOUT.format(host=visit(request).host, home=f"https://{indexes()['pypi'].main_host}/")
        return HTMLResponse(page)

    def _offer(self, form: FormData, authorization: str | None) -> Offer:
        fields: dict[str, list[str]] = {}
        file, misplaced = None, None
        for name, value in form.multi_items():
            if isinstance(value, str):
                if value.strip() != "UNKNOWN":
                    fields.setdefault(name, []).append(value.replace("\0", "\\x00"))
            elif name == "content" and file is None:
                file = self._received(value)
            elif name != "gpg_signature":  # of former times, which is not looked at
                misplaced = name
        return Offer(fields=fields, file=file, authorization=authorization, misplaced=misplaced)

    def _received(self, sent: UploadFile) -> OfferedFile:
        """The file; a part without a type of its own is text/plain (RFC 7578, 4.4): uv sends it so."""
        staged = self.store.stage(sent.file)
        kind = sent.content_type or (_UNTYPED if "content-type" not in sent.headers else "")
        return OfferedFile(filename=sent.filename or "", content_type=kind, staged=staged)

    def take(self, offer: Offer, job_id: str) -> RequestRefusedError | None:
        """Judge and store; what is refused leaves no trace but its event."""
        with _discarding(offer):
            description.prepare(offer)  # before the transaction, which others wait for
            metadata.prepare(offer)
            try:
                with self.store.transaction() as catalogue:
                    submission = self._submission(offer, catalogue)
                    for check in CHECKS:
                        check(submission)
                    is_first = submission.release is None
                    self._publish(submission, job_id)
                    attested = submission.provenance is not None
                    self._warn_of_token(submission)
            except IdenticalError:
                self._tell(offer, job_id, 200, "OK, the identical file is there already")
            except RequestRefusedError as error:
                self._tell(offer, job_id, error.status, str(error))
                return error
            else:
                self._tell(offer, job_id, 200, "OK", attested=attested)
                if is_first:
                    self.emit(_described(offer, job_id, self.index))
                for mail in submission.mails:
                    self.emit(mail)
        return None

    def _submission(self, offer: Offer, catalogue: Catalogue) -> Submission:
        return Submission(
            offer=offer,
            index=self.index,
            catalogue=catalogue,
            now=self.clock(),
            publishers=functools.partial(self.publishers.row, self.index.name),
            verification=self.verification,
        )

    def _warn_of_token(self, submission: Submission) -> None:
        """A user's token is mailed about once for each project that has a publisher."""
        catalogue, identity = submission.catalogue, submission.identity
        if identity is None or not identity.is_user:
            return
        name = canonicalize_name(submission.name)
        rows = self.publishers.registered(self.index.name, catalogue.fate)
        for row in rows:
            if row.declared and name in map(canonicalize_name, row.projects) and catalogue.warn(identity.token, name):
                submission.mails.append(token_beside_publisher(submission.name, str(row)))

    def _publish(self, submission: Submission, job_id: str) -> None:
        catalogue, file = submission.catalogue, submission.file
        project = submission.project or self._new_project(submission)
        catalogue.rename(project, submission.name)
        if (content := core_metadata(file.staged.path, file.filename)) is not None:
            catalogue.add_core_metadata(file.filename, hashlib.sha256(content).hexdigest(), content)
        release = submission.release or self._new_release(submission, project)
        catalogue.add_file(
            File(
                filename=file.filename,
                project=project.name,
                version=release.version,
                filetype=submission.filetype,
                pyversion=submission.offer.first("pyversion", "source"),
                size=file.staged.size,
                md5=file.staged.md5,
                sha256=file.staged.sha256,
                blake2_256=file.staged.blake2_256,
                requires_python=submission.offer.first("requires_python") or None,
                uploaded=submission.now,
                run_id=self.run_id,
                job_id=job_id,
            )
        )
        if submission.provenance is not None:
            catalogue.add_provenance(file.filename, submission.provenance)
        self.store.place(file.staged, file.filename)

    def _new_project(self, submission: Submission) -> Project:
        submission.catalogue.note_creation(submission.now)
        return submission.catalogue.add_project(submission.name)

    def _new_release(self, submission: Submission, project: Project) -> Release:
        release = Release(
            project=project.name,
            version=str(submission.version),
            created=submission.now,
            metadata=dict(submission.metadata),
        )
        submission.catalogue.add_release(release)
        return release

    def _tell(self, offer: Offer, job_id: str, status: int, message: str, *, attested: bool = False) -> None:
        file = offer.file
        self.emit(
            FileUploaded(
                job_id=job_id,
                index=self.index.name,
                project=offer.first("name"),
                version=offer.first("version"),
                filename=file.filename if file else "",
                size=file.staged.size if file else 0,
                sha256=file.staged.sha256 if file else "",
                status=status,
                message=message,
                attested=attested,
            )
        )


def _described(offer: Offer, job_id: str, index: Index) -> ReleaseDescribed:
    def several(*names: str) -> tuple[str, ...]:
        return tuple(value[:_LONGEST] for name in names for value in offer.given(name) if value)[:_MOST]

    return ReleaseDescribed(
        job_id=job_id,
        index=index.name,
        project=offer.first("name"),
        version=offer.first("version"),
        summary=offer.first("summary")[:_LONGEST],
        description=offer.first("description")[:_LONGEST_DESCRIPTION],
        description_type=offer.first("description_content_type")[:_LONGEST],
        requires_python=offer.first("requires_python")[:_LONGEST],
        license=(offer.first("license_expression") or offer.first("license"))[:_LONGEST],
        people=several("author", "author_email", "maintainer", "maintainer_email"),
        keywords=several("keywords"),
        classifiers=several("classifiers"),
        urls=several("project_urls"),
        requires=several("requires_dist"),
    )


@contextlib.contextmanager
def _discarding(offer: Offer) -> Iterator[None]:
    """Whatever of the upload was not published goes away."""
    try:
        yield
    finally:
        if offer.file:
            offer.file.staged.path.unlink(missing_ok=True)
