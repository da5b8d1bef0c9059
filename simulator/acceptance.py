"""What a user takes as it is: findings that are known, each with a reason, and until when."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from simulator.findings import Finding, Severity


@dataclass(frozen=True, kw_only=True, slots=True)
class Acceptance:
    """A finding that is accepted: `what` is its code, or `CODE: WORDS` with words that its message or place holds.

    `until` is when that ends, in seconds since the epoch; None for never. `source` is where it is written.
    """

    what: str
    reason: str
    until: float | None = None
    source: str = ""

    def fits(self, finding: Finding) -> bool:
        """Whether it is about a finding."""
        code, _, words = (part.strip() for part in self.what.partition(":"))
        said = f"{finding.message} {finding.where or ''}".casefold()
        return finding.code == code and words.casefold() in said


class Acceptances:
    """Those of a rehearsal that happens `now`; they remember which of them fitted a finding."""

    def __init__(self, given: Sequence[Acceptance] = (), now: float = 0.0) -> None:
        self._given = tuple(given)
        self._over = {each for each in given if each.until is not None and each.until <= now}
        self._used: set[Acceptance] = set()

    def weigh(self, finding: Finding) -> Finding:
        """The finding, accepted where one fits: then an error is a warning."""
        fitting = [each for each in self._given if each.fits(finding)]
        self._used.update(fitting)
        valid = next((each for each in fitting if each not in self._over), None)
        if valid is None or (finding.severity is not Severity.ERROR and not finding.unrehearsed):
            return finding
        severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
        return replace(finding, severity=severity, message=f"{finding.message} (accepted)", accepted=valid.reason)

    def problems(self) -> Iterator[Finding]:
        """A warning for each that has run out, or that nothing in this rehearsal needed."""
        for each in self._given:
            if each in self._over and each in self._used:
                yield self._problem("acceptance-over", each, "has run out", "Mend what it accepts, or accept it anew.")
            elif each not in self._used:
                yield self._problem("acceptance-unused", each, "fits nothing that was found", "Take it out.")

    @staticmethod
    def _problem(code: str, acceptance: Acceptance, said: str, hint: str) -> Finding:
        return Finding(
            code=code,
            severity=Severity.WARNING,
            message=f"What is accepted as `{acceptance.what}` {said}",
            hint=hint,
            where=acceptance.source or None,
        )
