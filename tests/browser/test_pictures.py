"""The pictures of docs/facilitator.md, taken of the page as it is. KMSIM_PICTURES=1 writes them there; else they are only checked.

Letters are drawn a little otherwise on every machine, so that no picture is compared with another.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

from PIL import Image

from tests.browser.conftest import ROOT, settle
from tests.browser.test_features import mode
from tests.workshop.serving import Served, serving

GUIDE = ROOT / "docs" / "facilitator.md"
PICTURES = ROOT / "docs" / "images" / "workshop"
SIZES = {
    "explore": (1366, 768),
    "predict": (1920, 1080),
    "phone": (390, 844),
    "compare": (1366, 768),
    "assumptions": (1366, 768),
    "story": (1366, 768),
}
MOST_BYTES = 150_000
GUESSES = (15, 25, 30, 35, 35, 40, 45, 60)


def take(page, folder: Path, name: str) -> None:
    """A picture of what the window shows, in 256 colours: a third of the bytes, and the eye sees no difference."""
    page.mouse.move(2, 2)
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
    shot.quantize(256, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


def test_the_guides_pictures_are_taken_of_the_page_as_it_is(opener, tmp_path: Path) -> None:
    folder = PICTURES if os.environ.get("KMSIM_PICTURES") else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    page = opener()
    take(page, folder, "explore")
    tell(page)
    take(page, folder, "story")
    page.keyboard.press("Escape")
    mode(page, "Compare")
    take(page, folder, "compare")
    mode(page, "Assumptions")
    page.locator("tbody tr").first.wait_for()
    take(page, folder, "assumptions")
    with serving("--lan") as own:  # phones that join stay: the room of the other tests has only theirs
        presented(opener, own, folder)
    for name, size in SIZES.items():
        path = folder / f"{name}.png"
        assert Image.open(path).size == size
        assert 5_000 < path.stat().st_size < MOST_BYTES, name
        assert len(Image.open(path).convert("RGB").getcolors(1 << 20)) > 20, f"{name} is blank"


def tell(page) -> None:
    """Open the story of a school that has one: it joined, used it, did it well, and lost its money."""
    choice = page.get_by_label("Tell the story of a school")
    dialog = page.get_by_role("dialog")
    for i in range(1, 40):
        choice.select_option(index=i)
        dialog.locator("ol li").first.wait_for(timeout=120_000)
        told = dialog.inner_text().lower()
        parts = ("primary;", "signed up", "its funding has ended", "a quarter of its teachers", "does it well")
        if all(part in told for part in parts):
            return
        page.keyboard.press("Escape")
        page.locator("dialog").wait_for(state="detached")  # closed and gone: what closes it may come a little later
    raise AssertionError("no school joined, used it and did it well")


def presented(opener, own: Served, folder: Path) -> None:
    """A room that predicts: the presenter's screen once all is revealed, and a phone while it may still answer."""
    page = opener("projector", link=own.link)
    page.get_by_role("button", name="Presenter mode").click()
    mode(page, "Predict")
    room = page.get_by_role("region", name="The room")
    code = room.locator(".code").inner_text()
    room.get_by_role("button", name="Ask", exact=True).click()
    phones = []
    for guess in GUESSES:
        phone = opener("phone", link=f"{own.address}/join", ready=False)
        phone.get_by_label("The code on the screen").fill(code)
        phone.get_by_role("button", name="Join").click()
        phone.get_by_role("slider").fill(str(guess))
        phones.append(phone)
    take(phones[3], folder, "phone")
    for phone in phones:
        phone.get_by_role("button", name="Send my guess").click()
        phone.get_by_text("You can change it").wait_for()
    for year, guess in ((2, 15), (4, 30), (6, 35), (8, 30), (10, 25)):
        page.get_by_label(re.compile(f"^Year {year}:")).fill(str(guess))
    page.get_by_role("button", name="1. Lock the guess").click()
    room.get_by_role("button", name="Lock the answers").click()
    room.get_by_role("button", name="Reveal").click()
    page.get_by_role("button", name="2. Reveal the runs").click()
    page.locator(".guess .lead").wait_for()
    settle(page)
    take(page, folder, "predict")
    room.get_by_role("button", name="Next question").click()


def test_the_guide_shows_every_picture_and_no_other() -> None:
    named = re.findall(r"!\[[^\]]{20,}\]\(images/workshop/(\w+)\.png\)", GUIDE.read_text(encoding="utf-8"))
    assert sorted(named) == sorted(SIZES)
    for name, size in SIZES.items():
        assert Image.open(PICTURES / f"{name}.png").size == size
        assert (PICTURES / f"{name}.png").stat().st_size < MOST_BYTES
