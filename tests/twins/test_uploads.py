"""What the index takes and what it refuses, check by check, in its own words."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pymacaroons import Macaroon

from simulator.indexes import IndexName
from simulator.run_events import FileUploaded

from .distributions import Form, metadata, sdist, sdist_form, tarred, wheel, zipped
from .driving import Job, Rig, publisher
from .minting import exchange
from .uploading import HELP, INVALID, PYPI, SPECIFICATION, Uploader, renamed


@pytest.fixture
def uploader(rig: Rig) -> Uploader:
    return Uploader(rig)


def test_an_accepted_file_is_told_with_its_digests(uploader: Uploader) -> None:
    answer = uploader.send(Form())
    assert (answer.status_code, answer.content) == (200, b"")
    (event,) = uploader.rig.seen(FileUploaded)
    (file,) = uploader.rig.twins.published()
    assert (event.project, event.version, event.filename) == ("demo", "0.1.0", Form().filename)
    assert (event.size, event.sha256, event.message) == (file.size, file.sha256, "OK")
    assert file.path.read_bytes() == Form().content


REFUSED_FORMS: Mapping[str, tuple[Form, str]] = {
    "protocol": (Form().but(protocol_version="2"), "Unknown protocol version."),
    "no name": (
        Form().but(name=""),
        f"'' is an invalid value for Name. Error: This field is required. {SPECIFICATION}",
    ),
    "name": (
        Form().but(name="x y"),
        (
            "'x y' is an invalid value for Name. Error: Start and end with a letter or numeral containing only ASCII "
            f"numeric and '.', '_' and '-'. {SPECIFICATION}"
        ),
    ),
    "egg": (Form().but(filetype="bdist_egg"), "Invalid value for filetype. Error: Use a known file type."),
    "sha256": (
        Form().but(sha256_digest="12"),
        "Invalid value for sha256_digest. Error: Use a valid, hex-encoded, SHA256 message digest.",
    ),
    "blake2": (
        Form().but(blake2_256_digest="zz"),
        "Invalid value for blake2_256_digest. Error: Use a valid, hex-encoded, BLAKE2 message digest.",
    ),
    "no pyversion": (
        Form().but(pyversion=""),
        "Invalid value for pyversion. Error: Python version is required for binary distribution uploads.",
    ),
    "sdist pyversion": (
        sdist_form(pyversion="py3"),
        "Invalid value for pyversion. Error: Use 'source' as Python version for an sdist.",
    ),
    "no digest": (
        Form().but(sha256_digest="", blake2_256_digest=""),
        "Error: Include at least one message digest.",
    ),
    "no version": (Form().but(version=""), f"'version' is a required field. {SPECIFICATION}"),
    "version": (Form().but(version="x"), f"'x' is invalid for 'version'. {SPECIFICATION}"),
    "metadata version": (
        Form().but(metadata_version="3.0"),
        f"'3.0' is not a valid metadata version. {SPECIFICATION}",
    ),
    "too new a field": (
        Form().but(license_expression="MIT"),
        f"license-expression introduced in metadata version 2.4, not 2.1. {SPECIFICATION}",
    ),
    "summary": (Form().but(summary="a\nb"), f"'summary' must be a single line. {SPECIFICATION}"),
    "long summary": (
        Form().but(summary="x" * 513),
        f"'summary' field must be 512 characters or less. {SPECIFICATION}",
    ),
    "requires-python": (Form().but(requires_python="x"), f"'x' is invalid for 'requires-python'. {SPECIFICATION}"),
    "local version": (
        Form().but(version="1.0+local"),
        (
            "The use of local versions in '1.0+local' is not allowed. See https://packaging.python.org/en/latest/"
            "specifications/version-specifiers/#local-version-identifiers for more information."
        ),
    ),
    "classifier": (
        Form().but(classifiers=["Foo :: Bar"]),
        f"'Foo :: Bar' is not a valid classifier. {SPECIFICATION}",
    ),
    "private": (
        Form().but(classifiers=["Private :: Do Not Upload"]),
        f"'Private :: Do Not Upload' is not a valid classifier. {SPECIFICATION}",
    ),
    "direct dependency": (
        Form().but(requires_dist=["x", "pkg @ git+https://example.org/pkg"]),
        f"Can't have direct dependency: pkg @ git+https://example.org/pkg. {SPECIFICATION}",
    ),
    "two problems": (
        Form().but(version="1.0+local", classifiers=["Foo :: Bar"], summary="a\nb", metadata_version="3.0"),
        f"'3.0' is not a valid metadata version. {SPECIFICATION}",
    ),
    "new project": (
        Form().but(name="asyncio"),
        (
            "The name 'asyncio' isn't allowed (conflict with Python Standard Library module name). "
            f"See {HELP}#project-name for more information."
        ),
    ),
    "path": (renamed("../demo-0.1.0.tar.gz"), "Cannot upload a file with '/' or '\\' in the name."),
    "backslash": (renamed("..\\demo-0.1.0.tar.gz"), "Cannot upload a file with '/' or '\\' in the name."),
    "extension": (
        renamed("demo-0.1.0.rpm"),
        (
            "Invalid file extension: Use .tar.gz, .whl or .zip extension. See https://www.python.org/dev/peps/pep-0527 "
            "and https://peps.python.org/pep-0715/ for more information"
        ),
    ),
    "extension of the other type": (
        renamed("demo-0.1.0.zip", filetype="bdist_wheel", pyversion="py3"),
        (
            "Invalid file extension: Extension .zip is invalid for filetype bdist_wheel. "
            "See https://www.python.org/dev/peps/pep-0527 for more information."
        ),
    ),
    "image": (replace(Form(), content_type="image/png"), "Invalid distribution file."),
    "digest": (
        Form().but(sha256_digest="0" * 64),
        "The digest supplied does not match a digest calculated from the uploaded file.",
    ),
    "no zip": (renamed(Form().filename, b"text"), "Invalid distribution file. File is not a zipfile"),
    "no tar": (renamed("demo-0.1.0.tar.gz", b"text"), "Invalid distribution file. File is not a tarfile"),
    "cut off": (
        renamed("demo-0.1.0.tar.gz", sdist()[:-200]),
        "Invalid distribution file. None",
    ),
    "corrupt": (
        renamed(Form().filename, zipped({"demo-0.1.0.dist-info/WHEEL": "x" * 99}, stored=True).replace(b"xxx", b"xyx")),
        "Invalid distribution file. None",
    ),
    "no PKG-INFO": (
        renamed("demo-0.1.0.tar.gz", tarred({"demo-0.1.0/setup.py": "", "demo-0.1.0/a": ""})),
        "Invalid distribution file. PKG-INFO not found at demo-0.1.0/PKG-INFO",
    ),
    "two tops": (
        renamed("demo-0.1.0.tar.gz", tarred({"demo-0.1.0/PKG-INFO": "", "x/y": ""})),
        "Invalid distribution file. Incorrect number of top-level directories in sdist",
    ),
    "no WHEEL": (
        renamed(Form().filename, zipped({"demo.py": ""})),
        "Invalid distribution file. WHEEL not found at demo-0.1.0.dist-info/WHEEL",
    ),
    "no RECORD": (
        renamed(Form().filename, zipped({"demo-0.1.0.dist-info/WHEEL": ""})),
        "Wheel 'demo-0.1.0-py3-none-any.whl' does not contain the required RECORD file: demo-0.1.0.dist-info/RECORD",
    ),
    "no METADATA": (
        renamed(Form().filename, zipped({"demo-0.1.0.dist-info/WHEEL": "", "demo-0.1.0.dist-info/RECORD": ""})),
        (
            "Wheel 'demo-0.1.0-py3-none-any.whl' does not contain the required METADATA file: "
            "demo-0.1.0.dist-info/METADATA"
        ),
    ),
    "sdist name": (
        renamed("demo-pkg-0.1.0.tar.gz", sdist("demo-pkg"), name="Demo.Pkg"),
        "Filename 'demo-pkg-0.1.0.tar.gz' is invalid, should be 'demo_pkg-0.1.0.tar.gz'.",
    ),
    "sdist of another project": (
        renamed("other-0.1.0.tar.gz", sdist("other")),
        "Start filename for 'demo' with 'demo'.",
    ),
    "sdist version": (
        renamed("demo-1.0.0-alpha.tar.gz", sdist("demo", "1.0.0-alpha"), version="1.0.0-alpha"),
        "Invalid source distribution filename: demo-1.0.0-alpha.tar.gz",
    ),
    "sdist version without zeros": (
        renamed("demo-1.00.tar.gz", sdist("demo", "1.00"), version="1.00"),
        "Filename 'demo-1.00.tar.gz' is invalid, should be 'demo-1.0.tar.gz'.",
    ),
    "zip": (
        renamed("demo-0.1.0.zip", zipped({"demo-0.1.0/PKG-INFO": metadata("demo", "0.1.0"), "demo-0.1.0/a": ""})),
        "Filename 'demo-0.1.0.zip' is invalid, should be 'demo-0.1.0.tar.gz'.",
    ),
    "platform": (
        renamed("demo-0.1.0-cp312-cp312-linux_x86_64.whl"),
        "Binary wheel 'demo-0.1.0-cp312-cp312-linux_x86_64.whl' has an unsupported platform tag 'linux_x86_64'.",
    ),
    "wheel of another project": (
        renamed("other-0.1.0-py3-none-any.whl", wheel("other")),
        "Start filename for 'demo' with 'demo'.",
    ),
    "wheel name": (
        renamed("Demo-0.1.0-py3-none-any.whl", wheel("Demo")),
        "Filename 'Demo-0.1.0-py3-none-any.whl' should contain the normalized project name 'demo', not 'Demo'.",
    ),
    "wheel version": (
        renamed("demo-0.1.1-py3-none-any.whl", wheel("demo", "0.1.1")),
        "Version in filename should be '0.1.0' not '0.1.1'.",
    ),
    "license file": (
        sdist_form(metadata_version="2.4", license_file="LICENSE"),
        "License-File LICENSE does not exist in distribution file demo-0.1.0.tar.gz at demo-0.1.0/LICENSE",
    ),
    "license file of a wheel": (
        Form().but(metadata_version="2.4", license_file="LICENSE"),
        (
            "License-File LICENSE does not exist in distribution file demo-0.1.0-py3-none-any.whl at "
            "demo-0.1.0.dist-info/licenses/LICENSE"
        ),
    ),
}


@pytest.mark.parametrize("case", REFUSED_FORMS)
def test_refused_with_400(uploader: Uploader, case: str) -> None:
    form, said = REFUSED_FORMS[case]
    assert uploader.refused(form) == (400, said)
    assert uploader.rig.twins.published() == []


@pytest.mark.parametrize(
    "form",
    [
        sdist_form(),
        Form().but(version="v0.1.0"),
        Form().but(version="0.1.0.0"),
        Form().but(summary="UNKNOWN", author="UNKNOWN", project_urls=["Docs, https://example.org/docs"]),
        Form().but(classifiers=["Programming Language :: Python :: 3"], keywords="a,b", requires_dist=["x>1"]),
        renamed("demo-0.1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"),
        renamed("demo-0.1.0-cp312-cp312-macosx_11_0_arm64.whl"),
        Form().but(blake2_256_digest=""),
    ],
)
def test_accepted(uploader: Uploader, form: Form) -> None:
    answer = uploader.send(form)
    assert (answer.status_code, answer.text) == (200, "")


def test_a_file_without_a_content_type(uploader: Uploader) -> None:
    form = Form()
    boundary = "a-boundary"
    fields = [
        (name, value)
        for name, values in form.data.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="content"; filename="{form.filename}"\r\n'
    for kind, status in (("Content-Type: \r\n", 400), ("", 200)):
        assert isinstance(form.content, bytes)
        body = (
            "".join(parts).encode() + f"{head}{kind}\r\n".encode() + form.content + f"\r\n--{boundary}--\r\n".encode()
        )
        headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
        auth = ("__token__", uploader.token)
        assert uploader.job.http.post(PYPI.upload_url, content=body, headers=headers, auth=auth).status_code == status


def test_a_form_without_a_file(uploader: Uploader) -> None:
    data = {name: (None, str(value)) for name, value in Form().data.items()}
    headers = {"accept": "application/json"}
    auth = ("__token__", uploader.token)
    answer = uploader.job.http.post(PYPI.upload_url, files=data, auth=auth, headers=headers)
    assert answer.json()["code"] == "400 Upload payload does not have a file."


def test_a_control_character_in_the_name(uploader: Uploader) -> None:
    """No client that escapes it can send one."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in Form().data.items()]
    file = 'Content-Disposition: form-data; name="content"; filename="demo\x07-0.1.0-py3-none-any.whl"'
    head = f"{''.join(parts)}--x\r\n{file}\r\nContent-Type: application/octet-stream\r\n\r\n".encode()
    answer = uploader.job.http.post(
        PYPI.upload_url,
        content=head + Form().content + b"\r\n--x--\r\n",
        headers={"content-type": "multipart/form-data; boundary=x", "authorization": f"token {uploader.token}"},
    )
    assert "400 Cannot upload a file with non-printable characters (ordinals 0-31)" in answer.text


@pytest.mark.parametrize(("field", "is_taken"), [("summary", False), ("gpg_signature", True)])
def test_a_file_in_another_field(uploader: Uploader, field: str, is_taken: bool) -> None:
    files = {**Form().files, field: ("x.asc", b"x", "text/plain")}
    auth = ("__token__", uploader.token)
    answer = uploader.job.http.post(PYPI.upload_url, data=Form().data, files=files, auth=auth)
    assert (answer.status_code == 200) is is_taken
    assert is_taken or f"400 {field}: Should not be a tuple." in answer.text


@pytest.mark.parametrize(
    ("authorization", "said"),
    [
        (None, INVALID),
        ("Basic !!!", INVALID),
        ("Bearer pypi-AgEIcHlwaS5vcmc", INVALID),
        ("token x", INVALID),
        (
            httpx.BasicAuth("user", "password")._auth_header,
            (
                "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers "
                f"instead. See {HELP}#apitoken and {HELP}#trusted-publishers"
            ),
        ),
    ],
)
def test_refused_with_403(uploader: Uploader, authorization: str | None, said: str) -> None:
    headers = {"accept": "application/json", **({"authorization": authorization} if authorization else {})}
    form = Form()
    answer = uploader.job.http.post(PYPI.upload_url, data=form.data, files=form.files, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, f"403 {said}")
    assert uploader.rig.seen(FileUploaded)[-1].status == 403


@pytest.mark.parametrize("scheme", ["token", "bearer", "Bearer"])
def test_a_token_in_other_schemes(uploader: Uploader, scheme: str) -> None:
    form = Form()
    headers = {"authorization": f"{scheme} {uploader.token}"}
    assert uploader.job.http.post(PYPI.upload_url, data=form.data, files=form.files, headers=headers).is_success


def test_a_token_of_the_other_index_is_unknown(uploader: Uploader) -> None:
    assert uploader.refused(Form(), uploader.rig.twins.upload_token("testpypi")) == (403, INVALID)


class TestTokensOfPublishers:
    """A minted token is good for its publisher's projects, for fifteen minutes."""

    @staticmethod
    def mint(uploader: Uploader, job: Job | None = None, index: IndexName = "pypi") -> str:
        answer = exchange(job or uploader.job, index=index)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token

    def test_any_number_of_files(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher())
        token = self.mint(uploader)
        assert uploader.send(Form(), token).is_success
        assert uploader.send(sdist_form(), token).is_success

    def test_not_another_project(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher(project="other", environment=None))
        assert uploader.send(Form()).is_success
        half = (
            "OIDC scoped token is not valid for project 'demo', project-scoped token is not valid for project: 'demo'"
        )
        said = f"Invalid API Token: {half}, {half}"
        assert uploader.refused(sdist_form(), self.mint(uploader)) == (403, said)

    def test_no_new_project(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher(project="dem-o"))
        status, said = uploader.refused(Form(), self.mint(uploader))
        assert status == 400
        assert said.startswith("Non-user identities cannot create new projects. This was probably caused by")
        assert said.endswith(f"See: https://docs.{PYPI.main_host}/trusted-publishers/troubleshooting/")

    def test_fifteen_minutes(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher())
        token = self.mint(uploader)
        uploader.rig.clock.now += 899
        assert uploader.send(Form(), token).is_success
        uploader.rig.clock.now += 1
        said = "Invalid API Token: token is expired, token is expired"
        assert uploader.refused(sdist_form(), token) == (403, said)

    def test_given_back(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher())
        token = self.mint(uploader)
        changed = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        burn = f"https://{PYPI.upload_host}/_/oidc/burn-token"
        for text in (changed, uploader.token, "pypi-nonsense"):
            assert uploader.job.http.post(burn, json={"token": text}).status_code == 202
        assert uploader.send(Form(), token).is_success
        assert uploader.job.http.post(burn, json={"token": token}).status_code == 202
        assert uploader.refused(sdist_form(), token) == (403, INVALID)
        assert uploader.send(sdist_form()).is_success
        assert uploader.job.http.post(burn, content=b"[]").status_code == 422

    def test_not_changed(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher())
        token = self.mint(uploader)
        changed = token[:-6] + ("A" if token[-6] != "A" else "B") + token[-5:]
        assert uploader.refused(Form(), changed) == (403, "Invalid API Token: signatures do not match")

    @pytest.mark.parametrize(
        ("caveat", "said"),
        [
            ('[1,["other"]]', "project-scoped token is not valid for project: 'demo'"),
            ('[3,"pysim"]', "token with user restriction without a user"),
            ('[4,"other",null]', "current OIDC publisher does not match publisher restriction in token"),
            ("[0,1,0]", "token is expired"),
            ("[9]", "caveat has unknown tag: 9"),
            ("[]", "caveat array cannot be empty"),
            ('"x"', "caveat must be an array"),
            ("[0,1]", "Not enough values"),
            ("[[]]", "unknown error"),
            ('[0,"x",null]', "invalid values for fields"),
            ("no JSON", "unknown error"),
            ("[" * 20_000, "unknown error"),
        ],
        ids=lambda value: value[:12],
    )
    def test_narrowed_by_its_holder(self, uploader: Uploader, caveat: str, said: str) -> None:
        uploader.rig.twins.assume(publisher())
        macaroon = Macaroon.deserialize(self.mint(uploader).removeprefix("pypi-"))
        macaroon.add_first_party_caveat(caveat)
        assert uploader.refused(Form(), f"pypi-{macaroon.serialize()}") == (403, f"Invalid API Token: {said}")

    @pytest.mark.parametrize(
        ("caveat", "said"),
        [
            ('[3,"other"]', "current user does not match user restriction in token"),
            ('[4,"x",null]', "OIDC scoped token used outside of an OIDC identified request"),
        ],
    )
    def test_one_of_a_user_that_was_narrowed(self, uploader: Uploader, caveat: str, said: str) -> None:
        macaroon = Macaroon.deserialize(uploader.token.removeprefix("pypi-"))
        macaroon.add_first_party_caveat(caveat)
        assert uploader.refused(Form(), f"pypi-{macaroon.serialize()}") == (403, f"Invalid API Token: {said}")

    def test_metadata_is_judged_before_the_token(self, uploader: Uploader) -> None:
        uploader.rig.twins.assume(publisher())
        token = self.mint(uploader)
        uploader.rig.clock.now += 901
        assert uploader.refused(Form().but(version="x"), token)[1].startswith("'x' is invalid for 'version'")


class TestDuplicates:
    def test_the_identical_file_is_taken_again(self, uploader: Uploader) -> None:
        assert uploader.send(Form()).is_success
        assert uploader.send(Form()).is_success
        assert len(uploader.rig.twins.published()) == 1
        assert uploader.rig.seen(FileUploaded)[-1].message == "OK, the identical file is there already"

    def test_other_content(self, uploader: Uploader) -> None:
        uploader.send(Form())
        other = renamed(Form().filename, wheel(body="changed = True\n"))
        blake2 = other.data["blake2_256_digest"]
        said = (
            f"File already exists ('{Form().filename}', with blake2_256 hash '{blake2}'). "
            f"See {HELP}#file-name-reuse for more information."
        )
        assert uploader.refused(other) == (400, said)
        (file,) = uploader.rig.twins.published()
        assert file.path.read_bytes() == Form().content

    def test_the_same_content_under_another_name_of_any_project(self, uploader: Uploader) -> None:
        uploader.send(Form())
        form = renamed("other-0.1.0-py3-none-any.whl", Form().content, name="other")
        assert uploader.refused(form)[1].startswith(f"File already exists ('{form.filename}', ")

    def test_a_second_sdist(self, uploader: Uploader) -> None:
        assert uploader.send(sdist_form()).is_success
        other = renamed("demo-0.1.0.zip", zipped({"demo-0.1.0/PKG-INFO": ""}))
        assert uploader.refused(other) == (400, "Only one sdist may be uploaded per release.")

    def test_an_old_release(self, uploader: Uploader) -> None:
        assert uploader.send(sdist_form()).is_success
        uploader.rig.clock.now += 14 * 86400 + 1
        said = "Uploading new files to releases older than 14 days is not allowed."
        assert uploader.refused(Form()) == (400, said)


def test_a_refused_upload_leaves_no_project(uploader: Uploader) -> None:
    uploader.refused(renamed(Form().filename, b"text"))
    assert uploader.job.http.get(f"{PYPI.simple_url}demo/").status_code == 404


class TestForms:
    """How a refusal reads."""

    def test_a_page(self, uploader: Uploader) -> None:
        answer = uploader.send(Form().but(version="<b>"), accept="*/*")
        assert (answer.status_code, answer.reason_phrase) == (400, "Bad Request")
        assert answer.headers["content-type"].startswith("text/html")
        assert "<title>400 '&lt;b&gt;' is invalid for 'version'. See https://packaging" in answer.text
        assert "<b>" not in answer.text

    def test_json(self, uploader: Uploader) -> None:
        generic = "The server could not comply with the request since it is either malformed or otherwise incorrect."
        assert uploader.send(Form().but(protocol_version="2")).json() == {
            "message": f"{generic}\n\n\nUnknown protocol version.\n\n",
            "code": "400 Unknown protocol version.",
            "title": "Bad Request",
        }

    def test_text(self, uploader: Uploader) -> None:
        answer = uploader.send(Form().but(protocol_version="2"), accept="")
        assert answer.headers["content-type"].startswith("text/plain")
        assert answer.text.startswith("400 Unknown protocol version.\n\nThe server could not comply")


class TestRouting:
    def test_without_the_last_slash(self, uploader: Uploader) -> None:
        answer = uploader.job.http.post(PYPI.upload_url.rstrip("/"), data=Form().data)
        assert (answer.status_code, answer.headers["location"]) == (308, PYPI.upload_url)
        assert "the expected upload URL is /legacy/" in answer.text

    @pytest.mark.parametrize("action", ["submit", "doc_upload"])
    def test_actions_of_former_times(self, uploader: Uploader, action: str) -> None:
        assert uploader.send(Form().but(**{":action": action})).status_code == 410

    def test_an_unknown_action(self, uploader: Uploader) -> None:
        for action in ("", "nonsense"):
            answer = uploader.send(Form().but(**{":action": action}))
            assert (answer.status_code, f"<title>{PYPI.upload_host}</title>" in answer.text) == (200, True)
        assert not uploader.rig.seen(FileUploaded)

    def test_the_main_host_takes_no_uploads(self, uploader: Uploader) -> None:
        form = Form()
        for path, status in (("legacy/", 403), ("pypi", 410), ("manage/", 403)):
            url = f"https://{PYPI.main_host}/{path}"
            answer = uploader.job.http.post(url, data=form.data, files=form.files)
            assert answer.status_code == status
        for host in PYPI.former_hosts:
            assert uploader.job.http.post(f"https://{host}/legacy/", data=form.data).status_code == 403

    def test_the_upload_host_shows_no_pages(self, uploader: Uploader) -> None:
        assert "This URL is an API endpoint" in uploader.job.http.get(PYPI.upload_url).text


def test_an_archive_that_unpacks_to_far_too_much(uploader: Uploader) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo-0.1.0.dist-info/WHEEL", "")
        archive.writestr("zeros", bytes(70 << 20))
    said = "Invalid distribution file. File exceeds compression ratio of 50"
    assert uploader.refused(renamed(Form().filename, out.getvalue())) == (400, said)


def test_a_compression_that_is_not_taken(uploader: Uploader) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("demo-0.1.0.dist-info/WHEEL", "x" * 1000)
    said = "Invalid distribution file. File does not use a supported compression type"
    assert uploader.refused(renamed(Form().filename, out.getvalue())) == (400, said)


def test_a_file_that_is_both(uploader: Uploader, tmp_path: Path) -> None:
    content = sdist() + wheel()
    with tarfile.open(fileobj=io.BytesIO(sdist()), mode="r:gz") as archive:
        assert archive.getnames()
    status, said = uploader.refused(renamed(Form().filename, content))
    assert status == 400
    assert said in {
        "Invalid distribution file. File is both a zip and a tar file",
        "Invalid distribution file. None",
    }
