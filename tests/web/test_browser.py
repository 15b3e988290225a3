"""The pages in a real browser: chips, the form with its preview, keys, live updates, colours; and nothing that complains."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette

from evaluator.service.listening import bind, server
from evaluator.web.live import Pace
from evaluator.web.pages import pages
from tests.web.brigade import DOWN, on_ladder, turns
from tests.web.stage import Stage

playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed, so there is no browser to drive")

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed, so nobody looks at the pages"),
]


@dataclass
class Moving(Stage):
    """A stage that tells open pages when something has happened."""

    moves: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def changed(self, since: int) -> int | None:
        """When there has been more than `since`."""
        while self.moves <= since:
            self.moved.clear()
            await self.moved.wait()
        return self.moves

    def move(self) -> None:
        """Something has happened."""
        self.moves += 1
        self.moved.set()


@asynccontextmanager
async def browsing(stage: Stage, colours: str = "light") -> AsyncIterator[tuple[playwright.Page, list[str]]]:
    """A page at the wall, and what the browser complains of."""
    complaints: list[str] = []
    app = server(Starlette(routes=pages(stage, Pace(calm=0.05))))
    with bind("127.0.0.1", 0) as listener:
        serving = asyncio.create_task(app.serve(sockets=[listener]))
        async with playwright.async_playwright() as driver:
            browser = await driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            context = await browser.new_context(color_scheme=colours, viewport={"width": 1100, "height": 800})
            page = await context.new_page()
            page.set_default_timeout(10_000)
            page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.goto(f"http://127.0.0.1:{listener.getsockname()[1]}/")
            try:
                yield page, complaints
            finally:
                await browser.close()
                app.should_exit = True
                await serving


async def test_chips_keys_and_a_silence() -> None:
    """From the wall to a silence by keyboard and mouse, the preview first."""
    stage = Stage()
    stage.post({"alertname": "Down", "team": "db", "instance": "a"}, {"alertname": "Down", "team": "db", "instance": "b"})
    stage.post({"alertname": "Slow", "team": "web"})
    async with browsing(stage) as (page, complaints):
        await page.get_by_role("link", name=re.compile("team=db")).first.click()
        await page.wait_for_url("**filter=**")
        assert await page.locator(".card").count() == 1
        assert await page.locator(".chip").count() == 1
        await page.locator(".chip a").click()
        await page.locator(".card").nth(1).wait_for()
        await page.keyboard.press("/")
        assert await page.evaluate("document.activeElement.id") == "find"
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        assert await page.locator(".chosen").count() == 1
        await page.keyboard.press("s")
        await page.wait_for_url("**/silences/new**")
        await page.fill("#matchers", 'alertname="Down"')
        await page.get_by_text("Mutes 2 of 3 alerts that fire now").wait_for()  # while typing, without a click
        await page.fill("#author", "ada")
        await page.fill("#comment", "planned")
        await page.get_by_role("button", name="Preview").click()
        await page.get_by_role("button", name="Create the silence").click()
        await page.wait_for_url(re.compile(r"/silences/[0-9a-f-]{36}$"))
        assert complaints == []
    (silence,) = stage.machine.muting.silences.listing(stage.now)
    assert silence.created_by == "ada"


LINKS = {
    "alerts?receiver=ops%5C.web": "/?receiver=ops.web",
    "alerts?silenced=false&filter=%7Bteam%3D%22db%22%7D": "/?filter=%7Bteam%3D%22db%22%7D",
    "silences/new?filter=%7Bteam%3D%22db%22%2C%20alertname%3D~%22D.*%22%7D": "/silences/new?filter=",
    "silences": "/silences",
    "silences/0f3c0000-0000-4000-8000-000000000000": "/silences/0f3c0000-0000-4000-8000-000000000000",
}
"""Of pages of an Alertmanager, and where those are here."""


async def test_links_to_pages_of_an_alertmanager_lead_to_ours() -> None:
    """Those of default templates, of many a template of somebody's own, and of bookmarks."""
    stage = Stage()
    stage.post({"alertname": "Down", "team": "db"}, {"alertname": "Slow", "team": "web"})
    async with browsing(stage) as (page, _):
        wall = page.url
        for link, place in LINKS.items():
            await page.goto(wall)
            await page.evaluate(f"location.hash = '#/{link}'")  # in a page that is open
            await page.wait_for_url(lambda url, place=place: "#" not in url and place in url)
            await page.goto("about:blank")
            await page.evaluate(f"location.href = '{wall}#/{link}'")  # and from elsewhere
            await page.wait_for_url(lambda url, place=place: "#" not in url and place in url)
            if "silences/new" in link:
                assert await page.input_value("#matchers") == '{team="db", alertname=~"D.*"}'
            elif "filter" in link:
                assert await page.locator(".card").count() == 1


async def test_keys_choose_open_and_explain() -> None:
    """Down, down, up, and into what is chosen; a question mark lists the keys, also on a page of its own."""
    stage = Stage()
    stage.post({"alertname": "Down"}, {"alertname": "Slow"})
    async with browsing(stage) as (page, complaints):
        for key in ("j", "j", "j", "k"):
            await page.keyboard.press(key)
        chosen = await page.locator(".chosen h2").inner_text()
        assert chosen == await page.locator(".card h2").first.inner_text()
        await page.keyboard.press("?")
        assert await page.locator("#keys").is_visible()
        await page.keyboard.press("Escape")
        assert not await page.locator("#keys").is_visible()
        await page.locator(".chosen").focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**group=**")
        assert await page.locator(".card h2").all_inner_texts() == [chosen]
        assert complaints == []


async def test_a_script_that_slips_in_is_not_run() -> None:
    """Even if a text of an alert became part of the page, the browser would not obey it."""
    async with browsing(Stage()) as (page, complaints):
        await page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.owned = 1'}))")
        await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.owned = 1\">')")
        await page.evaluate("document.querySelector('img').decode().catch(() => 0)")
        assert await page.evaluate("window.owned") is None
        assert any("Content Security Policy" in text for text in complaints)


async def test_an_open_page_follows() -> None:
    """And keeps what somebody is typing."""
    stage = Moving()
    async with browsing(stage) as (page, complaints):
        await page.locator("#pulse").get_by_text("live").wait_for()
        await page.fill("#find", "half a wor")
        stage.post({"alertname": "Down"})
        stage.move()
        await page.locator(".card").get_by_text("Down").wait_for()
        assert await page.input_value("#find") == "half a wor"
        assert complaints == []


async def test_what_somebody_looks_at_stays_where_it_is() -> None:
    """The focus on its link, the text under the eye, the choice of the keys: while what is worse comes in above."""
    stage = Moving()
    stage.post(*({"alertname": f"A{number:02d}", "severity": "info"} for number in range(30)))
    async with browsing(stage) as (page, complaints):
        await page.locator("#pulse").get_by_text("live").wait_for()
        row = page.locator("article", has_text="A20")
        await row.scroll_into_view_if_needed()
        await page.keyboard.press("j")
        chosen = await page.locator(".chosen").get_attribute("id")
        await row.get_by_text("details").focus()
        before = await row.bounding_box()
        stage.post(*({"alertname": f"Worse{number}", "severity": "critical"} for number in range(5)))
        stage.move()
        await page.locator("article", has_text="Worse4").wait_for()
        after = await row.bounding_box()
        assert before is not None
        assert after is not None
        assert abs(after["y"] - before["y"]) <= 1
        assert await row.get_by_text("details").evaluate("link => link === document.activeElement")
        await page.locator(f"#{chosen}.chosen").wait_for()
        assert complaints == []


async def test_a_page_waits_for_who_copies_something() -> None:
    """And says so; when they are done, it shows what has come meanwhile."""
    stage = Moving()
    stage.post({"alertname": "Down"}, annotations={"summary": "host db-7 is down"})
    async with browsing(stage) as (page, complaints):
        await page.locator("#pulse").get_by_text("live").wait_for()
        await page.locator(".summary").evaluate("place => getSelection().selectAllChildren(place)")
        stage.post({"alertname": "Other"})
        stage.move()
        await page.locator("#pulse").get_by_text("waits while text is selected").wait_for()
        assert await page.evaluate("getSelection().toString()") == "host db-7 is down"
        assert await page.locator("article", has_text="Other").count() == 0
        await page.evaluate("getSelection().removeAllRanges()")
        await page.locator("article", has_text="Other").wait_for()
        assert "live" in (await page.locator("#pulse").text_content() or "")
        assert complaints == []


@pytest.mark.parametrize(("status", "body"), [(503, "busy"), (502, "<h1>Bad Gateway</h1>"), (200, "<p>Please log in.</p>")])
async def test_a_refusal_does_not_take_the_place_of_the_page(status: int, body: str) -> None:
    """What could be read can still be, and the page says that it is old; the next answer puts it right."""
    stage = Moving()
    stage.post({"alertname": "Down"})
    async with browsing(stage) as (page, complaints):
        await page.locator("#pulse").get_by_text("live").wait_for()
        await page.route(page.url, lambda route: route.fulfill(status=status, body=body, content_type="text/html"))
        stage.move()
        await page.locator("#pulse").get_by_text("not live: the server refuses").wait_for()
        assert await page.locator("article", has_text="Down").count() == 1
        await page.unroute(page.url)
        stage.post({"alertname": "Other"})
        stage.move()
        await page.locator("article", has_text="Other").wait_for()
        await page.locator("#pulse").get_by_text("● live").wait_for()
        assert [text for text in complaints if "Failed to load" not in text] == []


async def test_a_refusal_does_not_take_the_preview_away() -> None:
    stage = Stage()
    stage.post({"alertname": "Down"})
    async with browsing(stage) as (page, _):
        await page.goto(page.url + "silences/new?filter=alertname%3DDown")
        await page.get_by_text("Mutes 1 of 1 alert").wait_for()
        await page.route("**/silences/new", lambda route: route.fulfill(status=503, body="busy"))
        await page.fill("#comment", "disks")
        await page.locator("#pulse").get_by_text("the server refuses").wait_for()
        await page.get_by_text("Mutes 1 of 1 alert").wait_for()
        await page.unroute("**/silences/new")
        await page.fill("#matchers", "alertname=Nope")
        await page.get_by_text("Mutes nothing that fires now").wait_for()
        await page.locator("#pulse").wait_for(state="hidden")


async def test_a_page_that_the_browser_kept_follows_again() -> None:
    """By the button that leads back, a browser may show a page as it was when it was left."""
    stage = Moving()
    async with browsing(stage) as (page, complaints):
        await page.locator("#pulse").get_by_text("live").wait_for()
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))")
        stage.post({"alertname": "Missed"})
        stage.move()
        await page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
        await page.locator("article", has_text="Missed").wait_for()
        stage.post({"alertname": "Next"})
        stage.move()
        await page.locator("article", has_text="Next").wait_for()
        assert complaints == []


async def test_dark_by_preference_and_light_by_the_switch() -> None:
    stage = Stage()
    async with browsing(stage, "dark") as (page, complaints):
        colour = "getComputedStyle(document.body).backgroundColor"
        dark = await page.evaluate(colour)
        await page.get_by_role("button", name="light").click()
        await page.wait_for_load_state()
        light = await page.evaluate(colour)
        assert sum(map(int, re.findall(r"\d+", dark)[:3])) < 200
        assert sum(map(int, re.findall(r"\d+", light)[:3])) > 600
        assert complaints == []


async def test_nothing_overflows_on_a_telephone() -> None:
    """Long names and labels are broken rather than pushing the page aside; every page is looked at."""
    stage = Stage()
    stage.post({"alertname": "A" * 200, "path": "/very/long/" * 30, "team": "db"}, annotations={"summary": "x" * 400})
    async with browsing(stage) as (page, complaints):
        await page.set_viewport_size({"width": 360, "height": 700})
        for path in ("", "silences", "silences/new", "rules", "routes", "status"):
            await page.goto(f"{page.url.split('/', 3)[0]}//{page.url.split('/', 3)[2]}/{path}")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert complaints == []


async def test_an_incident_is_worked_on_while_its_page_lives() -> None:
    """What somebody types outlives an update, and the button is for the incident as it is then."""
    stage = Moving(on_ladder())
    stage.post(DOWN)
    stage.deliver()
    async with browsing(stage) as (page, complaints):
        await page.get_by_role("link", name="incident 1").click()
        await page.fill("input[name=by]", "ana")
        await page.fill("input[name=note]", "looking at the disks")
        await page.select_option("#lasts", "4h")
        stage.pass_time(minutes=5)
        stage.deliver()
        stage.move()
        await page.get_by_text("backup has been told").wait_for()
        assert await page.input_value("#lasts") == "4h"
        assert await page.input_value("input[name=note]") == "looking at the disks"
        await page.get_by_role("button", name="acknowledge").click()
        await page.get_by_text("Ana is on it").wait_for()
        await page.get_by_text("Ana acknowledged: looking at the disks").wait_for()
        assert await page.input_value("input[name=by]") == "ana"  # it is remembered
        await page.select_option("#lasts", "4h")
        await page.get_by_role("button", name="put off").click()
        await page.get_by_text("put off by Ana").first.wait_for()
        await page.get_by_role("link", name="Incidents").click()
        await page.wait_for_url("**/incidents")
        await page.locator(".card").wait_for()
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/incidents/1")
        assert complaints == []
    assert str(stage.machine.incidents.table[1].state) == "snoozed"


async def test_four_weeks_of_duty_are_drawn_without_complaints() -> None:
    stage = Moving(on_ladder(duty=turns()))
    async with browsing(stage, "dark") as (page, complaints):
        await page.get_by_role("link", name="On call").click()
        await page.locator("svg.week").nth(3).wait_for()
        await page.fill("#find", "2026-03-02 10:00")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**at=**")
        assert "Bo" in await page.locator("section header").first.inner_text()
        assert complaints == []
