"""Chromium, for what a page does in a browser."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """The program. Skips without one; with PYSIM_REQUIRE_BROWSER=1, fails."""
    found = next((path for path in map(shutil.which, _NAMES) if path), None)
    if found is None:
        if os.environ.get("PYSIM_REQUIRE_BROWSER") == "1":
            pytest.fail("there is no Chromium")
        pytest.skip("there is no Chromium")
    return found


@contextlib.contextmanager
def open_browser(program: str) -> Iterator[Browser]:
    """A browser; as root it cannot have its sandbox."""
    arguments = ["--no-sandbox"] if os.getuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
