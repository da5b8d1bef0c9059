"""The faults that a user may ask for, `NAME[=VALUE][@INDEX]`: a closed vocabulary. Knows no twin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Literal, cast

from simulator.errors import UsageError
from simulator.indexes import TITLES, IndexName
from simulator.spelling import suggest


class FaultName(StrEnum):
    """What can fail."""

    UPLOAD_503 = "upload-503"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105 - no token
    PUBLISHER_REMOVED = "publisher-removed"
    INDEX_READ_ONLY = "index-read-only"
    UPLOADS_DISABLED = "uploads-disabled"
    PROJECTS_DISABLED = "projects-disabled"
    TRUSTED_PUBLISHING_DISABLED = "trusted-publishing-disabled"
    GITHUB_PUBLISHING_DISABLED = "github-publishing-disabled"
    INDEX_DOWN = "index-down"
    MINT_503 = "mint-503"
    OIDC_DOWN = "oidc-down"
    ARTIFACTS_500 = "artifacts-500"
    SLOW = "slow"
    EMAIL_UNVERIFIED = "email-unverified"
    NO_TWO_FACTOR = "no-two-factor"
    SIGSTORE_DOWN = "sigstore-down"
    INDEX_DELAY = "index-delay"
    REASON_PHRASE = "reason-phrase"


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How a fault is written and what it does.

    A `count` is of requests, with a + for it and all later ones where that `goes_on`; `seconds` may have a fraction.
    `default` is the value of the bare name; None where one must be given. `zero` is said of the value 0.
    """

    says: str
    zero: str | None = None
    value: Literal["none", "count", "seconds"] = "none"
    default: float | None = 0
    least: float = 0
    goes_on: bool = False


FORMS: Final[Mapping[FaultName, Form]] = {
    FaultName.UPLOAD_503: Form(
        says="the N-th upload request is answered with 503; with N+ all later ones, too",
        value="count",
        default=1,
        least=1,
        goes_on=True,
    ),
    FaultName.TOKEN_EXPIRED: Form(
        says="upload tokens have expired when the N-th upload begins", value="count", default=2, least=1
    ),
    FaultName.PUBLISHER_REMOVED: Form(
        says="the trusted publishers are removed when the N-th upload begins; with 0 before the exchange",
        zero="the trusted publishers are removed before the exchange",
        value="count",
        default=0,
    ),
    FaultName.INDEX_READ_ONLY: Form(says="the index is in read-only mode"),
    FaultName.UPLOADS_DISABLED: Form(says="the index takes no uploads"),
    FaultName.PROJECTS_DISABLED: Form(says="the index makes no new projects"),
    FaultName.TRUSTED_PUBLISHING_DISABLED: Form(says="the index has trusted publishing turned off"),
    FaultName.GITHUB_PUBLISHING_DISABLED: Form(says="the index has trusted publishing from GitHub turned off"),
    FaultName.INDEX_DOWN: Form(says="the index answers uploads and token exchanges with 503"),
    FaultName.MINT_503: Form(says="the index answers the exchange of ID tokens with 503"),
    FaultName.OIDC_DOWN: Form(says="GitHub's OIDC service answers with 500"),
    FaultName.ARTIFACTS_500: Form(
        says="the N-th request to GitHub's artifact service is answered with 500; with N+ all later ones, too",
        value="count",
        default=1,
        least=1,
        goes_on=True,
    ),
    FaultName.SLOW: Form(says="token exchanges and uploads are answered after SECONDS", value="seconds", default=None),
    FaultName.EMAIL_UNVERIFIED: Form(says="the user whose API token is used has no verified address"),
    FaultName.NO_TWO_FACTOR: Form(says="the user whose API token is used has no second factor"),
    FaultName.SIGSTORE_DOWN: Form(says="the certificate authority of attestations answers with 502"),
    FaultName.INDEX_DELAY: Form(
        says="a file is on the simple index SECONDS after its upload", value="seconds", default=60
    ),
    FaultName.REASON_PHRASE: Form(says="the index's refusals stand in the HTTP reason phrase, as before 2026"),
}
_OF_GITHUB: Final = {FaultName.OIDC_DOWN, FaultName.ARTIFACTS_500, FaultName.SIGSTORE_DOWN}
MOST_SECONDS: Final = 600
_COUNT: Final = re.compile(r"([0-9]{1,6})(\+?)")
_SECONDS: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,3})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One fault; `value` is its count or its seconds, 0 for one that has neither.

    With an `index`, it is that of one index, and requests are counted there.
    """

    name: FaultName
    value: float = 0
    onwards: bool = False
    index: IndexName | None = None

    def __str__(self) -> str:
        """As the user writes it, with its value."""
        value = "" if FORMS[self.name].value == "none" else f"={self.value:g}{'+' if self.onwards else ''}"
        return f"{self.name}{value}{f'@{self.index}' if self.index else ''}"

    @property
    def says(self) -> str:
        """What it does, with its value."""
        where = f" (of {TITLES[self.index]})" if self.index else ""
        zero = FORMS[self.name].zero
        if zero and not self.value:
            return f"{zero}{where}"
        unit = f"{self.value:g} second{'' if self.value == 1 else 's'}"
        said = FORMS[self.name].says.partition(";")[0]
        said = said.replace("N-th", ordinal(int(self.value), onwards=self.onwards)).replace("SECONDS", unit)
        return f"{said}{where}"

    def hits(self, number: int) -> bool:
        """Whether the request of that number is meant."""
        return number >= self.value if self.onwards else number == self.value


def parse_faults(texts: Iterable[str]) -> tuple[Fault, ...]:
    """Faults as the user writes them, each once. Raises UsageError."""
    return tuple(dict.fromkeys(_parse(text) for text in texts))


def describe_faults() -> Sequence[tuple[str, str]]:
    """How each fault is written, and what it does."""
    marks = {"none": "", "count": "=N", "seconds": "=SECONDS"}
    return [(f"{name}{marks[form.value]}", form.says) for name, form in FORMS.items()]


def ordinal(number: int, *, onwards: bool = False) -> str:
    """`1st`, `2nd`, `13th`; with `onwards`, `2nd and every later`."""
    tail = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{tail}{' and every later' if onwards else ''}"


def _parse(text: str) -> Fault:
    written, at, index = text.partition("@")
    word, equals, value = written.partition("=")
    if word not in set(FaultName):
        raise UsageError(f"There is no fault {word}.", hint=suggest(word, FaultName))
    name = FaultName(word)
    if at and name in _OF_GITHUB:
        raise UsageError(f"The fault {name} is of no index.", hint=f"Write {written}.")
    if at and index not in TITLES:
        raise UsageError(f"There is no index {index}.", hint=suggest(index, TITLES))
    fault = _valued(name, equals, value)
    return replace(fault, index=cast("IndexName", index)) if at else fault


def _valued(name: FaultName, equals: str, value: str) -> Fault:
    form = FORMS[name]
    if form.value == "none":
        if equals:
            raise UsageError(f"The fault {name} takes no value.", hint=f"Write {name}.")
        return Fault(name=name)
    if not equals:
        if form.default is None:
            raise UsageError(f"The fault {name} needs a value.", hint=f"Such as {name}=6.")
        return Fault(name=name, value=form.default)
    return _count(name, form, value) if form.value == "count" else _seconds(name, value)


def _count(name: FaultName, form: Form, value: str) -> Fault:
    match = _COUNT.fullmatch(value)
    if match is None or int(match[1]) < form.least or (match[2] and not form.goes_on):
        raise UsageError(
            f"The fault {name} takes the number of a request, from {form.least:g} on: {value!r} is none.",
            hint=f"{name}=N: {form.says}.",
        )
    return Fault(name=name, value=int(match[1]), onwards=bool(match[2]))


def _seconds(name: FaultName, value: str) -> Fault:
    if _SECONDS.fullmatch(value) is None or not 0 < float(value) <= MOST_SECONDS:
        raise UsageError(
            f"The fault {name} takes a time between 0 and {MOST_SECONDS} seconds: {value!r} is none.",
            hint=f"{name}=SECONDS: {FORMS[name].says}.",
        )
    return Fault(name=name, value=float(value))
