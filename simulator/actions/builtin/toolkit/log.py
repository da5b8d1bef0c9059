"""Workflow commands: how an action speaks to the runner on its standard output. Knows no input and no service."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_silent = threading.Event()


def info(text: str) -> None:
    """A plain line of the log, unless it is quiet."""
    if not _silent.is_set():
        print(text, flush=True)


def silence() -> None:
    """Show no plain lines from here on; commands are still given."""
    _silent.set()


def command(name: str, text: str, **properties: str) -> None:
    """A workflow command; text and properties are escaped as the runner reads them."""
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items() if value)
    print(f"::{name}{' ' if listed else ''}{listed}::{_data(text)}", flush=True)


def debug(text: str) -> None:
    """A line that is shown when the step's debug log is on."""
    command("debug", text)


def notice(text: str, *, title: str = "") -> None:
    """A notice annotation."""
    command("notice", text, title=title)


def warning(text: str, *, title: str = "", file: str = "") -> None:
    """A warning annotation."""
    command("warning", text, file=file, title=title)


def error(text: str, *, title: str = "") -> None:
    """An error annotation; it does not end the step."""
    command("error", text, title=title)


def mask(value: str) -> None:
    """Have the runner hide a value in all later output."""
    if value:
        command("add-mask", value)


@contextlib.contextmanager
def group(title: str) -> Iterator[None]:
    """A foldable part of the log."""
    command("group", title)
    try:
        yield
    finally:
        command("endgroup", "")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
