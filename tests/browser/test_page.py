"""What holds for the page as a whole: keyboard, readers, offline, sizes, speed, memory, and how it looks."""

from __future__ import annotations

import gzip
import re
from importlib.resources import files
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT, SIZES, settle
from tests.browser.test_features import hash_of, lever, mode, sentence

AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
BUNDLE = Path(str(files("kmsim").joinpath("workshop", "page")))


# What cannot be read: a text that reaches out of a box that does not scroll, or out of the window; two texts, or a text and a
# chart or map that is not its own, one over the other; a chart too low for its ticks.
UNREADABLE = """() => {
    const found = [], seen = [];
    const clipped = (node, box) => {
        let { left, right, top, bottom } = box;
        for (let e = node; e && e !== document.body; e = e.parentElement) {
            const style = getComputedStyle(e), own = e.getBoundingClientRect();
            if (style.overflowX !== "visible") [left, right] = [Math.max(left, own.left), Math.min(right, own.right)];
            if (style.overflowY !== "visible") [top, bottom] = [Math.max(top, own.top), Math.min(bottom, own.bottom)];
        }
        return { left, right, top, bottom };
    };
    const scrolls = (node) => { for (let e = node; e; e = e.parentElement) if (/auto|scroll/.test(getComputedStyle(e).overflowY)) return true; return false; };
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const parent = node.parentElement, text = node.textContent.trim();
        if (!text || parent.closest(".hidden, .skip, option, script, .tip, .readout, svg") || !parent.checkVisibility()) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            const there = clipped(parent, box);
            if (there.right - there.left < box.width - 2 && there.bottom > there.top) found.push(["cut at the side", text]);
            if (box.right > innerWidth + 1) found.push(["out of the window", text]);
            if (there.bottom - there.top < box.height - 2 && !scrolls(parent)) found.push(["cut above or below", text]);
            if (there.bottom - there.top > 2 && there.right > there.left) seen.push({ ...there, text, parent });
        }
    }
    for (const canvas of document.querySelectorAll("canvas, svg[role=img]")) {
        const box = canvas.getBoundingClientRect(), there = clipped(canvas.parentElement, box);
        if (box.height < 90) found.push(["too low", canvas.parentElement.className, box.height]);
        if (!scrolls(canvas) && there.bottom - there.top < box.height - 2) found.push(["chart cut", canvas.parentElement.className]);
        if (there.bottom > there.top) seen.push({ ...there, text: "a chart or map", parent: canvas });
    }
    seen.forEach((a, i) => seen.slice(i + 1).forEach((b) => {
        const across = Math.min(a.right, b.right) - Math.max(a.left, b.left), down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
        if (a.parent !== b.parent && across > 3 && down > 5) found.push(["over each other", a.text, b.text]);
    }));
    return found;
}"""


def test_the_bundle_is_small_and_has_no_inline_script() -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in BUNDLE.rglob("*") if path.is_file()}
    assert sum(size for name, size in sizes.items() if name.endswith((".js", ".css"))) < 250_000
    assert sum((BUNDLE / "assets" / name).stat().st_size for name in sizes if name.endswith(".woff2")) < 60_000
    index = (BUNDLE / "index.html").read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", index) == [] and "style=" not in index and "<style" not in index


def test_the_page_is_ready_soon(opener) -> None:
    page = opener()  # the first opening pays for the first runs of the server
    took = []
    for _ in range(3):
        page.reload(wait_until="commit")
        page.wait_for_selector(".sentence p")
        took.append(page.evaluate("() => performance.now()"))
    print("page ready, ms:", [round(each) for each in took])
    assert min(took) < 5000  # a machine that is shared; the target is one second


def test_nothing_is_asked_of_anywhere_else_and_the_policy_holds(opener, server) -> None:
    page = opener()
    policy = page.evaluate("async () => (await fetch('/')).headers.get('content-security-policy')")
    assert "script-src 'self'" in policy and "unsafe" not in policy.split("script-src")[1].split(";")[0]
    page.context.route(
        "**/*", lambda route: route.continue_() if route.request.url.startswith(server.address) else route.abort()
    )
    for name in ("Predict", "Compare", "Assumptions", "Explore"):
        mode(page, name)
    settle(page)
    hosts = page.evaluate(
        "() => [...new Set(performance.getEntriesByType('resource').map(each => new URL(each.name).host))]"
    )
    assert hosts == [server.address.split("//")[1]]


def test_without_the_key_the_page_says_so(opener, server) -> None:
    page = opener(path="/", ready=False)
    page.get_by_role("alert").wait_for()
    assert "link" in page.get_by_role("alert").inner_text().lower()


def test_a_link_that_cannot_be_opened_says_why(opener, server) -> None:
    page = opener(link=server.link + "&s=9.nonsense")
    assert len(page.locator(".trouble").inner_text()) > 20
    assert sentence(page)


def test_the_keyboard_alone_does_everything(page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.innerText") == "To the results"
    reached = set()
    for _ in range(75):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate(
                "() => { const e = document.activeElement; return (e.labels?.[0]?.innerText || e.getAttribute('aria-label') || e.innerText || e.id || e.tagName).trim(); }"
            )
        )
    for wanted in (
        "Explore",
        "Predict",
        "Stories",
        "Link",
        "Export",
        "Play",
        "Term shown on the map and the charts",
        "Tell the story of a school",
    ):
        assert wanted in reached, (wanted, sorted(reached))
    before = hash_of(page)
    lever(page, "Coaching|CPD|Hours|Learning").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    page.keyboard.press("Escape")
    assert page.evaluate("() => document.activeElement.innerText.trim()") == "Export"


def test_every_control_has_a_name_and_every_figure_a_summary(page) -> None:
    for name in ("Explore", "Predict", "Compare", "Assumptions"):
        mode(page, name)
        nameless = page.evaluate(
            "() => [...document.querySelectorAll('input, select, button')].filter(e => !(e.labels?.length && e.labels[0].innerText.trim()) && !e.getAttribute('aria-label') && !e.innerText.trim()).map(e => e.outerHTML)"
        )
        assert nameless == []
        blank = page.evaluate(
            "() => [...document.querySelectorAll('[role=img]')].filter(e => (e.getAttribute('aria-label') ?? '').length < 20).map(e => e.outerHTML)"
        )
        assert blank == []


@pytest.mark.parametrize("size", ["laptop", "phone"])
def test_axe_finds_no_serious_violation(opener, size: str) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci in web/")
    page = opener(size)
    script = AXE.read_text(encoding="utf-8")
    for name in ("Explore", "Predict", "Compare", "Assumptions"):
        mode(page, name)
        page.wait_for_timeout(150)
        page.evaluate(script)
        found = page.evaluate(
            "async () => (await axe.run()).violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"
        )
        assert [each for each in found if each[0] in ("serious", "critical")] == [], name
    page.get_by_role("button", name="Export").click()
    found = page.evaluate(
        "async () => (await axe.run()).violations.map(v => [v.impact, v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 160))])"
    )
    assert [each for each in found if each[0] in ("serious", "critical")] == []


def test_reduced_motion_leaves_nothing_moving(opener) -> None:
    page = opener(reduced_motion="reduce")
    assert page.evaluate("() => document.getAnimations().length") == 0


def test_the_axes_stay_while_a_lever_moves(page) -> None:
    # Asked in the page itself: the body of an answer that was broken off is not there to be read from outside.
    page.evaluate(
        """() => { window.axes = []; const ask = window.fetch; window.fetch = async (...words) => {
            const answer = await ask(...words);
            if (String(words[0]).includes("simulate") && answer.ok) answer.clone().json().then(told => window.axes.push(told.axes.doing_it_well), () => {});
            return answer; }; }"""
    )
    for _ in range(4):
        lever(page, "Coaching|CPD|Hours|Learning").press("ArrowRight")
    page.wait_for_timeout(100)
    settle(page)
    axes = page.evaluate("() => window.axes")
    assert axes and all(axis["max"] >= axes[0]["max"] for axis in axes)


@pytest.mark.parametrize("moves", [40, pytest.param(200, marks=pytest.mark.long)])
def test_a_lever_is_answered_fast_and_the_heap_stays_flat(page, moves: int) -> None:
    knob = lever(page, "Coaching|CPD|Hours|Learning")
    times, heaps = [], []
    for i in range(moves):
        before = hash_of(page)
        knob.press("ArrowRight" if i % 20 < 10 else "ArrowLeft")
        page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
        times.append(float(page.get_attribute("main", "data-first-ms")))
        if i % 10 == 9:
            settle(page)
            page.evaluate("() => gc()")
            heaps.append(page.evaluate("() => performance.memory.usedJSHeapSize") / 1e6)
    print("first curves, ms:", sorted(round(each) for each in times), "heap, MB:", [round(heap, 1) for heap in heaps])
    assert sorted(times)[len(times) // 2] < 600
    assert heaps[-1] < heaps[0] + 6


@pytest.mark.parametrize("size", list(SIZES))
def test_it_looks_right_at_this_size(opener, size: str, tmp_path: Path) -> None:
    page = opener(size)
    for name in ("Explore", "Predict", "Compare", "Assumptions"):
        mode(page, name)
        page.wait_for_timeout(120)
        page.screenshot(path=tmp_path / f"{size}-{name.lower()}.png", full_page=size == "phone")
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name} is {wide} px too wide"
        if size != "phone":
            assert page.evaluate(UNREADABLE) == [], name


@pytest.mark.parametrize("size", [size for size in SIZES if size != "phone"])
def test_in_presenter_mode_nothing_is_cut_or_overprinted(opener, size: str, tmp_path: Path) -> None:
    page = opener(size)
    page.get_by_role("button", name="Presenter mode").click()
    page.get_by_role("button", name="Stories").click()
    page.get_by_role("button", name="Begin A mandate").click()

    def looked_at(what: str) -> None:
        settle(page)
        page.wait_for_timeout(150)
        page.screenshot(path=tmp_path / f"{size}-{what}.png")
        assert page.evaluate(UNREADABLE) == [], what
        assert page.evaluate("() => document.documentElement.scrollHeight - innerHeight") <= 0, what

    looked_at("story")
    page.get_by_role("button", name="1. Lock the guess").click()
    page.get_by_role("button", name="2. Reveal the runs").click()
    page.locator(".guess .lead").wait_for()
    looked_at("revealed")
    for name in ("Explore", "Compare", "Assumptions"):
        mode(page, name)
        looked_at(name)
    page.get_by_role("button", name="Leave the story").click()
    for name in ("Predict", "Explore", "Compare"):
        mode(page, name)
        looked_at(f"{name} without a story")
    for _ in range(2):
        page.get_by_role("button", name="Add a policy").click()
    looked_at("four policies")
    for tab in ("Why", "Cost against effect"):
        page.get_by_role("tab", name=tab).click()
        page.locator(".asked .lead").wait_for(timeout=120_000)
        looked_at(tab)
