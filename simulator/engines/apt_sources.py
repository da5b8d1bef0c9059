"""The package sources that apt is configured for on this machine. Knows nothing of images."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator import process
from simulator.errors import ProcessError

_FOLDER = Path("/etc/apt")
_ONE_LINE = re.compile(
    r"deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<components>(?:\s+\S+)*)\s*"
)
# What a mirror behind a proxy or a frozen snapshot needs; nothing else of this machine's settings.
_SETTINGS = re.compile(r"Acquire::(http|https|ftp|Check-|Retries|ForceIPv)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One suite of one archive; `str()` is its line in sources.list(5)."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str | None = None

    def __str__(self) -> str:
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {self.suite} {' '.join(self.components)}"


def configured_sources(codename: str, folder: Path = _FOLDER) -> Sequence[Source]:
    """The sources of a release's own archives: the release, its updates and its security fixes."""
    suites = {codename, f"{codename}-updates", f"{codename}-security", f"{codename}/updates"}
    return [source for source in _all_sources(folder) if source.suite in suites and "main" in source.components]


def settings() -> Sequence[str]:
    """apt's settings about how archives are reached (proxies, certificates, checks), as lines of apt.conf(5)."""
    try:
        dump = process.run(["apt-config", "dump"]).text
    except ProcessError:
        return ()
    return [line for line in dump.splitlines() if _SETTINGS.match(line)]


def _all_sources(folder: Path) -> Iterator[Source]:
    for file in (folder / "sources.list", *sorted(folder.glob("sources.list.d/*"))):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if file.suffix == ".sources":
            yield from _stanzas(text)
        elif file.suffix == ".list":
            yield from _lines(text)


def _lines(text: str) -> Iterator[Source]:
    for line in text.splitlines():
        match = _ONE_LINE.fullmatch(line.partition("#")[0].strip())
        if match:
            options = dict(option.partition("=")[::2] for option in (match["options"] or "").split())
            yield Source(
                uri=match["uri"],
                suite=match["suite"].rstrip("/"),
                components=tuple(match["components"].split()),
                signed_by=options.get("signed-by"),
            )


def _stanzas(text: str) -> Iterator[Source]:
    """The deb822 form; a key that is written into the file itself is left to the system's own keyrings."""
    for paragraph in re.split(r"\n\s*\n", re.sub(r"(?m)^#.*\n?", "", text)):
        fields = _fields(paragraph)
        key = fields.get("signed-by", "")
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes") == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(
                    uri=uri,
                    suite=suite.rstrip("/"),
                    components=tuple(fields.get("components", "").split()),
                    signed_by=key if key.startswith("/") and " " not in key else None,
                )


def _fields(paragraph: str) -> Mapping[str, str]:
    unfolded = re.sub(r"\n[ \t]+", " ", paragraph)
    pairs = (line.partition(":") for line in unfolded.splitlines() if ":" in line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}
