"""The pictures of the docs: `python -m tests.report.screenshots` draws the pages of a go, a no-go and thirty jobs."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from simulator.report.pages.page import document
from simulator.report.pages.record import record_of
from tests.report.browser import chromium, open_browser
from tests.report.shown_runs import SHOWN

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"


def main() -> None:
    """Draw them."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory() as place, open_browser(chromium()) as browser:
        for name, run in SHOWN.items():
            path = Path(place) / "report.html"
            path.write_text(document(record_of(run())), encoding="utf-8")
            page = browser.new_page(viewport={"width": 1100, "height": 860})
            page.goto(path.as_uri())
            page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()
