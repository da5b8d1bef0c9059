"""The page of a run in Chromium: a clean console, no barrier for anybody, and the little that its script does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from simulator.report.pages.page import document
from simulator.report.pages.record import record_of
from simulator.run_events import StepLine
from tests.report.attacked import hostile
from tests.report.browser import chromium, open_browser
from tests.report.shown_runs import SHOWN, a_no_go

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser(chromium()) as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page; at the end nothing may have been said on its console."""
    said: list[str] = []
    contexts = []

    def show(text: str, *, width: int = 1200, scheme: Literal["light", "dark"] = "light", script: bool = True) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(f"a dialog: {dialog.message}"))
        (tmp_path / "report.html").write_text(text, encoding="utf-8")
        page.goto((tmp_path / "report.html").as_uri())
        return page

    yield show
    for context in contexts:
        context.close()
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("run", SHOWN)
def test_a_page_has_no_barriers(opened: Open, run: str, scheme: str) -> None:
    page = opened(document(record_of(SHOWN[run]())), scheme=scheme)
    page.click("#unfold")
    # The policy of the page lets no script in that is not its own; the check comes with the browser.
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [360, 768, 1600])
@pytest.mark.parametrize("run", SHOWN)
def test_a_page_is_as_wide_as_its_window(opened: Open, run: str, width: int) -> None:
    page = opened(document(record_of(SHOWN[run]())), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_script_all_is_there(opened: Open) -> None:
    page = opened(document(record_of(a_no_go())), script=False)
    assert page.locator(".banner").inner_text().startswith("NO-GO")
    assert page.get_by_text("Artifact not found for name: dist").first.is_visible()
    assert not page.locator("#search").is_visible()
    assert page.locator("button:visible").count() == 0


def test_logs_can_be_searched_folded_and_linked_to(opened: Open) -> None:
    page = opened(document(record_of(SHOWN["thirty-jobs"]())))
    page.fill("#search", "no such file")
    assert page.locator("#found").inner_text() == "1 line"
    line = page.locator(".log .hit")
    assert line.is_visible()
    page.click("#fold")
    assert not line.is_visible()
    line_id = line.get_attribute("id")
    page.evaluate("id => { location.hash = id; }", line_id)
    line.wait_for(state="visible")
    page.click("#unfold")
    assert page.locator("#content details:not([open])").count() == 0


def test_a_hash_can_be_copied(opened: Open) -> None:
    page = opened(document(record_of(SHOWN["go"]())))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("button.copy").first
    wanted = button.get_attribute("data-copy")
    button.click()
    button.filter(has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == wanted


def test_what_others_wrote_stays_text(opened: Open) -> None:
    attack = "<script>document.title = 'owned'</script><img src=x onerror=\"document.title = 'owned'\">"
    events = [*a_no_go()[:-1], StepLine(job_id="publish", number=1, line=attack)]
    page = opened(document(record_of(events)))
    assert page.get_by_text("document.title").first.is_visible()
    page = opened(document(record_of(hostile(list(SHOWN["go"]())))))
    page.click("#unfold")
    assert "owned" not in page.title()
