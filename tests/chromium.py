"""A real Chromium, the one installed on the machine: its path in CHROMIUM, or by one of its names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATH = next(filter(None, (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES))), None)

QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
"""It may be run by root, and must ask nothing of anybody by itself."""

DRAWN = """times => new Promise(done => {
    const look = () => Number(document.body.dataset.ready) >= times ? done() : requestAnimationFrame(look);
    look();
})"""
"""What waits for a drawing. Playwright's own way to wait evaluates text, which the page's policy forbids."""


@contextmanager
def started() -> Iterator[Browser]:
    """Run a browser with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=QUIET)
        yield browser
        browser.close()


@dataclass
class Seen:
    """A page, and what it did that it must not do: requests to anywhere, errors, warnings of its policy."""

    page: Page
    faults: list[str] = field(default_factory=list)

    def drawn(self, times: int = 1) -> None:
        """Wait until the page was drawn so many times."""
        self.page.evaluate(DRAWN, times)

    def then_drawn(self, act: Any) -> None:
        """Do something, and wait until the page was drawn again."""
        before = int(self.page.evaluate("document.body.dataset.ready"))
        act()
        self.drawn(before + 1)

    def text(self, selector: str) -> str:
        """Return what is to be read in an element."""
        return self.page.inner_text(selector)

    def table(self, selector: str) -> list[list[str]]:
        """Return the words of the rows of a table."""
        rows: list[list[str]] = self.page.eval_on_selector_all(
            f"{selector} tbody tr", "rows => rows.map(row => [...row.children].map(cell => cell.innerText))"
        )
        return rows


@contextmanager
def opened(browser: Browser, file: Path, hash_: str = "", **context: Any) -> Iterator[Seen]:
    """Open a file, wait until it is drawn, and see in the end that it did nothing that it must not do."""
    with browser.new_context(
        **{"locale": "en-US", "viewport": {"width": 1360, "height": 900}, **context}
    ) as kept:
        seen = Seen(kept.new_page())
        seen.page.on("request", lambda request: seen.faults.append(request.url))
        seen.page.on("console", lambda message: seen.faults.append(message.text))
        seen.page.on("pageerror", lambda error: seen.faults.append(str(error)))
        seen.page.goto(f"{file.as_uri()}{hash_}")
        seen.drawn()
        yield seen
        assert seen.faults == [file.as_uri()], seen.faults
