"""The dashboard in a real browser, beside a real daemon and beside one that was killed.

TIPOFF_PICTURES=ADDRESS takes the manual's pictures anew, of the dashboard there.
"""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.browser.conftest import Evening, Seen, problems_of, started, wait_for
from tipoff.dashboard.access import POLICY
from tipoff.dashboard.token_files import read_tokens

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGES: Final = ("evening", "game", "strategies", "orders", "trades", "pnl", "engine")
SIZES: Final = ((1600, 1000), (1024, 768), (390, 844))
WIRE_BYTES_MAX: Final = 80_000
"""The whole page as it is sent."""

Look = Callable[..., Seen]


def press(seen: Seen, opener: str, reason: str, **typed: str) -> str:
    """Ask for something as a person does: fill the form, press twice, read what came of it."""
    page = seen.page
    page.get_by_role("button", name=opener, exact=True).first.click()
    dialog = page.locator("dialog")
    for name, value in {**typed, "reason": reason}.items():
        field = dialog.locator(f'[name="{name}"]')
        if field.evaluate("each => each.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    send = dialog.locator('button[type="submit"]')
    send.click()
    assert send.inner_text().startswith("Press again:")
    send.click()
    outcome = dialog.locator(".outcome")
    wait_for(lambda: outcome.inner_text().startswith(("Done", "Refused", "Outcome")))
    text = outcome.inner_text()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    return text


def test_every_page_shows_itself_without_an_error_and_asks_nobody_else(
    evening: Evening, look: Look, axe: str
) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    static = [url for url in seen.requests if "/api/" not in url]
    assert len(static) == 3, static
    assert "#t=" not in seen.page.url
    found: dict[str, list[str]] = {}
    for scheme in ("light", "dark"):
        seen.page.emulate_media(color_scheme=scheme)
        for name in PAGES:
            seen.go(name)
            seen.page.wait_for_timeout(300)
            found[f"{name}, {scheme}"] = problems_of(seen.page, axe)
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert (seen.errors, seen.foreign) == ([], [])


def test_the_page_is_small_and_says_what_may_be_loaded(evening: Evening, look: Look) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".panel")
    total = seen.page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".filter(each => !each.name.includes('/api/')).reduce((sum, each) => sum + each.encodedBodySize, 0)"
    )
    assert 10_000 < total <= WIRE_BYTES_MAX, total
    again = seen.page.reload()
    assert again is not None
    assert again.headers["content-security-policy"] == POLICY


def test_nothing_is_cut_off_at_any_width(evening: Evening, look: Look) -> None:
    for width, height in SIZES:
        seen = look(evening.address, viewport={"width": width, "height": height})
        for name in PAGES:
            seen.go(name)
            seen.page.wait_for_timeout(200)
            wide = seen.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{name} at {width}: {wide} pixels too wide"


def test_a_halt_from_the_page_halts_the_engine_and_the_journal_says_whence(
    evening: Evening, look: Look
) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    assert press(seen, "Halt …", "looked wrong").startswith("Done")
    assert evening.ask("status")["state"] == "halted"
    seen.page.wait_for_selector(".pill.bad")
    assert seen.page.title().startswith("HALTED")
    said = [line["text"] for line in evening.ask("journal", limit=50)]
    assert any('"via":"dashboard (operate)"' in line and "looked wrong" in line for line in said)
    assert press(seen, "Resume …", "it was nothing").startswith("Done")
    assert evening.ask("status")["state"] == "running"
    assert seen.errors == []


def test_what_the_daemon_does_is_on_the_page_within_a_second(evening: Evening, look: Look) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    took: list[float] = []
    for number in range(3):
        begun = time.monotonic()
        evening.ask("halt", request_id=f"wire-{number}-{begun}", reason="measured")
        wait_for(lambda: seen.page.title().startswith("HALTED"))
        took.append(time.monotonic() - begun)
        evening.ask("resume", request_id=f"wire-{number}-{begun}-r", reason="measured")
        wait_for(lambda: not seen.page.title().startswith("HALTED"))
    # The least of three: what a busy machine adds is not the page's.
    assert min(took) < 1.0, took


def test_a_parameter_is_changed_old_beside_new(evening: Evening, look: Look) -> None:
    seen = look(evening.address)
    seen.go("strategies")
    row = seen.page.locator("tr", has_text="momentum").first
    row.wait_for()
    row.get_by_role("button", name="Parameters …").click()
    dialog = seen.page.locator("dialog")
    field = dialog.locator('[name="position_size"]')
    before = field.input_value()
    assert f"now {before}" in dialog.inner_text()
    field.fill("7")
    dialog.locator('[name="reason"]').fill("smaller")
    send = dialog.locator('button[type="submit"]')
    send.click()
    send.click()
    wait_for(lambda: dialog.locator(".outcome").inner_text().startswith("Done"))
    (line,) = (each for each in evening.ask("strategies") if each["name"] == "momentum")
    assert '"position_size":7' in line["parameters"].replace(" ", "").replace('"7"', "7")
    assert seen.errors == []


def test_an_order_by_hand_is_judged_and_a_position_is_closed(evening: Evening, look: Look) -> None:
    def market() -> dict[str, str] | None:
        for each in evening.ask("markets"):
            if each["trust"] == "trusted" and each["yes_ask"] and 0.2 < float(each["yes_ask"]) < 0.8:
                return dict(each)
        return None

    def held() -> bool:
        return any(float(each["position"]) for each in evening.ask("positions"))

    def over() -> bool:
        return not evening.ask("orders", open=True)

    seen = look(evening.address)
    seen.go("orders")
    seen.page.wait_for_selector("text=Place an order …")
    wait_for(lambda: seen.page.evaluate("document.querySelectorAll('.panel').length") == 4)
    for _attempt in range(8):
        # Makers withdraw at times: what was asked may be gone when the order arrives.
        chosen = wait_for(market)
        typed = {
            "ticker": chosen["ticker"],
            "strategy": "sharp_line",
            "count": "1",
            "price": f"{float(chosen['yes_ask']) + 0.05:.2f}",
            "p_fair": f"{float(chosen['yes_ask']) + 0.2:.2f}",
        }
        outcome = press(seen, "Place an order …", "by hand", **typed)
        assert outcome.startswith("Done"), outcome
        wait_for(lambda: held() or over())
        if held():
            break
    wait_for(held)
    seen.page.get_by_role("button", name="Close …").first.wait_for()
    outcome = press(seen, "Close …", "enough")
    assert outcome.startswith("Done"), outcome
    seen.go("trades")
    seen.page.get_by_role("button", name="why").first.click()
    seen.page.wait_for_selector("dialog .chain li")
    assert "filled" in seen.page.locator("dialog").inner_text()
    assert seen.errors == []


def test_the_keys_are_those_of_the_terminal_view(evening: Evening, look: Look) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    for number, name in enumerate(PAGES, 1):
        seen.page.keyboard.press(str(number))
        seen.page.wait_for_selector(f'main[data-page="{name}"]')
    seen.page.keyboard.press("?")
    seen.page.wait_for_selector("dialog kbd")
    seen.page.keyboard.press("Escape")
    # A key that is pressed while the help is still open belongs to the help.
    seen.page.wait_for_selector("dialog", state="detached")
    seen.page.keyboard.press("h")
    seen.page.wait_for_selector("text=Halt trading")
    seen.page.keyboard.press("Escape")
    # Nobody pressed twice, so nothing was asked.
    assert evening.ask("status")["state"] == "running"


def test_a_tab_without_a_token_is_asked_for_one_and_one_that_reads_may_not_operate(
    evening: Evening, look: Look
) -> None:
    address = evening.address
    seen = look(address.partition("#")[0])
    seen.page.wait_for_selector("dialog [name=token]")
    tokens = read_tokens(evening.folder / "state")
    assert tokens is not None
    seen.page.locator("dialog [name=token]").fill(tokens.read)
    seen.page.locator("dialog button").click()
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    seen.page.wait_for_selector("body.reading")
    seen.page.get_by_role("button", name="Halt …", exact=True).click()
    dialog = seen.page.locator("dialog")
    dialog.locator("[name=reason]").fill("not mine")
    dialog.locator('button[type="submit"]').click()
    wait_for(lambda: "only reads" in dialog.locator(".outcome").inner_text())
    assert evening.ask("status")["state"] == "running"


def test_after_kill_9_of_the_daemon_the_page_says_so_and_comes_back_by_itself(
    evening: Evening, look: Look
) -> None:
    seen = look(evening.address)
    seen.page.wait_for_selector(".pill.good, .pill.warn")
    evening.kill()
    seen.page.wait_for_selector("body.stale")
    assert "No connection since" in seen.page.locator(".banner").inner_text()
    assert seen.page.title().startswith("no connection")
    evening.start()
    seen.page.wait_for_selector("body:not(.stale)", timeout=60_000)
    seen.page.wait_for_selector(".pill.good, .pill.warn", timeout=60_000)
    assert len([url for url in seen.requests if url == seen.origin]) == 1
    assert seen.foreign == []


def test_a_run_that_is_over_is_looked_back_at(look: Look, root: Path, tmp_path: Path) -> None:
    with (tmp_path / "said.txt").open("wb") as log:
        made = started(
            root, "demo", "--speed", "0", "--games", "1", "--keep", str(tmp_path / "kept"), log=log
        )
        assert made.wait() == 0
        back = started(root, "dashboard", "--db", f"sqlite:///{tmp_path / 'kept/tipoff.db'}", log=log)
    try:
        said = wait_for(lambda: re.search(r"open (http\S+)", (tmp_path / "said.txt").read_text()))
        seen = look(said[1])
        seen.page.wait_for_selector("#moment")
        wait_for(lambda: seen.page.locator(".pill").inner_text() == "looking back")
        seen.go("trades")
        fills = wait_for(lambda: int(seen.page.locator(".line span").inner_text().split()[0]))
        seen.page.locator("#moment").evaluate(
            "each => { each.value = (+each.min + +each.max) / 2; each.dispatchEvent(new Event('input')) }"
        )
        wait_for(lambda: int(seen.page.locator(".line span").inner_text().split()[0]) < fills)
        seen.go("game")
        seen.page.wait_for_selector(".chart .uplot canvas")
        seen.page.get_by_role("button", name="why").first.click()
        seen.page.wait_for_selector("dialog .chain li")
        assert (seen.errors, seen.foreign) == ([], [])
    finally:
        back.kill()
        back.wait()


def test_the_manuals_pictures_are_of_this_page(
    evening: Evening, look: Look, root: Path, tmp_path: Path
) -> None:
    """Taken anew with TIPOFF_PICTURES=ADDRESS, of an evening that has gone on for a while."""
    wanted = os.environ.get("TIPOFF_PICTURES")
    address = wanted or evening.address
    folder = tmp_path if wanted is None else root / "docs/pictures"
    folder.mkdir(exist_ok=True)
    seen = look(address, viewport={"width": 1280, "height": 860}, color_scheme="dark")
    for name in ("evening", "game"):
        seen.go(name)
        seen.page.wait_for_timeout(5_000 if wanted else 200)
        seen.page.screenshot(path=folder / f"dashboard-{name}.png")
    phone = look(address, viewport={"width": 390, "height": 844}, color_scheme="light")
    phone.page.wait_for_timeout(5_000 if wanted else 200)
    phone.page.screenshot(path=folder / "dashboard-phone.png")
    taken = {file.name for file in folder.glob("dashboard-*.png")}
    named = set(re.findall(r"pictures/(\S+?\.png)", (root / "docs/dashboard.md").read_text("utf-8")))
    assert taken == named == {file.name for file in (root / "docs/pictures").glob("dashboard-*.png")}
