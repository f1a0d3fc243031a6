"""The twenty features of the page, each used as a presenter or a head would use it."""

from __future__ import annotations

import json
import re

from tests.browser.conftest import settle

LABEL = "Illustrative model, not a forecast"


def hash_of(page) -> str:
    return page.get_attribute("main", "data-hash")


def lever(page, name: str):
    return page.get_by_role("slider", name=re.compile(f"^{name}")).first


def move(page, name: str, times: int = 3, key: str = "ArrowRight") -> None:
    """Move a lever by keys and wait for what comes of it."""
    before = hash_of(page)
    for _ in range(times):
        lever(page, name).press(key)
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    settle(page)


def sentence(page) -> str:
    return page.locator(".sentence p").first.inner_text()


def mode(page, name: str) -> None:
    page.get_by_role("navigation").get_by_role("button", name=name).click()


def pixels(page, selector: str = ".map canvas") -> str:
    return page.eval_on_selector(selector, "canvas => canvas.toDataURL()")


def test_01_a_lever_gives_new_curves_and_a_new_map(page) -> None:
    charts = [pixels(page, ".chart canvas"), pixels(page)]
    axis = page.evaluate("() => document.querySelectorAll('.chart canvas').length")
    told = sentence(page)
    move(page, "Coaching|CPD|Hours|Learning", 6)
    assert axis == 2
    assert pixels(page, ".chart canvas") != charts[0]
    assert pixels(page) != charts[1]
    assert sentence(page) != told
    assert float(page.get_attribute("main", "data-first-ms")) < 1500


def test_02_two_policies_on_the_same_draws_with_the_difference_in_a_sentence(page) -> None:
    assert "A" in sentence(page) and "B" in sentence(page)
    assert re.search(r"range|cannot tell|no clear|too close", sentence(page))
    before = sentence(page)
    page.get_by_label("B policy").select_option("coaching")
    page.wait_for_function("before => document.querySelector('.sentence p').innerText !== before", arg=before)
    settle(page)
    assert page.locator(".sentence [role=status]").inner_text() == sentence(page)


def test_03_predict_lock_reveal(page) -> None:
    mode(page, "Predict")
    slider = page.get_by_label(re.compile("^Year 10:"))
    slider.fill("80")
    assert "80%" in page.get_by_role("group", name="Your guess, year by year").inner_text()
    assert page.get_by_role("button", name="2. Reveal the runs").is_disabled()
    page.get_by_role("button", name="1. Lock the guess").click()
    assert slider.is_disabled()
    page.get_by_role("button", name="2. Reveal the runs").click()
    told = page.locator(".guess .lead")
    told.wait_for()
    assert re.search(r"guessed 80(\.0)?%", told.inner_text())
    assert page.locator(".guess .chart canvas").count() == 1


def test_04_spread_is_played_term_by_term_and_loss_is_seen(page) -> None:
    term = page.get_by_label("Term shown on the map and the charts")
    page.get_by_role("button", name="Replay from the start").click()
    page.wait_for_function("() => document.querySelector('.player input').value > 2")
    page.get_by_role("button", name="Pause").click()
    early = pixels(page)
    term.focus()
    term.press("End")
    assert pixels(page) != early
    assert "year" in term.get_attribute("aria-valuetext").lower()
    legend = page.get_by_role("list", name="How to read the map").inner_text()
    assert all(word in legend.lower() for word in ("done better", "more need", "cluster", "let go"))
    assert page.locator(".map canvas").get_attribute("aria-label").startswith("Map of the schools, policy A.")


def test_05_the_warning_and_the_bands_cannot_be_switched_off(page) -> None:
    for name in ("Explore", "Predict", "Compare", "Assumptions"):
        mode(page, name)
        assert page.get_by_text(LABEL).first.is_visible()
    names = " ".join(page.get_by_role("button").all_inner_texts() + page.get_by_role("checkbox").all_inner_texts())
    assert "band" not in names.lower() and "hide" not in names.lower()
    assert page.locator(".notice button").count() == 0


def test_06_the_budget_is_a_bar_of_fixed_length(page) -> None:
    bars = page.get_by_role("region", name="Budget").get_by_role("img")
    assert bars.count() == 2
    widths = [box["width"] for box in (bars.nth(i).bounding_box() for i in range(2))]
    parts = [page.locator(f".bar >> nth={i} >> .part").count() for i in range(2)]
    assert widths[0] == widths[1] and min(parts) >= 1
    told = page.get_by_role("region", name="Budget").inner_text()
    move(page, "Budget", 2)
    assert page.get_by_role("region", name="Budget").inner_text() != told
    assert bars.nth(0).bounding_box()["width"] == widths[0]
    assert "£" in told


def test_07_equity_is_shown_for_the_poorest_and_the_richest_fifth(page) -> None:
    page.get_by_label("Second chart shows").select_option("well_most")
    page.get_by_role("heading", name=re.compile("poorest")).wait_for()
    settle(page)
    page.locator(".second .chart").hover()
    readout = page.locator(".second .readout").inner_text()
    assert readout.count("poorest") == 2 and readout.count("richest") == 2
    page.get_by_label("Second chart shows").select_option("gap")
    page.locator(".second h2").get_by_text(re.compile("gap", re.I)).wait_for()


def test_08_an_assumption_has_source_grade_and_range_and_can_be_edited(page) -> None:
    mode(page, "Assumptions")
    page.get_by_role("searchbox", name="Find").fill("theta")
    row = page.locator("tbody tr").filter(has=page.get_by_role("slider")).first
    cells = [cell.strip() for cell in row.locator("td").all_inner_texts()]
    assert re.search(r"\d.* to .*\d", cells[2]) and cells[3] and cells[4]
    before = hash_of(page)
    slider = row.get_by_role("slider")
    slider.press("End")
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    assert "edited" in row.inner_text()
    settle(page)
    row.get_by_role("button", name=re.compile("Put back")).click()
    page.wait_for_function("before => document.querySelector('main').dataset.hash === before", arg=before)


def test_09_the_scorecard_stands_by_every_result_with_its_findings_a_click_away(page) -> None:
    for name in ("Explore", "Predict", "Compare", "Assumptions"):
        mode(page, name)
        link = page.locator(".notice a")
        assert re.search(r"passes \d+ of \d+", link.inner_text())
    link.click()
    page.get_by_role("tab", name="What the model gets right and wrong", selected=True).wait_for()
    page.locator("#findings tbody tr").first.wait_for()
    everything = page.locator("#findings tbody tr").count()
    page.get_by_role("button", name="Fails", exact=True).click()
    assert 0 < page.locator("#findings tbody tr").count() < everything


def test_10_the_scenario_is_in_the_link_and_in_a_file(page, opener, server, tmp_path) -> None:
    move(page, "Coaching|CPD|Hours|Learning", 4)
    mark, told = hash_of(page), sentence(page)
    page.get_by_role("button", name="Link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert link.startswith(server.address) and "#s=" in link and "key" not in link
    with page.expect_download() as download:
        page.get_by_role("button", name="Save as JSON").click()
    saved = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert saved["scenario"]["version"] == 1
    page.get_by_role("button", name="Close").click()

    # The link goes on in the presenter's own window, from another scenario.
    page.get_by_label("B policy").select_option("coaching")
    page.wait_for_function("mark => document.querySelector('main').dataset.hash !== mark", arg=mark)
    settle(page)
    page.evaluate("link => { location.hash = new URL(link).hash; }", link)
    page.wait_for_function("mark => document.querySelector('main').dataset.hash === mark", arg=mark)
    settle(page)
    assert sentence(page) == told

    # A second window opens it with the presenter's key beside it, and a file opens it too.
    other = opener(link=server.link + "&" + link.split("#")[1])
    assert hash_of(other) == mark
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps({**saved["scenario"], "budget": 40}), encoding="utf-8")
    other.get_by_role("button", name="Link").click()
    other.get_by_label("Open a JSON file").set_input_files(path)
    other.wait_for_function("mark => document.querySelector('main').dataset.hash !== mark", arg=mark)


def test_11_a_move_can_be_undone_and_done_again(page) -> None:
    first = hash_of(page)
    assert page.get_by_role("button", name="Undo").is_disabled()
    move(page, "Coaching|CPD|Hours|Learning", 3)
    moved = hash_of(page)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("first => document.querySelector('main').dataset.hash === first", arg=first)
    page.get_by_role("button", name="Redo").click()
    page.wait_for_function("moved => document.querySelector('main').dataset.hash === moved", arg=moved)


def test_12_why_says_what_each_feature_is_worth(page) -> None:
    mode(page, "Compare")
    page.get_by_role("tab", name="Why").click()
    region = page.get_by_role("region", name="Why")
    region.locator("tbody tr").first.wait_for(timeout=120_000)
    assert region.locator("tbody tr").count() >= 5
    assert region.locator(".lead").inner_text()
    assert re.search(r"points?", region.locator("tbody").inner_text())


def test_13_cost_against_effect_with_the_frontier(page) -> None:
    mode(page, "Compare")
    page.get_by_role("tab", name="Cost against effect").click()
    region = page.get_by_role("region", name="Cost against effect")
    region.locator("li").first.wait_for(timeout=120_000)
    assert region.locator("li").count() >= 8
    assert region.get_by_text("on the frontier").count() >= 1
    assert region.locator("canvas").count() == 1


def test_14_presenter_mode_is_large_and_steered_by_single_keys(opener) -> None:
    page = opener("projector")
    page.keyboard.press("3")
    assert page.get_by_role("button", name="Explore").get_attribute("aria-current") == "page"
    page.get_by_role("button", name="Presenter mode").click()
    sizes = page.evaluate(
        "() => [...document.querySelectorAll('h2, .sentence p:first-child, .lever label')]"
        ".map(each => parseFloat(getComputedStyle(each).fontSize))"
    )
    assert min(sizes) >= 24
    page.locator("main").focus()
    for key, name in (("2", "Predict"), ("3", "Compare"), ("4", "Assumptions"), ("1", "Explore")):
        page.keyboard.press(key)
        assert page.get_by_role("button", name=name, exact=True).get_attribute("aria-current") == "page"
    page.locator("main").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("5")
    page.get_by_role("region", name="Story").wait_for()
    settle(page)
    page.keyboard.press("Escape")
    assert page.get_by_role("button", name="Presenter mode").get_attribute("aria-pressed") == "false"


def test_15_a_story_sets_the_scenario_and_leads_through_it(page) -> None:
    before = hash_of(page)
    page.get_by_role("button", name="Stories").click()
    page.get_by_role("button", name="Begin A mandate").click()
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    story = page.get_by_role("region", name="Story")
    assert page.get_by_role("button", name="Predict", exact=True).get_attribute("aria-current") == "page"
    assert page.locator(".chart canvas").count() == 0, "the room guesses before it sees a curve"
    assert page.get_by_label("Ask the room").locator("option").first.inner_text().startswith("National mandate:")
    first = story.locator(".step").inner_text()
    story.get_by_role("button", name="Next step").click()
    assert story.locator(".step").inner_text() != first
    second = story.locator(".step").inner_text()
    for name in ("Explore", "Compare", "Assumptions"):
        mode(page, name)
        assert story.locator(".step").inner_text() == second
    story.get_by_role("button", name="Leave the story").click()
    assert story.count() == 0


def test_16_the_flip_test_says_what_would_turn_the_result_and_lets_it_be_tried(page) -> None:
    mode(page, "Compare")
    page.get_by_role("tab", name="What would flip it").click()
    region = page.get_by_role("region", name="Flip test")
    region.locator("tbody tr").first.wait_for(timeout=120_000)
    assert region.locator(".lead").inner_text()
    before = hash_of(page)
    region.get_by_role("button", name=re.compile("Try it")).first.click()
    page.wait_for_function("before => document.querySelector('main').dataset.hash !== before", arg=before)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function("before => document.querySelector('main').dataset.hash === before", arg=before)


def test_17_one_click_tells_a_schools_story(page) -> None:
    canvas = page.locator(".map canvas")
    box = canvas.bounding_box()
    found = None
    for across in range(2, 9):
        for down in range(2, 9):
            page.mouse.move(box["x"] + box["width"] * across / 10, box["y"] + box["height"] * down / 10)
            if page.locator(".tip").count():
                found = page.locator(".tip").inner_text()
                break
        if found:
            break
    assert found and "pupils" in found
    page.mouse.down()
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    dialog.locator("ol li").first.wait_for(timeout=120_000)
    assert found.startswith(dialog.get_by_role("heading").inner_text())
    assert "year" in dialog.inner_text().lower()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    page.get_by_label("Tell the story of a school").select_option(index=3)
    dialog.locator("ol li").first.wait_for(timeout=120_000)


def test_18_phones_join_with_the_code_and_their_guesses_make_a_histogram(page, opener, server) -> None:
    mode(page, "Predict")
    room = page.get_by_role("region", name="The room")
    code = room.locator(".code").inner_text()
    phones = [opener("phone", path="/join", ready=False) for _ in range(3)]
    phones[0].get_by_label("The code on the screen").fill("AAAAAA")
    phones[0].get_by_role("button", name="Join").click()
    phones[0].get_by_role("alert").wait_for()
    for phone in phones:
        phone.get_by_label("The code on the screen").fill(code)
        phone.get_by_role("button", name="Join").click()
        phone.get_by_text("You are in").wait_for()
    room.get_by_role("button", name="Ask", exact=True).click()
    for guess, phone in zip((20, 40, 90), phones, strict=True):
        phone.get_by_role("slider").wait_for()
        phone.get_by_role("slider").fill(str(guess))
        phone.get_by_role("button", name="Send my guess").click()
        phone.get_by_text("You can change it").wait_for()
    room.get_by_text(re.compile("^3 of 3")).wait_for()
    room.get_by_role("button", name="Lock the answers").click()
    room.locator(".histogram").wait_for()
    assert "the runs" not in room.locator(".histogram").inner_text()
    room.get_by_role("button", name="Reveal").click()
    room.locator(".histogram .true").wait_for()
    phones[1].locator(".histogram").wait_for()
    phones[1].get_by_text("Your answer: 40%").wait_for()
    assert phones[1].get_by_role("button").count() == 0
    room.get_by_role("button", name="Next question").click()
    room.get_by_label("Ask the room").wait_for()


def test_19_picture_table_and_report_are_saved_and_say_where_they_come_from(page) -> None:
    page.get_by_role("button", name="Export").click()
    for name, start in (("Picture (PNG)", b"\x89PNG"), ("Table (CSV)", b""), ("Report", b"<!")):
        with page.expect_download(timeout=120_000) as download:
            page.get_by_role("button", name=f"Save {name}").click()
        data = download.value.path().read_bytes()
        assert data.startswith(start) and len(data) > 500
        if b"," in data[:2000] and name == "Table (CSV)":
            assert LABEL.encode() in data or b"kmsim" in data or b"seed" in data
        page.get_by_text("Saved by your browser.").wait_for()


def test_20_the_facilitators_guide_is_a_link_away(page) -> None:
    page.get_by_role("button", name="Help").click()
    link = page.get_by_role("link", name=re.compile("guide", re.I))
    with page.context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert "45" in opened.value.inner_text("body")


def test_the_numbers_have_a_screen_of_their_own_in_presenter_mode(opener) -> None:
    page = opener("projector")
    assert page.get_by_role("button", name="The numbers").count() == 0
    page.get_by_role("button", name="Presenter mode").click()
    page.get_by_role("button", name="The numbers").click()
    dialog = page.get_by_role("dialog", name="The numbers at the end")
    assert dialog.locator("tbody tr").count() >= 10
    sizes = dialog.evaluate(
        "e => [...e.querySelectorAll('tbody :is(th, td)')].map(c => parseFloat(getComputedStyle(c).fontSize))"
    )
    assert min(sizes) >= 24
    assert dialog.evaluate("e => e.scrollHeight - e.clientHeight") <= 0
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")  # closed and gone: between the two nobody can press a key
    page.locator("main").focus()
    page.keyboard.press("t")
    dialog.wait_for()


def test_a_chart_is_read_off_by_keys_and_by_pointer(page) -> None:
    term = page.get_by_role("slider", name="Term read off: Teachers doing it well")
    term.focus()
    term.press("Home")
    assert term.get_attribute("aria-valuetext").startswith("A: Year 0: 0")
    for _ in range(3):
        term.press("ArrowRight")
    assert "Year 1:" in term.get_attribute("aria-valuetext")
    assert page.get_by_label("Term shown on the map and the charts").input_value() == "3"
    box = term.bounding_box()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert page.get_by_label("Term shown on the map and the charts").input_value() == "15"
    assert "Year 5:" in page.locator(".readout").first.inner_text()


def test_every_lever_tells_its_evidence_in_a_sentence_with_the_findings_a_click_away(page) -> None:
    for button in page.get_by_role("button", name=re.compile("^What .* means$")).all():
        button.click()
    said = page.locator(".lever .more")
    assert said.count() == 12
    for text in said.all_inner_texts():
        assert re.search(r"[a-z]{3}.*\.\s+Research: F\d\d", text), text
    page.get_by_role("link", name=re.compile("^F78")).click()
    page.get_by_role("tab", name="What the model gets right and wrong", selected=True).wait_for()
    page.wait_for_function("() => document.activeElement.innerText.includes('F78')")


def test_assumptions_fold_and_a_search_opens_what_it_finds(opener) -> None:
    page = opener("phone")
    mode(page, "Assumptions")
    sections = page.locator(".assumptions > .body > details")
    sections.first.wait_for()
    assert sections.count() >= 12 and page.locator(".assumptions > .body > details[open]").count() == 1
    assert page.evaluate("() => document.documentElement.scrollHeight") < 6 * 844
    summary = sections.nth(1).locator("> summary")
    summary.focus()
    page.keyboard.press("Enter")
    sections.nth(1).locator("tbody tr").first.wait_for()
    page.get_by_role("searchbox", name="Find").fill("theta")
    page.get_by_role("slider").first.wait_for()
    page.get_by_role("searchbox", name="Find").fill("")
    page.get_by_role("button", name="Open every section").click()
    assert page.locator(".assumptions > .body > details[open]").count() == sections.count()
