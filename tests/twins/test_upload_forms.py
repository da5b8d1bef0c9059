"""The form of an upload and the forms of a refusal: what is told first, and how each kind of client reads it."""

from __future__ import annotations

import html
from collections.abc import Mapping

import pytest

from .distributions import Form, sdist
from .driving import Rig
from .uploading import HELP, PYPI, SPECIFICATION, Uploader


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


LONG = f"-{'x' * 70}"
SHORT = f"-{'x' * 29}...{'x' * 30}"
ONE: Mapping[str, tuple[Form, str]] = {
    "no filetype": (Form().but(filetype=""), "Invalid value for filetype. Error: This field is required."),
    "a long name is shortened": (
        Form().but(name=LONG),
        (
            f"{SHORT!r} is an invalid value for Name. Error: Start and end with a letter or numeral containing only "
            f"ASCII numeric and '.', '_' and '-'. {SPECIFICATION}"
        ),
    ),
    "all digests have their form before the Python version is asked for": (
        Form().but(pyversion="", sha256_digest="x"),
        "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
    ),
    "the local version is told in its normal form": (
        Form().but(version="1.0+LOCAL"),
        (
            "The use of local versions in '1.0+local' is not allowed. See https://packaging.python.org/en/latest/"
            "specifications/version-specifiers/#local-version-identifiers for more information."
        ),
    ),
    "dynamic": (
        Form().but(metadata_version="2.2", dynamic="Dynamic"),
        f"Dynamic field 'dynamic' is not a valid dynamic field. {SPECIFICATION}",
    ),
    "an extension in capitals": (
        Form(filename="demo-0.1.0-py3-none-any.WHL").but(filetype="bdist_wheel", pyversion="py3"),
        (
            "Invalid file extension: Extension .WHL is invalid for filetype bdist_wheel. "
            "See https://www.python.org/dev/peps/pep-0527 for more information."
        ),
    ),
    "nothing but an extension": (
        Form(filename=".whl"),
        (
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 "
            "and https://peps.python.org/pep-0715/ for more information"
        ),
    ),
    "a name that no file can have": (
        Form(filename=f"demo-0.1.0-{'0' * 240}-py3-none-any.whl"),
        f"Filename is too long: 'demo-0.1.0-{'0' * 240}-py3-none-any.whl'",
    ),
    "a post release with a hyphen": (
        Form(filename="demo-1.0-1.tar.gz", content=sdist("demo", "1.0-1")).but(version="1.0-1"),
        "Filename 'demo-1.0-1.tar.gz' is invalid, should be 'demo-1.0.post1.tar.gz'.",
    ),
}


@pytest.mark.parametrize("case", ONE)
def test_one_problem(sender: Uploader, case: str) -> None:
    form, said = ONE[case]
    assert sender.refused(form) == (400, said)


def test_an_empty_field_is_none(sender: Uploader) -> None:
    data = {**Form().data, "license_expression": "", "summary": "", "requires_dist": "", "keywords": ""}
    answer = sender.job.http.post(PYPI.upload_url, data=data, files=Form().files, auth=("__token__", sender.token))
    assert (answer.status_code, answer.text) == (200, "")


BAD: Mapping[str, str] = {
    "protocol_version": "2",
    "name": "-x",
    "blake2_256_digest": "x",
    "filetype": "bdist_wininst",
    "sha256_digest": "x",
    "pyversion": "",
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
    "sha256_digest": "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
    "pyversion": "Invalid value for pyversion. Error: Python version is required for binary distribution uploads.",
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
        assert f"<h1>{status} {said}</h1>\n  {generic}<br/><br/>\n{html.escape(said)}\n" in answer.text
    else:
        assert answer.text == f"{status} {said}\n\n{generic}\n\n\n{said}\n\n"


PASSWORD = (
    "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead. "
    f"See {HELP}#apitoken and {HELP}#trusted-publishers"
)


def test_a_password_is_refused_in_the_title_alone(sender: Uploader) -> None:
    form = Form()
    for accept, said in (
        ("*/*", f"<h1>403 {PASSWORD}</h1>\n  {DENIED}<br/><br/>\n\n\n\n </body>"),
        ("", f"403 {PASSWORD}\n\n{DENIED}\n\n\n\n\n"),
    ):
        headers = {"accept": accept}
        answer = sender.job.http.post(
            PYPI.upload_url, data=form.data, files=form.files, auth=("me", "x"), headers=headers
        )
        assert answer.status_code == 403
        assert said in answer.text


def test_without_the_last_slash_in_each_form(sender: Uploader) -> None:
    said = "An upload was attempted to /legacy but the expected upload URL is /legacy/ (with a trailing slash)"
    moved = f"The resource has been moved to /legacy/; you should be redirected automatically.\n{said}\n"
    url = PYPI.upload_url.rstrip("/")
    answer = sender.job.http.post(url, headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["location"]) == (308, PYPI.upload_url)
    assert answer.json() == {"message": moved, "code": f"308 {said}", "title": "Permanent Redirect"}
    assert f"<h1>308 {said}</h1>\n  {moved}" in sender.job.http.post(url, headers={"accept": "text/html"}).text


def test_words_that_no_status_line_can_hold(sender: Uploader) -> None:
    answer = sender.send(Form().but(classifiers=["Zoo :: \N{SNAKE}"]), accept="*/*")
    assert "<h1>400 'Zoo :: ?' is not a valid classifier." in answer.text
    assert "&#x27;Zoo :: \N{SNAKE}&#x27; is not a valid classifier." in answer.text


def test_the_action_may_stand_in_the_address(sender: Uploader) -> None:
    form = Form().but(**{":action": ""})
    answer = sender.job.http.post(
        f"{PYPI.upload_url}?:action=file_upload",
        data=form.data,
        files=form.files,
        auth=("__token__", sender.token),
    )
    assert answer.status_code == 200
