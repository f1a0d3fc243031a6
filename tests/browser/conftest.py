"""One server and one browser for all tests of the page; a page that asks anything of anywhere else fails its test."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest

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
SIZES = {"laptop": (1366, 768), "projector": (1920, 1080), "phone": (390, 844)}
ROOT = Path(__file__).parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run in one worker where workers are grouped: the server and the browser are shared."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browser"))


@dataclass(frozen=True)
class Served:
    """A running workshop: its address, the presenter's link, and the room's code if it is shared."""

    address: str
    link: str
    code: str | None


def _serve(*keys: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "kmsim.cli", "workshop", "--no-browser", "port=0", *keys]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines: Queue[str] = Queue()
    assert process.stdout is not None
    threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
    said = ""
    try:
        while "#key=" not in said or ("--lan" in keys and not re.search(r"\b[A-Z0-9]{6,}\b", said)):
            try:
                said += lines.get(timeout=300)  # a model changed since is compiled first
            except Empty:
                pytest.fail(f"kmsim workshop did not start: {said}")
        link = re.search(r"http://(127\.0\.0\.1|localhost):\d+/#key=\S+", said)
        assert link, said
        code = re.search(r"\b[A-Z0-9]{6,}\b", said) if "--lan" in keys else None
        yield Served(link[0].split("/#")[0], link[0], code[0] if code else None)
    finally:
        process.terminate()
        process.wait(20)


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
    yield from _serve("--lan")


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

        def watch(request) -> None:
            if not request.url.startswith((server.address, "data:", "blob:")):
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
        page.goto(link or (server.address + path if path else server.link))
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
    page.wait_for_selector('main[data-settled="true"]', timeout=30_000)
