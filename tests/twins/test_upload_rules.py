"""The index's own rules about an upload, each as a row: what is sent, and the words of the refusal."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Mapping
from dataclasses import replace

import pytest

from simulator.twins.pypi.store import Store

from .distributions import Form, sdist_form
from .driving import Rig
from .uploading import HELP, PYPI, SPECIFICATION, Uploader, renamed


@pytest.fixture
def sender(rig: Rig) -> Uploader:
    return Uploader(rig)


def described(text: str) -> str:
    return f"{text} {SPECIFICATION}"


NEW = Form().but(metadata_version="2.4")
METADATA: Mapping[str, tuple[Form, str]] = {
    "a version of the metadata that only tools know": (
        Form().but(metadata_version="2.6"),
        described("'2.6' is not a valid metadata version."),
    ),
    "two summaries": (Form().but(summary=["a", "b"]), described("'summary' has invalid data.")),
    "one label twice": (
        Form().but(project_urls=["Docs, https://example.org/a", "Docs, https://example.org/b"]),
        described("'project_urls' has invalid data."),
    ),
    "no label": (Form().but(project_urls=[", https://example.org"]), described("Must have a label.")),
    "long label": (
        Form().but(project_urls=[f"{'L' * 33}, https://example.org"]),
        described(f"'{'L' * 33}' must be 32 characters or less."),
    ),
    "no address": (Form().but(project_urls=["Docs"]), described("Must have a URL.")),
    "address of a project": (Form().but(project_urls=["Docs, docs/"]), described("'docs/' is not a valid url.")),
    "home page": (Form().but(home_page="ftp://example.org"), described("'ftp://example.org' is not a valid url.")),
    "script": (Form().but(home_page="javascript:x()"), described("'javascript:x()' is not a valid url.")),
    "download address": (Form().but(download_url="example.org"), described("'example.org' is not a valid url.")),
    "e-mail without an at-sign": (
        Form().but(author_email="Ann <ann.example.org>"),
        described("'ann.example.org' is not a valid email address: An email address must have an @-sign."),
    ),
    "e-mail without a domain": (
        Form().but(maintainer_email="ann@home"),
        described(
            "'ann@home' is not a valid email address: The part after the @-sign is not valid. It should have a period."
        ),
    ),
    "e-mail of a reserved domain": (
        Form().but(author_email="root@localhost"),
        described(
            "'root@localhost' is not a valid email address: "
            "The part after the @-sign is a special-use or reserved name that cannot be used with email."
        ),
    ),
    "e-mail with two dots": (
        Form().but(author_email="a..b@example.org"),
        described(
            "'a..b@example.org' is not a valid email address: An email address cannot have two periods in a row."
        ),
    ),
    "e-mail with an underscore in its domain": (
        Form().but(author_email="a@b_c.org"),
        described(
            "'a@b_c.org' is not a valid email address: The part after the @-sign contains invalid characters: '_'."
        ),
    ),
    "deprecated classifier with a successor": (
        Form().but(classifiers=["Natural Language :: Ukranian"]),
        described(
            "The classifier 'Natural Language :: Ukranian' has been deprecated, "
            "use one of ['Natural Language :: Ukrainian'] instead."
        ),
    ),
    "deprecated classifier": (
        Form().but(classifiers=["License :: OSI Approved :: Jabber Open Source License"]),
        described("The classifier 'License :: OSI Approved :: Jabber Open Source License' has been deprecated."),
    ),
    "an unknown classifier goes first": (
        Form().but(classifiers=["Natural Language :: Ukranian", "Zoo"]),
        described("'Zoo' is not a valid classifier."),
    ),
    "license and license expression": (
        NEW.but(license="MIT", license_expression="MIT"),
        described(
            "License is deprecated when License-Expression is present. Only License-Expression should be present."
        ),
    ),
    "license expression": (NEW.but(license_expression="foo"), described("'foo' is invalid for 'license-expression'.")),
    "license file above": (
        NEW.but(license_file="../LICENSE"),
        described("'../LICENSE' is invalid for 'license-file', parent directory indicators are not allowed."),
    ),
    "license file pattern": (
        NEW.but(license_file="LIC*"),
        described("'LIC*' is invalid for 'license-file', paths must be resolved."),
    ),
    "extra": (NEW.but(provides_extra=["foo!"]), described("'foo!' is invalid for 'provides-extra'.")),
    "requirement": (Form().but(requires_dist=["foo!!"]), described("'foo!!' is invalid for 'requires-dist'.")),
    "requirement by another name": (
        Form().but(obsoletes_dist=["x @ https://example.org/x"]),
        described("Can't have direct dependency: 'x @ https://example.org/x'."),
    ),
    "dynamic name": (NEW.but(dynamic="name"), described("'name' is not allowed as a dynamic field.")),
    "dynamic nonsense": (NEW.but(dynamic="foo"), described("'foo' is not a valid dynamic field.")),
    "charset of the description": (
        Form().but(description_content_type="text/plain; charset=latin1"),
        described("'description-content-type' can only specify the UTF-8 charset, not 'latin1'."),
    ),
    "packaging's rules before the index's own": (
        Form().but(version="1.0+local", summary="a\nb"),
        described("'summary' must be a single line."),
    ),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata(sender: Uploader, case: str) -> None:
    form, said = METADATA[case]
    assert sender.refused(form) == (400, said)


@pytest.mark.parametrize(
    "fields",
    [
        {"author_email": "Ann Author <ann@example.org>, b@example.org", "maintainer_email": "UNKNOWN"},
        {"author_email": "a+b.c@mail.example.co.uk", "home_page": "https://example.org/~a/?b=c#d"},
        {"home_page": "http://localhost:8000/", "download_url": "https://a_b.example.org"},
        {"project_urls": [f"{'L' * 32}, https://example.org", "Docs, https://example.org/a,b"]},
        {"metadata_version": "2.5", "license_expression": "MIT OR Apache-2.0"},
        {"license": "MIT", "provides_dist": ["x (>1)"]},
    ],
)
def test_metadata_that_is_taken(sender: Uploader, fields: Mapping[str, str]) -> None:
    answer = sender.send(Form().but(**fields))
    assert (answer.status_code, answer.text) == (200, "")


RST = "Demo\n====\n\n.. code:: python\n\n    print(1)\n\n`docs <https://example.org>`_\n"
SEE_RENDERING = f"See {HELP}#description-content-type for more information."


@pytest.mark.parametrize("text", ["Demo\n==\n\n.. nonsense::\n", "Demo\n\n.. raw:: html\n\n   <b>x</b>\n", ":x:`y`"])
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("", "in the default format of reStructuredText"),
        ("text/x-rst", "for 'text/x-rst'"),
        ("text/x-rst; charset=UTF-8", "for 'text/x-rst; charset=UTF-8'"),
    ],
)
def test_a_description_that_does_not_render(sender: Uploader, text: str, kind: str, place: str) -> None:
    form = Form().but(description=text, description_content_type=kind)
    assert sender.refused(form) == (400, f"The description failed to render {place}. {SEE_RENDERING}")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RST, ""),
        (RST, "text/x-rst"),
        (".. nonsense::", "text/markdown; charset=UTF-8; variant=GFM"),
        (".. nonsense::", "text/plain"),
        ("", ""),
    ],
)
def test_a_description_that_renders(sender: Uploader, text: str, kind: str) -> None:
    answer = sender.send(Form().but(description=text, description_content_type=kind))
    assert (answer.status_code, answer.text) == (200, "")


LIMITS = f"https://docs.{PYPI.main_host}/project-management/storage-limits"


def kept(rig: Rig) -> Store:
    """The index of the run, as its twin keeps it."""
    return Store(rig.settings.folder / "index" / "pypi")


def test_a_file_of_more_than_a_hundred_megabytes(sender: Uploader) -> None:
    said = (
        "File too large. Limit for project 'demo' is 100 MB. "
        f"See {LIMITS}#requesting-a-file-size-limit-increase for more information."
    )
    assert sender.refused(renamed(Form().filename, bytes((100 << 20) + 1))) == (400, said)


def test_a_project_of_more_than_ten_gigabytes(sender: Uploader) -> None:
    assert sender.send(Form()).is_success
    with kept(sender.rig).transaction() as catalogue:
        (file,) = catalogue.files("demo")
        catalogue.add_file(replace(file, filename="large", blake2_256="", size=(10 << 30) - file.size - 1))
    said = (
        "Project size too large. Limit for project 'demo' total size is 10 GB. "
        f"See {LIMITS}#requesting-a-project-size-limit-increase"
    )
    assert sender.refused(sdist_form()) == (400, said)


def test_the_name_of_a_deleted_file(sender: Uploader) -> None:
    with contextlib.closing(sqlite3.connect(kept(sender.rig).packages.parent / "index.sqlite3")) as database, database:
        database.execute("INSERT INTO burnt VALUES (?)", (Form().filename,))
    said = (
        "This filename was previously used by a file that has since been deleted. Use a different version. "
        f"See {HELP}#file-name-reuse for more information."
    )
    assert sender.refused(Form()) == (400, said)
    assert sender.send(sdist_form()).is_success


def test_a_description_that_cannot_be_rendered_within_bounds(sender: Uploader) -> None:
    nested = "\n".join(f"{'  ' * depth}- a\n" for depth in range(400))
    status, said = sender.refused(Form().but(description=nested, description_content_type="text/x-rst"))
    bounds = "within the bounds of pysim: 2 seconds and 256 MB of memory. The index's answer is not known."
    assert (status, said) == (400, f"The description cannot be rendered {bounds}")
    assert sender.send(Form().but(description=RST)).status_code == 200


@pytest.mark.parametrize("field", ["provides_dist", "obsoletes_dist", "requires_dist"])
def test_brackets_without_end(sender: Uploader, field: str) -> None:
    status, said = sender.refused(Form().but(**{field: ["a; " + "(" * 20_000]}))
    assert status == 400
    assert "is invalid" in said
