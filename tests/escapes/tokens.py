"""Attempts to get a file into an index with a false token, as files: how the token is made, and what the index says.

`id_token` is one of a job that is changed: `header` and `claims` replace its own, what is `null` (`header.kid`) is null
and what is `without` is not there, and `seal` says who signs it. `upload_token` is that of the publisher, or `of`
another, used for the file of `project`: `adds` are caveats that its holder adds (`third_party` one of another kind),
`changed` a character from its end; with `forged` it is made anew, with a key that was guessed, of the caveats that are
`kept` (by number), with another `location` or `identifier`, and with its own signature where `keeps_signature`; `text`
is in its place. `exchanges` are so many of one ID token `at_once`, or one after another with some seconds `between`;
`burnt` gives the upload token back before it is used. `says` are regular expressions that the answer has all of, and
`taken` is how many of what is tried are. `@3000 x@` stands for so many of a letter, `@JWK@` for the attacker's own key.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pymacaroons import Macaroon

from simulator.indexes import indexes
from simulator.twins.oidc import Issuer
from tests.twins.desk import Desk, minting_error, said
from tests.twins.distributions import sdist, sdist_form, wheel
from tests.twins.uploading import renamed

FOLDER: Final = Path(__file__).parent / "attempts/twin"
KEY: Final = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_JWK: Final = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
_ANOTHER_RUN: Final = Issuer(time.time)
_REPEATED: Final = re.compile(r"@([0-9]+) (.)@")
Json = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Indexes:
    """The index that is tried, the other one, and the same one in another run; a release of `demo` is in the first."""

    pypi: Desk
    testpypi: Desk
    another_run: Desk


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenAttempt:
    """One file; see the module."""

    name: str
    id_token: Json | None = None
    upload_token: Json | None = None
    exchanges: Json | None = None
    says: Sequence[str] = ()
    taken: int = 0

    def make(self, found: Indexes) -> None:
        """Make the attempt and hold it to its answer."""
        if self.id_token is not None:
            answers = [found.pypi.mint(changed_id_token(found.pypi, self.id_token))]
        elif self.upload_token is not None:
            project = self.upload_token.get("project", "demo")
            answers = [_upload(found.pypi, project, changed_upload_token(found, self.upload_token))]
        else:
            answers = _exchanged(found.pypi, self.exchanges or {})
        text = "\n".join(
            answer.text if answer.is_success else ": ".join(map(str, _refusal(answer))) for answer in answers
        )
        assert sum(answer.is_success for answer in answers) == self.taken, text
        assert {answer.status_code for answer in answers} <= {200, 202, 403, 422}, text
        for pattern in self.says:
            assert re.search(pattern, text), text


def token_attempts() -> Sequence[TokenAttempt]:
    """All of them, by name."""
    paths = sorted(FOLDER.glob("*.toml"))
    return [TokenAttempt(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths]


def _refusal(answer: httpx.Response) -> tuple[object, str]:
    return minting_error(answer) if answer.status_code == 422 else said(answer)


def _upload(desk: Desk, project: str, token: str) -> httpx.Response:
    other = renamed(f"{project}-0.2.0.tar.gz", sdist(project, "0.2.0"), name=project, version="0.2.0")
    return desk.upload(sdist_form() if project == "demo" else other, token)


def _exchanged(desk: Desk, how: Json) -> list[httpx.Response]:
    token = desk.id_token()
    if "at_once" in how:
        return desk.mint_at_once(token, how["at_once"])
    first = desk.mint(token)
    if how.get("burnt"):
        given = first.json()["token"]
        return [first, desk.burn(given), _upload(desk, "demo", given)]
    desk.clock.now += how.get("between", 0)
    return [first, desk.mint(token)]


def changed_id_token(desk: Desk, how: Json) -> str:
    """The ID token that a file describes."""
    token = desk.id_token()
    header = {**jwt.get_unverified_header(token), **_worded(how.get("header", {}))}
    claims = {**jwt.decode(token, options={"verify_signature": False}), **_worded(how.get("claims", {}))}
    for path in how.get("null", ()):
        part, _, name = path.partition(".")
        {"header": header, "claims": claims}[part][name] = None
    for name in how.get("without", ()):
        del claims[name]
    start = f"{_part(header)}.{_part(claims)}"
    return f"{start}.{_encoded(_seals(desk)[how.get('seal', 'own key')](start.encode()))}"


def _seals(desk: Desk) -> Mapping[str, Callable[[bytes], bytes]]:
    """How a text is signed, by who does; the last four take for a secret what everybody knows."""
    (jwk,) = desk.issuer.keys["keys"]
    public = RSAAlgorithm.from_jwk(jwk)
    assert isinstance(public, rsa.RSAPublicKey)
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    known = {"pem": pem, "line": pem.rstrip(), "jwk": json.dumps(jwk).encode(), "n": jwk["n"].encode()}

    def by(key: rsa.RSAPrivateKey) -> Callable[[bytes], bytes]:
        return lambda text: RSAAlgorithm(RSAAlgorithm.SHA256).sign(text, key)

    def with_secret(secret: bytes) -> Callable[[bytes], bytes]:
        return lambda text: hmac.digest(secret, text, "sha256")

    return {
        "nobody": lambda _text: b"",
        "own key": by(KEY),
        "issuer": by(desk.issuer._key),
        "issuer of another run": by(_ANOTHER_RUN._key),
        **{f"public key as {form}": with_secret(secret) for form, secret in known.items()},
    }


def repeated(text: str) -> str:
    """A text of a file, with what it repeats written out."""
    return _REPEATED.sub(lambda found: found[2] * int(found[1]), text)


def _worded(values: Json) -> Json:
    worded = {name: repeated(value) if isinstance(value, str) else value for name, value in values.items()}
    return {name: _JWK if value == "@JWK@" else value for name, value in worded.items()}


def _part(value: object) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def changed_upload_token(found: Indexes, how: Json) -> str:
    """The upload token that a file describes, with its prefix."""
    if "text" in how:
        return f"pypi-{repeated(how['text'])}"
    desk = {"testpypi": found.testpypi, "another run": found.another_run}.get(how.get("index", ""), found.pypi)
    token = desk.user_token() if how.get("of") == "user" else desk.minted()
    macaroon = Macaroon.deserialize(token.removeprefix("pypi-"))
    if how.get("forged"):
        macaroon = _forged(macaroon, how)
    for caveat in how.get("adds", ()):
        macaroon.add_first_party_caveat(repeated(caveat))
    if how.get("third_party"):
        macaroon.add_third_party_caveat("elsewhere.example", "key", "id")
    text: str = macaroon.serialize()
    if at := how.get("changed"):
        text = f"{text[:-at]}{'A' if text[-at] != 'A' else 'B'}{text[len(text) - at + 1 :]}"
    return f"pypi-{text}"


def _forged(known: Macaroon, how: Json) -> Macaroon:
    location = indexes()["pypi"].main_host if how.get("location") == "pypi" else known.location
    identifier = repeated(how["identifier"]) if "identifier" in how else known.identifier
    made = Macaroon(location=location, identifier=identifier, key=how.get("key", "guessed"), version=2)
    for number in how.get("kept", range(len(known.caveats))):
        made.add_first_party_caveat(known.caveats[number].caveat_id)
    if how.get("keeps_signature"):
        made.signature = known.signature
    return made


def release(desk: Desk) -> None:
    """Put a release of `demo` and one of `other` into an index."""
    for name in ("demo", "other"):
        form = renamed(f"{name}-0.1.0-py3-none-any.whl", wheel(name), name=name)
        assert desk.upload(form, desk.user_token()).status_code == 200
