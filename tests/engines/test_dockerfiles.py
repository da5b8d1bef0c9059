"""What pysim makes of a Dockerfile before the daemon sees it."""

from __future__ import annotations

import base64
import json

import pytest

from simulator.engines.base import ContainerError
from simulator.engines.builds import logins
from simulator.engines.dockerfiles import bases, check, prepare

FETCHED = (
    "ADD https://example.org/x /x",
    'add ["https://example.org/x", "/x"]',
    "ADD \\\n  https://example.org/x /x",
    "ADD git@example.org:a/b.git /x",
    "ARG A=https://example.org\nADD $A /x",
    "ADD \\\n# a comment\n $A /x",
    "ONBUILD ADD https://example.org/x /x",
    "RUN true \\\u00a0\nADD https://example.org/x /x",
    "RUN true \x0b\\\x0b\nADD https://example.org/x /x",
    "LABEL a=<<EOF\nADD https://example.org/x /x\nEOF",
    "RUN true # \\ \nADD https://example.org/x /x",
)


@pytest.mark.parametrize("line", FETCHED)
def test_nothing_is_fetched_by_the_daemon(line: str) -> None:
    for text in (f"FROM a\n{line}\n", f"\ufeff{line}\n", f"FROM a\r\n{line}".replace("\n", "\r\n")):
        with pytest.raises(ContainerError, match="ADD from an address"):
            check(text, "Dockerfile")


@pytest.mark.parametrize(
    "line",
    [
        "RUN --mount=type=cache,target=/x true",
        "COPY --link a b",
        "run cat <<EOF > x\nFROM\nEOF",
        "copy <<-'eof' /x\neof",
    ],
)
def test_buildkit_is_refused(line: str) -> None:
    with pytest.raises(ContainerError, match="BuildKit"):
        check(f"FROM a\n{line}\n", "Dockerfile")


def test_other_files_pass() -> None:
    check("FROM a\nADD x.tar /\nRUN apk \\\n  add --no-cache $X\nRUN curl https://example.org <x\n", "Dockerfile")
    with pytest.raises(ContainerError, match="escape"):
        check("# escape=`\nFROM a\n", "Dockerfile")


def test_the_images_below() -> None:
    text = """
ARG VERSION=3.12
FROM python:${VERSION} AS Build
RUN echo \\
FROM not-this
FROM --platform=x scratch as second
COPY --from=build /a /b
COPY --chown=1 --from=tools:1 /a /b
COPY --from=0 /a /b
FROM SECOND
"""
    assert list(bases(text, {"tools:1": "mine"})) == ["python:3.12", "mine"]


def test_every_stage_gets_the_certificates() -> None:
    text = prepare(
        "FROM a AS one\nRUN x \\\n  from y\nFROM one\n", certificates="ca", variables={"A": "b"}, images={"a": "mine"}
    )
    assert text.split("\n") == [
        "FROM mine AS one", "COPY ca /run/pysim/ca.pem", 'ARG A="b"', "RUN x \\", "  from y",
        "FROM one", "COPY ca /run/pysim/ca.pem", 'ARG A="b"', "", "",
    ]  # fmt: skip


def test_a_build_of_a_job_pulls_as_the_job_alone() -> None:
    given = {"r.example:5000": {"username": "me", "password": "p"}, "https://index.docker.io/v1/": {"username": "hub"}}
    login = logins(base64.urlsafe_b64encode(json.dumps(given).encode()).decode())
    names = ("r.example:5000/a/b", "python:3", "library/python", "other.example/x")
    assert [login(name).username for name in names] == ["me", "hub", "hub", ""]
    assert logins("")("python").username == ""
