"""What pysim makes of a Dockerfile before the daemon sees it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence

import pytest

from simulator.engines.base import ContainerError, ContainerImage
from simulator.engines.builds import logins
from simulator.engines.dockerfiles import check_platform, rewrite

HERE: Mapping[str, Sequence[str]] = {
    "a": (), "b:1": (), "tools:1": (), "python:3.12": (), "127.0.0.1:9/x": (), "runs": ("RUN true",),
    "copies": ("COPY --from=build /a /b",), "numbered": ("COPY --from=0 /a /b",),
    "fetches": ("ADD http://127.0.0.1/x /x",), "quotes": ('add "htt"p://127.0.0.1/x /x',),
    "pulls": ("COPY --from=127.0.0.1:9/x /a /b",), "lines": ("RUN true\nADD http://127.0.0.1/x /x",),
    "listed": ('ADD ["\\u0068ttp://127.0.0.1/x", "/x"]',), "given": ("ADD $X /x",), "plain": ("ADD x.tar /x",),
}  # fmt: skip


def written(text: str, arguments: Mapping[str, str] | None = None) -> tuple[list[str], list[str]]:
    """The lines that the daemon gets, and the images that were asked for."""
    asked: list[str] = []

    def image(name: str) -> ContainerImage:
        asked.append(name)
        return ContainerImage(id=f"sha256:id-of-{name}", environment={}, triggers=HERE[name])

    lines = rewrite(text, "Dockerfile", image=image, arguments=arguments or {}, first=["LABEL x"])
    return lines.removesuffix("\n").split("\n"), asked


@pytest.mark.parametrize(
    "line",
    [
        "ADD https://example.org/x /x",
        'add ["https://example.org/x", "/x"]',
        "ADD \\\n  https://example.org/x /x",
        "AD\\\nD https://example.org/x /x",
        "ADD htt\\\nps://example.org/x /x",
        "ADD http:/\\\n# a comment\n\n/example.org/x /x",
        "ADD http:\\/\\/example.org/x /x",
        'ADD "http:"//example.org/x /x',
        "ADD 'http'://example.org/x /x",
        'ADD ["\\u0068ttp://example.org/x", "/x"]',
        'ADD ["http:\\\\/\\\\/example.org/x", "/x"]',
        "ADD --chown=1:1 https://example.org/x /x",
        "ADD a HTTPS://example.org/x /x/",
        "ADD git@example.org:a/b.git /x",
        "ADD github.com/a/b.git /x",
        "ARG A=https://example.org\nADD $A /x",
        "ENV A=https://example.org\nADD ${A} /x",
        "ADD \\\n# a comment\n $A /x",
        "ONBUILD ADD https://example.org/x /x",
        "onbuild\tadd https://example.org/x /x",
        "LABEL a=<<EOF\nADD https://example.org/x /x\nEOF",
    ],
)
def test_nothing_is_fetched_by_the_daemon(line: str) -> None:
    for text in (f"FROM a\n{line}\n", f"\ufeffFROM a\r\n{line}".replace("\n", "\r\n")):
        with pytest.raises(ContainerError, match="ADD from an address"):
            written(text)


@pytest.mark.parametrize(
    "text",
    [
        "# escape=`\nFROM a\nADD http:`/`/example.org/x /x\n",
        "# escape=`\nFROM a\nADD http:/`\n/example.org/x /x\n",
        "# syntax=docker/dockerfile:1\n#escape = ` \nFROM a\nRUN true \\\nADD http://example.org/x /x\n",
    ],
)
def test_the_escape_directive_is_read(text: str) -> None:
    with pytest.raises(ContainerError, match="ADD from an address"):
        written(text)


def test_the_escape_directive_is_kept() -> None:
    text = "# Escape = `\n# a comment\nFROM a\nRUN one `\n  # a comment\n\n  two\nRUN a\\\n"
    assert written(text)[0] == ["# escape=`", "FROM id-of-a", "LABEL x", "RUN one   two", "RUN a\\"]
    assert written("# a comment\n# escape=`\nFROM a\nRUN a`\n")[0][-1] == "RUN a`"
    with pytest.raises(ContainerError, match="escape directive"):
        written("# escape=x\nFROM a\n")


@pytest.mark.parametrize(
    "line",
    [
        "RUN --mount=type=cache,target=/x true",
        "RUN --mount=type=bind,from=127.0.0.1:9/x,target=/x true",
        "COPY --link a b",
        "ADD --checksum=sha256:0 a b",
        "COPY \"--link\" a b\nRUN --network=host x",
        "COPY --fr\\om=x a b",
        "run cat <<EOF > x\nFROM\nEOF",
        "copy <<-'eof' /x\neof",
        "RUN 3<<_E cat\n_E",
    ],
)  # fmt: skip
def test_buildkit_is_refused(line: str) -> None:
    with pytest.raises(ContainerError, match="BuildKit"):
        written(f"FROM a\n{line}\n")


def test_the_language_of_another_frontend_is_refused() -> None:
    with pytest.raises(ContainerError, match="BuildKit for the syntax of "):
        written("# syntax=example.org/mine\nFROM a\n")
    assert written("#syntax=docker/dockerfile:1.4\nFROM a\n")[0] == ["FROM id-of-a", "LABEL x"]


def test_all_images_are_ids_that_were_looked_up() -> None:
    text = """
ARG VERSION=3.12 NAME=pyt"ho"n
FROM ${NAME}:${VERSION:-3} AS Build
RUN echo \\
FROM not-this
FR\\
OM --platform=$BUILDPLATFORM "127.0.0.1:\\
9/x" as second
COPY --from=build /a /b
copy --chown=1 --from=tools:1 /a $X
COPY --from=\\
b:1 ["/a", "/b"]
COPY --from=0 /a /b
FROM scratch
FROM SECOND
"""
    lines, asked = written(text)
    assert asked == ["python:3.12", "127.0.0.1:9/x", "tools:1", "b:1"]
    assert [line for line in lines if line != "LABEL x"] == [
        'ARG VERSION=3.12 NAME=pyt"ho"n',
        "FROM id-of-python:3.12 AS build",
        "RUN echo FROM not-this",
        "FROM id-of-127.0.0.1:9/x AS second",
        "COPY --from=0 /a /b",
        "COPY --chown=1 --from=id-of-tools:1 /a $X",
        'COPY --from=id-of-b:1 ["/a", "/b"]',
        "COPY --from=0 /a /b",
        "FROM scratch",
        "FROM second",
    ]
    assert written("ARG V\nFROM b:$V\n", {"V": "1", "W": "2"})[1] == ["b:1"]


def test_every_stage_begins_with_the_given_instructions() -> None:
    lines, _ = written("FROM a AS one\nADD x.tar 'y z' /\nFROM one\n".replace("'y z' ", ""))
    assert lines == ["FROM id-of-a AS one", "LABEL x", 'ADD ["x.tar", "/"]', "FROM one", "LABEL x"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("FROM a\nCOPY --from=$X /a /b\n", "takes for no image"),
        ("FROM a\nCOPY --from=1 /a /b\n", "none before it"),
        ("FROM a\nRUN true \\\\\nADD http://example.org/x /x\n", "versions of Docker read differently"),
        ("FROM a\nRUN true \\\u00a0\nADD x /x\n", "with nothing behind it"),
        ("FROM a\nFROM${X}\n", "does not know"),
        ("FROM a as\n", "a FROM that Docker does not take"),
        ("FROM ${X${Y}}\n", "cannot read"),
        ("FROM --platform=linux/s390x a\n", "platform linux/s390x cannot be built for"),
        ("FROM a\nONBUILD ONBUILD ADD http://example.org /x\n", "ONBUILD behind another"),
        ("FROM a AS one\nONBUILD COPY --from=127.0.0.1:9/x /a /b\nFROM one\n", "does not carry out"),
        ("FROM copies\n", "does not carry out"),
        ("FROM a\nFROM pulls\n", "does not carry out"),
        ("FROM lines\n", "does not carry out"),
        ("FROM quotes\n", "does not carry out"),
        ("FROM fetches\n", "ADD from an address"),
        ("FROM listed\n", "ADD from an address"),
        ("FROM given\n", "ADD from an address"),
    ],
)
def test_what_cannot_be_told_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ContainerError, match=reason):
        written(text)


def test_other_files_pass() -> None:
    written("FROM a\nADD x.tar /\nRUN apk \\\n  add --no-cache $X\nRUN curl https://example.org <x; : $((1 << 3))\n")
    written("FROM runs\nFROM plain\nFROM a AS build\nFROM copies\nFROM numbered\n")
    written("FROM a AS one\nONBUILD COPY --from=one /a /b\nONBUILD RUN true\nFROM one\n")
    check_platform("")


def test_a_build_of_a_job_pulls_as_the_job_alone() -> None:
    given = {"r.example:5000": {"username": "me", "password": "p"}, "https://index.docker.io/v1/": {"username": "hub"}}
    login = logins(base64.urlsafe_b64encode(json.dumps(given).encode()).decode())
    names = ("r.example:5000/a/b", "python:3", "library/python", "other.example/x")
    assert [login(name).username for name in names] == ["me", "hub", "hub", ""]
    assert logins("")("python").username == ""
