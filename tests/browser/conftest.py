"""One server and one browser for all tests of the page; a page that asks anything of anywhere else fails its test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.workshop.serving import Served, serving

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
]
SIZES = {"beamer": (1280, 720), "laptop": (1366, 768), "projector": (1920, 1080), "phone": (390, 844)}
ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run in one worker where workers are grouped: the server and the browser are shared."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def browser():
    for extra in ("playwright", "starlette", "uvicorn", "orjson"):
        pytest.importorskip(extra, reason=f"{extra} is not installed: pip install -e .[workshop,test]")
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("no chromium on this machine")
    with sync_playwright() as started:
        launched = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def server(browser) -> Iterator[Served]:
    """Shared on the local network, so that one server serves the tests of the presenter and of the phones."""
    with serving("--lan") as served:
        yield served


@dataclass
class Opened:
    """A page and what went wrong in it."""

    page: object
    elsewhere: list[str]
    errors: list[str]


@pytest.fixture
def opener(browser, server: Served) -> Iterator[Callable]:
    """Opens a page of the workshop at a size; at the end none may have asked elsewhere or thrown."""
    opened: list[Opened] = []
    contexts = []

    def open_page(size: str = "laptop", path: str = "", link: str | None = None, ready: bool = True, **more):
        width, height = SIZES[size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, accept_downloads=True, bypass_csp=False, **more
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        kept = Opened(page, [], [])
        opened.append(kept)

        target = link or (server.address + path if path else server.link)
        own = "/".join(target.split("/")[:3])

        def watch(request) -> None:
            if not request.url.startswith((own, "data:", "blob:")):
                kept.elsewhere.append(request.url)

        context.on("request", watch)
        page.on("pageerror", lambda error: kept.errors.append(str(error)))
        page.on(
            "console",
            lambda told: (
                kept.errors.append(told.text)
                if told.type == "error" and "Failed to load resource" not in told.text
                else None
            ),
        )
        page.goto(target)
        if ready:
            settle(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [kept.elsewhere for kept in opened if kept.elsewhere] == []
    assert [kept.errors for kept in opened if kept.errors] == []


@pytest.fixture
def page(opener):
    return opener()


def settle(page) -> None:
    """Wait until the runs of the newest scenario are all in."""
    page.wait_for_selector('main[data-settled="true"]', timeout=120_000)
