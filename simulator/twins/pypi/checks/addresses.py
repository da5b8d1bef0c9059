"""Whether a text is an e-mail address or a web address as the index takes them. Knows no field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Final

from rfc3986 import exceptions, uri_reference
from rfc3986.validators import Validator

_LOCAL: Final = re.compile(r"[\w!#$%&'*+\-/=?^`{|}~.]")
_DOMAIN: Final = re.compile(r"[^\W_]|[.\-]")
_RESERVED: Final = ("arpa", "invalid", "local", "localhost", "onion", "test")
_LONGEST_LOCAL: Final = 64
_BEFORE: Final = (
    "An email address cannot start with a {}.",
    "An email address cannot have a {} immediately before the @-sign.",
)
_AFTER: Final = (
    "An email address cannot have a {} immediately after the @-sign.",
    "An email address cannot end with a {}.",
)


def email_problem(text: str) -> tuple[str, str] | None:
    """The first address of a header's text and what is wrong with it, in the words of the index's validator."""
    _, address = parseaddr(text)
    problem = next(_problems(address), None) if address else None
    return (address, problem) if problem else None


def is_web_address(text: str) -> bool:
    """Whether it is an http(s) address; one without a host passes, as on the index."""
    validator = Validator().allow_schemes("http", "https").require_presence_of("scheme")
    validator = validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(text).normalize())
    except (exceptions.RFC3986Exception, ValueError):
        return False
    return True


def _problems(address: str) -> Iterator[str]:
    local, at, domain = address.rpartition("@")
    if not at:
        yield "An email address must have an @-sign."
        return
    if not local:
        yield "There must be something before the @-sign."
    if len(local) > _LONGEST_LOCAL:
        yield f"The email address is too long before the @-sign ({_too_many(len(local) - _LONGEST_LOCAL)})."
    if strange := _strange(local, _LOCAL):
        yield f"The email address contains invalid characters before the @-sign: {strange}."
    yield from _dots(local, *_BEFORE)
    if not domain:
        yield "There must be something after the @-sign."
    if strange := _strange(domain, _DOMAIN):
        yield f"The part after the @-sign contains invalid characters: {strange}."
    yield from _dots(domain, *_AFTER, marks={".": "period", "-": "hyphen"})
    if "." not in domain and domain not in _RESERVED:
        yield "The part after the @-sign is not valid. It should have a period."
    if domain.lower().rpartition(".")[2] in _RESERVED:
        yield "The part after the @-sign is a special-use or reserved name that cannot be used with email."
    if not re.search(r"[^\W\d_]\Z", domain):
        yield "The part after the @-sign is not valid. It is not within a valid top-level domain."


def _dots(part: str, start: str, end: str, *, marks: dict[str, str] | None = None) -> Iterator[str]:
    for mark, name in (marks or {".": "period"}).items():
        if part.endswith(mark):
            yield end.format(name)
        if part.startswith(mark):
            yield start.format(name)
    if ".." in part:
        yield "An email address cannot have two periods in a row."


def _strange(part: str, allowed: re.Pattern[str]) -> str:
    return ", ".join(_shown(mark) for mark in sorted(set(part)) if not allowed.match(mark))


def _shown(mark: str) -> str:
    if mark == "\\":
        return '"\\"'
    return repr(mark) if unicodedata.category(mark)[0] in "LNPS" else unicodedata.name(mark, f"U+{ord(mark):04X}")


def _too_many(count: int) -> str:
    return f"{count} character{'' if count == 1 else 's'} too many"
