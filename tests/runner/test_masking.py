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


SINGLE = "it's /a b+c\u00e9&x"


@pytest.mark.parametrize(
    "shown",
    [
        base64.b64encode(SINGLE.encode()).decode(),
        base64.urlsafe_b64encode(b"user:\xff?\xff" + SINGLE.encode()).decode(),
        base64.b64encode(f"x-access-token:{SINGLE}".encode()).decode(),
        SINGLE.replace("'", "''"),
        json.dumps(SINGLE),
        json.dumps(SINGLE).replace("/", "\\/"),
        urllib.parse.quote(SINGLE, safe=""),
        urllib.parse.quote(SINGLE),
        urllib.parse.quote(SINGLE, safe="'"),
        urllib.parse.quote(SINGLE, safe="").lower(),
        urllib.parse.quote_plus(SINGLE),
        SINGLE.replace("&", "&amp;"),
        SINGLE.replace("&", "&amp;").replace("'", "&apos;"),
        SINGLE.replace("&", "&amp;").replace("'", "&#39;"),
        f"  {SINGLE}  ",
    ],
)
def test_forms_of_another_secret(shown: str) -> None:
    masked = Masker([f"{SINGLE}\n"]).mask(shown)
    assert "***" in masked
    rest = masked.replace("***", "")
    assert not any(part in rest for part in ("it", "b+c", "b%2", "/a", "%2F")), masked


@pytest.mark.parametrize(
    ("secret", "shown", "masked"),
    [
        ('"quoted-value"', "quoted-value", "***"),
        ('"short"', "short", "short"),
        ("first-part&second-part", "first-part& x second-part", "*** x ***"),
        ("first-part&+second-part", "first-part&+ x econd-part", "*** x ***"),
        ("ab&cd", "ab& cd", "ab& cd"),
        ("first-part&second&third-part", "first-part&second& third-part", "*** ***"),
        ("a", "abba", "***bb***"),
        ("Sup3rSecret_Token-X", "sup3rsecret_token-x.example.org:443", "***.example.org:443"),
        ("Api.Example.ORG", "api.example.org", "***"),
        ("Short", "short", "short"),
        ("No Host Name", "no host name", "no host name"),
        ("one two", "one two", "***"),
    ],
)
def test_parts_of_secrets(secret: str, shown: str, masked: str) -> None:
    assert Masker([secret]).mask(shown) == masked


@pytest.mark.parametrize(
    ("secret", "text", "masked"),
    [
        ("1", "Main M E= MQ== x1", "Main M E= *** x***"),
        ("v1", "djE= is v1 and MQ== its end", "*** is *** and *** its end"),
        ("true", "True dHJ1ZQ== truetype", "True *** ***type"),
    ],
)
def test_a_short_secret_hides_no_more_than_at_github(secret: str, text: str, masked: str) -> None:
    assert Masker([secret]).mask(text) == masked


def test_masks_that_touch_become_one() -> None:
    assert Masker(["abc", "xyz"]).mask("abcxyz abc xyz") == "*** *** ***"


def test_a_longer_secret_hides_whole_where_a_shorter_one_begins_it() -> None:
    assert Masker(["token", "token-with-more", "with"]).mask("a token-with-more b token") == "a *** b ***"


def test_text_that_no_log_can_hold() -> None:
    assert Masker(["a\ud800b"]).mask("x\udfffsecret") == "x?secret"


def test_many_secrets_and_a_very_long_one() -> None:
    masker = Masker([f"secret-number-{n}" for n in range(300)])
    masker.add("\n".join(f"line {n} of a key" for n in range(300)))
    assert masker.mask("x secret-number-299 line 7 of a key") == "x *** ***"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
def test_a_secret_is_masked_inside_longer_base64(before: str) -> None:
    secret = "s3cr3t-value-0123456789"
    encoded = base64.b64encode(f"{before}{secret}:tail".encode()).decode()
    masked = Masker([secret]).mask(encoded)
    assert masked.count("***") == 1
    assert len(masked.replace("***", "")) <= len(encoded) - len(secret)
    assert len(masked) < len(encoded) / 2


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
