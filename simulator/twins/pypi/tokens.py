"""Upload tokens: macaroons of the index's own layout, with its caveats and its words. Knows no request."""

from __future__ import annotations

import base64
import enum
import json
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from pymacaroons import Macaroon, Verifier
from pymacaroons.exceptions import MacaroonException

from simulator.twins.pypi.catalogue import Catalogue, Project, Token
from simulator.twins.pypi.publishers import Registration

PREFIX: Final = "pypi-"
LIFETIME: Final = 900  # seconds that a token from an exchange lives
USER: Final = "pysim"
"""The one user whose tokens are known."""
PURGED_AT: Final = 6 * 3600  # seconds after midnight, UTC
_DAY: Final = 86_400
Caveat = Sequence[Any]


class CaveatTag(enum.IntEnum):
    """The first value of a caveat: its kind, as pypi/warehouse numbers it (warehouse/macaroons/caveats/__init__.py)."""

    EXPIRATION = 0
    PROJECT_NAME = 1
    PROJECT_ID = 2
    REQUEST_USER = 3
    OIDC_PUBLISHER = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who uploads: a token that is known, and the macaroon that was shown."""

    token: Token
    macaroon: Macaroon

    @property
    def is_user(self) -> bool:
        """Whether a user made the token, and so may create projects with it."""
        return self.token.publisher is None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Use:
    """What a token is used for."""

    token: Token
    project: Project
    now: float


def mint_for_publisher(
    catalogue: Catalogue, location: str, row: Registration, projects: Sequence[Project], now: float
) -> tuple[str, int]:
    """A token for a publisher's projects, and when it expires."""
    start = int(now)
    caveats: list[Caveat] = [
        [CaveatTag.OIDC_PUBLISHER, row.id, None],
        [CaveatTag.PROJECT_ID, [project.id for project in projects]],
        [CaveatTag.EXPIRATION, start + LIFETIME, start],
    ]
    names = [project.name for project in projects]
    return _mint(catalogue, location, caveats, publisher=row.id, projects=names), start + LIFETIME


def mint_for_user(catalogue: Catalogue, location: str, projects: Sequence[Project] = ()) -> str:
    """A token of the user: for everything, or for some projects alone."""
    names, ids = [project.name for project in projects], [project.id for project in projects]
    of_projects: list[Caveat] = [[CaveatTag.PROJECT_NAME, names], [CaveatTag.PROJECT_ID, ids]]
    caveats = of_projects if projects else [[CaveatTag.REQUEST_USER, USER]]
    return _mint(catalogue, location, caveats, publisher=None, projects=names)


def share(text: str, catalogue: Catalogue, other: Catalogue) -> None:
    """Let another index know a token of this one, too."""
    identity = identify(catalogue, text, 0)
    assert identity is not None
    other.add_token(identity.token)


def identify(catalogue: Catalogue, text: str, now: float) -> Identity | None:
    """The token behind a text; None when it is none of this index's, or is not known any more."""
    if not text.startswith(PREFIX):
        return None
    try:
        macaroon = Macaroon.deserialize(text.removeprefix(PREFIX))
        identifier = macaroon.identifier
    except Exception:  # noqa: BLE001 - of garbage pymacaroons raises any kind, Exception itself among them (its issue 50)
        return None
    name = identifier.decode(errors="replace") if isinstance(identifier, bytes) else str(identifier)
    token = catalogue.token(name)
    return Identity(token=token, macaroon=macaroon) if token and not _is_purged(token, now) else None


def is_genuine(identity: Identity) -> bool:
    """Whether the macaroon was made with the key of its record."""
    verifier = Verifier()
    verifier.satisfy_general(lambda _caveat: True)
    try:
        return bool(verifier.verify(identity.macaroon, identity.token.key))
    except (MacaroonException, ValueError):  # the latter for a text that is none
        return False


def failures(identity: Identity, project: Project, now: float) -> Sequence[str]:
    """What is wrong with using a token for a project: every failing caveat of it and of its record.

    A caveat that cannot be read at all ends the reading. The signature is spoken of when nothing else is wrong.
    """
    use = _Use(token=identity.token, project=project, now=now)
    said: list[str] = []
    try:
        shown = (json.loads(caveat.caveat_id) for caveat in identity.macaroon.caveats)
        said.extend(text for caveat in chain(shown, identity.token.caveats) if (text := _failure(caveat, use)))
    except (TypeError, ValueError, RecursionError):
        return said or ["unknown error"]
    return said or ([] if is_genuine(identity) else ["signatures do not match"])


def password(authorization: str | None) -> str | None:
    """The token of an Authorization header, or the password of Basic; None when there is none to be read.

    Raises PermissionError for Basic with a user that is not `__token__`.
    """
    scheme, _, value = (authorization or "").partition(" ")
    match scheme.lower():
        case "token" | "bearer":
            return value.strip()
        case "basic":
            try:
                user, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except ValueError:  # no Base64, or no UTF-8 in it
                return None
            if user != "__token__":
                raise PermissionError(user)
            return secret.strip()
        case _:
            return None


def _mint(
    catalogue: Catalogue, location: str, caveats: Sequence[Caveat], *, publisher: str | None, projects: Sequence[str]
) -> str:
    key, identifier = secrets.token_bytes(32), str(uuid.uuid4())
    macaroon = Macaroon(location=location, identifier=identifier, key=key, version=2)
    for caveat in caveats:
        macaroon.add_first_party_caveat(json.dumps(caveat, separators=(",", ":")))
    catalogue.add_token(Token(id=identifier, key=key, caveats=caveats, publisher=publisher, projects=projects))
    return f"{PREFIX}{macaroon.serialize()}"


def _is_purged(token: Token, now: float) -> bool:
    """Whether a token from an exchange was a day old at six in the morning (UTC), when such are deleted."""
    made = next((caveat[2] for caveat in token.caveats if caveat[0] == CaveatTag.EXPIRATION), None)
    if token.publisher is None or made is None:
        return False
    last = (now - PURGED_AT) // _DAY * _DAY + PURGED_AT
    return bool(made < last - _DAY)


def _failure(caveat: object, use: _Use) -> str | None:
    """What is wrong with a caveat. Raises TypeError for a tag that can be none."""
    if not isinstance(caveat, list | tuple):
        return "caveat must be an array"
    if not caveat:
        return "caveat array cannot be empty"
    tag, *values = caveat
    if tag not in _CAVEATS:
        return f"caveat has unknown tag: {tag}"
    rule = _CAVEATS[tag]
    if len(values) < len(rule.fields):
        return "Not enough values"
    values = values[: len(rule.fields)]
    if not all(fits(value) for fits, value in zip(rule.fields, values, strict=True)):
        return "invalid values for fields"
    return rule.failure(use, *values)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _expiration(use: _Use, expires_at: int, not_before: int) -> str | None:
    return None if not_before <= int(use.now) < expires_at else "token is expired"


def _project_name(use: _Use, names: Sequence[str]) -> str | None:
    wrong = f"project-scoped token is not valid for project: {use.project.display!r}"
    return None if use.project.name in names else wrong


def _project_id(use: _Use, ids: Sequence[str]) -> str | None:
    wrong = f"project-scoped token is not valid for project: {use.project.display!r}"
    return None if use.project.id in ids else wrong


def _request_user(use: _Use, user: str) -> str | None:
    if use.token.publisher is not None:
        return "token with user restriction without a user"
    return None if user == USER else "current user does not match user restriction in token"


def _oidc_publisher(use: _Use, publisher: str) -> str | None:
    if use.token.publisher is None:
        return "OIDC scoped token used outside of an OIDC identified request"
    if use.token.publisher != publisher:
        return "current OIDC publisher does not match publisher restriction in token"
    wrong = f"OIDC scoped token is not valid for project {use.project.display!r}"
    return None if use.project.name in use.token.projects else wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """A kind of caveat: what its values must be, and what is wrong with them for a use. More values are not read."""

    fields: Sequence[Callable[[object], bool]]
    failure: Callable[..., str | None]


_CAVEATS: Final[Mapping[int, _Rule]] = {
    CaveatTag.EXPIRATION: _Rule(fields=(_is_number, _is_number), failure=_expiration),
    CaveatTag.PROJECT_NAME: _Rule(fields=(_are_texts,), failure=_project_name),
    CaveatTag.PROJECT_ID: _Rule(fields=(_are_texts,), failure=_project_id),
    CaveatTag.REQUEST_USER: _Rule(fields=(_is_text,), failure=_request_user),
    CaveatTag.OIDC_PUBLISHER: _Rule(fields=(_is_text,), failure=_oidc_publisher),
}
