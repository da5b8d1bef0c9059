"""The exchange of an ID token for an upload token: the index's checks in its order, and its words.

Also says what was compared, for the report. Knows no route.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import jwt
from packaging.utils import canonicalize_name

from simulator.indexes import Index
from simulator.publisher_records import PublisherForm
from simulator.run_events import EventSink, Notice, TokenExchanged
from simulator.twins.bodies import parse_json
from simulator.twins.oidc import ISSUER
from simulator.twins.pypi.catalogue import Catalogue, Flag, Project
from simulator.twins.pypi.creation import are_alike, check_new_name
from simulator.twins.pypi.keyring import Keyring
from simulator.twins.pypi.mails import pending_lost, pending_used, wide_publisher
from simulator.twins.pypi.publisher_form import form_of
from simulator.twins.pypi.publishers import (
    Claims,
    NoPublisherError,
    Publishers,
    Registration,
    ReusedTokenError,
    look_up,
)
from simulator.twins.pypi.real_projects import RealProjects
from simulator.twins.pypi.refusals import RequestRefusedError
from simulator.twins.pypi.store import Store
from simulator.twins.pypi.tokens import identify, is_genuine, mint_for_publisher
from simulator.twins.records import Clock

LEEWAY: Final = 30  # seconds
REMEMBERED: Final = 35  # seconds that a used ID token is remembered beyond its own end
_USED: Final = "invalid token: already used"


class MintError(Exception):
    """The exchange is refused: the code of the error, and its description."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code


@dataclass(frozen=True, kw_only=True, slots=True)
class Minting:
    """The exchange of one index; `named` says whether anybody told the repository's owner at GitHub."""

    index: Index
    store: Store
    publishers: Publishers
    keyring: Keyring
    emit: EventSink
    clock: Clock
    real: RealProjects
    named: bool = True

    @property
    def is_open(self) -> bool:
        """Whether the index has trusted publishing turned on."""
        return not self._has(Flag.NO_TRUSTED_PUBLISHING)

    def exchange(self, body: bytes, job_id: str) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON that answer a request of a job."""
        claims: Claims = {}
        try:
            token = _payload(body)
            claims = _unverified(token)
            self._verify(token, claims)
            row, minted, expires = self._mint(claims)
        except MintError as error:
            self._tell(job_id, claims, None, str(error))
            errors = [{"code": error.code, "description": str(error)}]
            return 422, {"message": "Token request failed", "errors": errors}
        self._tell(job_id, claims, row, None)
        if claims.get("environment") and not row.environment and len(row.projects) == 1:
            self.emit(wide_publisher(row.projects[0], str(claims["environment"])))
        return 200, {"success": True, "token": minted, "expires": expires}

    def burn(self, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Forget an upload token that an exchange gave; the status and the JSON that answer."""
        try:
            token = _payload(body)
        except MintError as error:
            errors = [{"code": error.code, "description": str(error)}]
            return 422, {"message": "Token request failed", "errors": errors}
        with self.store.transaction() as catalogue:
            identity = identify(catalogue, token, self.clock())
            if identity is not None and not identity.is_user and is_genuine(identity):
                catalogue.forget_token(identity.token)
        return 202, {"message": "Accepted"}

    def _has(self, flag: Flag) -> bool:
        with self.store.reading() as catalogue:
            return catalogue.has(flag)

    def _verify(self, token: str, claims: Claims) -> None:
        """Signature, then the registered claims by this index's own clock; one text for every cause."""
        if claims["iss"] != ISSUER:
            raise MintError("invalid-payload", "unknown trusted publishing issuer")
        if not self.is_open or self._has(Flag.NO_GITHUB_PUBLISHING):
            raise MintError("not-enabled", "github trusted publishing functionality not enabled")
        try:
            key = jwt.PyJWK(dict(self.keyring.key(jwt.get_unverified_header(token)["kid"])))
            options: jwt.types.Options = {
                "require": ["iss", "iat", "exp", "aud"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
                "strict_aud": True,
            }
            jwt.decode(token, key, algorithms=["RS256"], audience=self.index.name, issuer=ISSUER, options=options)
            now = self.clock()
            early = max(int(claims["iat"]), int(claims.get("nbf", 0)))
            in_time = early - LEEWAY <= now < int(claims["exp"]) + LEEWAY
        except (jwt.PyJWTError, KeyError, TypeError, ValueError, OverflowError):
            in_time = False
        if not in_time:
            raise MintError("invalid-token", "malformed or invalid token")

    def _mint(self, claims: Claims) -> tuple[Registration, str, int]:
        with self.store.transaction() as catalogue:
            gone = self._use_pending(catalogue, claims)
        if gone is not None:
            raise gone
        with self.store.transaction() as catalogue:
            is_used = catalogue.is_id_token_used(str(claims.get("jti")))
            try:
                row = look_up(list(self._registered(catalogue)), claims, is_used=is_used)
            except ReusedTokenError:
                raise MintError("invalid-reuse-token", _USED) from None
            except NoPublisherError as error:
                text = f"valid token, but no corresponding publisher ({error})"
                raise MintError("invalid-publisher", text) from None
            projects = [self._project(catalogue, name) for name in row.projects]
            now = self.clock()
            catalogue.use_id_token(str(claims["jti"]), expires=int(claims["exp"]) + REMEMBERED, now=now)
            minted, expires = mint_for_publisher(catalogue, self.index.main_host, row, projects, now)
        return row, minted, expires

    def _registered(self, catalogue: Catalogue) -> Iterator[Registration]:
        """The ordinary publishers. One that is only assumed has no project of somebody else: they would register it."""
        for row in self.publishers.registered(self.index.name, catalogue.fate):
            others = {name: user for name in row.projects if (user := catalogue.owner(name)) and not row.declared}
            for name, user in others.items():
                message = f"The project {name!r} is {user}'s on the index: no publisher of it can be assumed."
                self.emit(Notice(message=message, hint="Declare the publisher if they registered it."))
            if own := tuple(name for name in row.projects if name not in others):
                yield replace(row, projects=own)

    def _use_pending(self, catalogue: Catalogue, claims: Claims) -> MintError | None:
        """Make the project of the pending publisher that fits; what is refused for good is returned, not raised.

        None fits an ID token that was exchanged once.
        """
        if catalogue.is_id_token_used(str(claims.get("jti"))):
            return None
        waiting = self.publishers.pending(self.index.name, catalogue.fate)
        try:
            row = look_up([row for row in waiting if not row.is_expired(self.clock())], claims)
        except NoPublisherError:
            return None
        name = row.projects[0]
        if self._is_lost(catalogue, name):
            return None
        if catalogue.project(name):
            catalogue.settle(row.id, name, "removed")
            return MintError("invalid-pending-publisher", "valid token, but project already exists")
        self._create(catalogue, name)
        catalogue.settle(row.id, name, "ordinary")
        self.emit(pending_used(name))
        return None

    def _is_lost(self, catalogue: Catalogue, name: str) -> bool:
        """Whether somebody else has a project of a pending publisher's name, or one like it: that removed it.

        One that the user made since does not.
        """
        for project in catalogue.projects():
            if are_alike(project.name, name) and (owner := catalogue.owner(project.name)):
                self.emit(pending_lost(name, project.display, owner))
                return True
        return False

    def _project(self, catalogue: Catalogue, name: str) -> Project:
        """A publisher's project; one that is not there yet is created, as by a pending publisher's first use."""
        if project := catalogue.project(name):
            return project
        return self._create(catalogue, name)

    def _create(self, catalogue: Catalogue, name: str) -> Project:
        try:
            check_new_name(catalogue, self.index, name)
        except RequestRefusedError as error:
            raise MintError("invalid-payload", str(error)) from None
        return catalogue.add_project(name)

    def _tell(self, job_id: str, claims: Claims, row: Registration | None, error: str | None) -> None:
        nearest, checks = self.publishers.nearest(self.index.name, claims) if claims else (None, ())
        told = row or nearest
        self.emit(
            TokenExchanged(
                job_id=job_id,
                index=self.index.name,
                ok=error is None,
                publisher=str(told) if told else None,
                declared=bool(told and told.declared),
                claims=checks,
                error=error,
                forms=() if row is None or row.declared else self._forms(row),
            )
        )

    def _forms(self, row: Registration) -> tuple[PublisherForm, ...]:
        """What must be registered for an assumed publisher.

        A project that this run made is not on the index yet, unless the real one has it.
        """
        with self.store.reading() as catalogue:
            made = catalogue.made()
        forms = []
        for name in row.projects:
            there = self.real.known(self.index.name, name).there if canonicalize_name(name) in made else True
            pending = not there
            forms.append(form_of(self.index, row, name, pending=pending, there=there, named=self.named))
        return tuple(forms)


def _payload(body: bytes) -> str:
    """The ID token of a request. The index answers with its validator's text, of which this is the essence."""
    try:
        payload = parse_json(body)
    except ValueError:
        problem = "  Invalid JSON [type=json_invalid, input_type=str]"
        raise MintError("invalid-payload", f"1 validation error for TokenPayload\n{problem}") from None
    token = payload.get("token") if isinstance(payload, dict) else None
    if not isinstance(token, str):
        problem = (
            "Field required [type=missing]" if token is None else "Input should be a valid string [type=string_type]"
        )
        raise MintError("invalid-payload", f"1 validation error for TokenPayload\ntoken\n  {problem}")
    return token


def _unverified(token: str) -> Claims:
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        claims = {}
    if not isinstance(claims.get("iss"), str):
        raise MintError("invalid-payload", "malformed JWT")
    return claims
