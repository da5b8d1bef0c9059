"""The form of an upload and the forms of a refusal: what is told first, and how each kind of client reads it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .conftest import Rig
from .distributions import Form
from .test_uploads import HELP, PYPI, SPECIFICATION, Uploader


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


BAD: Mapping[str, str] = {
    "protocol_version": "2",
    "name": "-x",
    "blake2_256_digest": "x",
    "filetype": "bdist_wininst",
    "pyversion": "",
    "sha256_digest": "x",
    "metadata_version": "3.0",
    "version": "x",
    "summary": "a\nb",
    "content_type": "image/png",
}
FIRST: Mapping[str, str] = {
    "protocol_version": "Unknown protocol version.",
    "name": (
        "'-x' is an invalid value for Name. Error: Start and end with a letter or numeral containing only ASCII "
        f"numeric and '.', '_' and '-'. {SPECIFICATION}"
    ),
    "blake2_256_digest": (
        "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message digest."
    ),
    "filetype": "Invalid value for filetype. Error: Use a known file type.",
    "pyversion": ("Invalid value for pyversion. Error: Python version is required for binary distribution uploads."),
    "sha256_digest": "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
    "metadata_version": f"'3.0' is not a valid metadata version. {SPECIFICATION}",
    "version": f"'x' is invalid for 'version'. {SPECIFICATION}",
    "summary": f"'summary' must be a single line. {SPECIFICATION}",
}


@pytest.mark.parametrize("field", FIRST)
def test_the_first_problem_is_told(sender: Uploader, field: str) -> None:
    """Everything after it is wrong, too."""
    fields = list(BAD)
    wrong = {name: BAD[name] for name in fields[fields.index(field) :] if name != "content_type"}
    assert sender.refused(Form(content_type="image/png").but(**wrong)) == (400, FIRST[field])


def test_of_an_md5_digest_only_its_truth_is_asked(sender: Uploader) -> None:
    said = "The digest supplied does not match a digest calculated from the uploaded file."
    assert sender.refused(Form().but(md5_digest="none")) == (400, said)


GONE = "This resource is no longer available.  No forwarding address is given."
DENIED = "Access was denied to this resource."
INVALID = f"Invalid or non-existent authentication information. See {HELP}#invalid-auth for more information."
REGISTERED = "Project pre-registration is no longer required or supported, upload your files instead."
DOCUMENTED = "Uploading documentation is no longer supported, we recommend using https://readthedocs.org/."
MOVED = f"This API has moved to {PYPI.upload_url}. See TODO for more information."
REFUSALS: Mapping[str, tuple[str, str, int, str, str]] = {
    "pre-registration": (PYPI.upload_url, "submit", 410, GONE, REGISTERED),
    "package information": (PYPI.upload_url, "submit_pkg_info", 410, GONE, REGISTERED),
    "documentation": (PYPI.upload_url, "doc_upload", 410, GONE, DOCUMENTED),
    "former address": (f"https://{PYPI.main_host}/pypi?:action=file_upload", "file_upload", 410, GONE, MOVED),
    "no token": (PYPI.upload_url, "file_upload", 403, DENIED, INVALID),
}
TITLES = {403: "Forbidden", 410: "Gone"}


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json", ""])
@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_in_each_form(sender: Uploader, case: str, accept: str) -> None:
    url, action, status, generic, said = REFUSALS[case]
    data = Form().but(**{":action": action}).data
    answer = sender.job.http.post(url, data=data, files=Form().files, headers={"accept": accept})
    assert (answer.status_code, answer.reason_phrase) == (status, TITLES[status])
    if accept == "application/json":
        message = f"{generic}\n\n\n{said}\n\n"
        assert answer.json() == {"message": message, "code": f"{status} {said}", "title": TITLES[status]}
    elif accept:
        assert f"<title>{status} {said}</title>" in answer.text
        assert f"<h1>{status} {said}</h1>\n  {generic}<br/><br/>\n{said}\n" in answer.text
    else:
        assert answer.text == f"{status} {said}\n\n{generic}\n\n\n{said}\n\n"
