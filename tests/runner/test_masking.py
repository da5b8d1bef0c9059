"""Secrets never reach a log, in whatever form."""

from __future__ import annotations

import base64
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.runner.masking import Masker

SECRET = 'pa"ss wörd&1'


@pytest.mark.parametrize(
    "shown",
    [
        SECRET,
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        urllib.parse.quote(SECRET, safe=""),
        SECRET.replace('"', '\\"'),
        SECRET.replace("&", "&amp;").replace('"', "&quot;"),
    ],
)
def test_a_secret_is_masked_in_every_encoding(shown: str) -> None:
    masked = Masker([SECRET]).mask(f"before {shown} after")
    assert "***" in masked
    assert "wörd" not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_is_masked_inside_longer_base64(before: str) -> None:
    secret = "s3cr3t-value-0123456789"
    encoded = base64.b64encode(f"{before}{secret}:tail".encode()).decode()
    masked = Masker([secret]).mask(encoded)
    assert masked.count("***") == 1
    assert len(masked.replace("***", "")) <= len(encoded) - len(secret)


def test_each_line_of_a_secret_is_masked() -> None:
    masker = Masker(["first line\nsecond line\n"])
    assert masker.mask("x second line y") == "x *** y"


def test_overlapping_secrets_become_one_mask() -> None:
    assert Masker(["abcdef", "defghi"]).mask("-abcdefghi-") == "-***-"


def test_a_child_knows_its_parents_secrets_and_keeps_its_own() -> None:
    parent = Masker(["parents"])
    child, other = parent.child(), parent.child()
    child.add("childs")
    parent.add("later")
    assert child.mask("parents childs later") == "*** *** ***"
    assert other.mask("parents childs later") == "*** childs ***"
    assert child.holds("a childs")
    assert not parent.holds("a childs")


def test_an_empty_secret_masks_nothing() -> None:
    assert Masker(["", "\n"]).mask("plain text") == "plain text"


@given(st.text(min_size=1).filter(str.strip), st.text(), st.text())
def test_no_line_of_a_secret_survives(secret: str, before: str, after: str) -> None:
    masker = Masker([secret])
    for line in secret.splitlines():
        if line.strip() and "*" not in line:
            assert line not in masker.mask(before + secret + after).replace("***", "") or line in before + after
