"""In a real browser: the board lives, the phone fits, the keyboard suffices, dark is readable."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import console_scene as scene
import pytest
from console_server import Console

from db.engine import write
from domain.assessments import Category, Severity
from domain.clock import utc_now


def _is_ours(message: Any) -> bool:
    """An error of the page itself; a refused load is what a test may have asked for."""
    return message.type == "error" and "Failed to load resource" not in message.text


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """A page of that size; it fails the test when the page logs an error or breaks its policy."""
    contexts, complaints = [], []

    def start(width: int = 1280, height: int = 900, **more: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **more)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda m: complaints.append(m.text) if _is_ours(m) else None)
        return page

    yield start
    for context in contexts:
        context.close()
    assert complaints == []


def test_a_new_incident_appears_without_reload(
    running: Callable[..., Console], open_page: Callable[..., Any]
) -> None:
    console = running(fill=True, clock=utc_now)
    page = open_page()
    page.goto(console.url)
    page.evaluate("window.untouched = true")
    page.keyboard.press("Tab")
    page.locator(f"#open-{console.numbers['storm']}").focus()
    with write(console.engine) as conn:
        _, number = scene.open_with(
            conn, utc_now(), "河街乡学校门口电线垂落", Category.LINE_SAFETY, Severity.RED,
            [scene.Said(0, "weibo", "s", "", "电线掉下来了")], "河街乡", "河街供电所",
        )  # fmt: skip
    page.locator(f"#card-{number}").wait_for(timeout=6000)
    assert page.evaluate("window.untouched")
    assert "arrived" in page.locator(f"#card-{number}").get_attribute("class")
    assert "河街乡学校门口电线垂落" in page.locator("#news").text_content()
    assert page.evaluate("document.activeElement.id") == f"open-{console.numbers['storm']}"
    assert page.locator("#live-state").get_attribute("data-state") == "live"


def test_what_is_being_typed_survives_an_update(
    running: Callable[..., Console], open_page: Callable[..., Any]
) -> None:
    console = running(fill=True, clock=utc_now)
    page = open_page()
    page.goto(f"{console.url}/incidents/{console.numbers['low']}")
    page.fill("#ack-who", "王芳")
    scene.grow(
        console.engine,
        console.numbers["low"],
        scene.Said(0, "weibo", "s", "", "刚又停了"),
        utc_now(),
    )
    page.get_by_text("刚又停了").wait_for(timeout=6000)
    assert page.input_value("#ack-who") == "王芳"
    assert "23 条" in page.locator("#head").text_content()


def test_a_lost_connection_is_said(
    running: Callable[..., Console], open_page: Callable[..., Any]
) -> None:
    console = running(fill=True, clock=utc_now)
    page = open_page()
    page.goto(console.url)
    page.route("**/*", lambda route: route.fulfill(status=503))
    page.locator("#live-state[data-state=lost]").wait_for(timeout=6000)
    page.unroute("**/*")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.locator("#live-state[data-state=live]").wait_for(timeout=9000)


@pytest.mark.parametrize("width", [320, 390, 768, 1024, 1280])
def test_no_page_is_wider_than_its_window(
    console: Console, open_page: Callable[..., Any], width: int
) -> None:
    page = open_page(width, 844)
    for path in ("/", f"/incidents/{console.numbers['low']}", "/sources", "/?state=over"):
        page.goto(console.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_an_incident_is_found_and_taken_by_keyboard_alone(
    own_console: Console, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    page.goto(own_console.url)

    def tab_to(wanted: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == wanted:
                return
        raise AssertionError(f"{wanted} is not reached by Tab")

    tab_to(f"open-{own_console.numbers['low']}")
    ring = page.evaluate("getComputedStyle(document.activeElement, '::after').outlineStyle")
    assert ring == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/incidents/*")
    tab_to("ack-who")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("王芳")
    tab_to("ack-go")
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=ack")
    assert "已接收" in page.locator("#notice").text_content()
    assert "王芳" in page.locator("#act").text_content()


def test_everything_works_without_javascript(
    own_console: Console, open_page: Callable[..., Any]
) -> None:
    page = open_page(390, 844, java_script_enabled=False)
    page.goto(own_console.url)
    page.click("#f-severity-red")
    page.click(f"#open-{own_console.numbers['low']}")
    page.click("#close-fold summary")
    page.fill("#close-who", "王芳")
    page.fill("#close-note", "已换变压器")
    page.click("#close-go")
    assert "已办结" in page.locator("#head").text_content()


CONTRAST = """() => {
  const channel = (v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
  const light = (c) => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
  const parse = (s) => s.match(/[\\d.]+/g).map(Number);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length < 4 || c[3] > .99) return c;
    }
    return [255, 255, 255];
  };
  const poor = [];
  for (const e of document.querySelectorAll('body *')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.closest('.unseen, .skip')) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(behind(e))];
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push([e.className, e.textContent.trim().slice(0, 12), ratio.toFixed(2)]);
  }
  return poor;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(
    console: Console, open_page: Callable[..., Any], scheme: str
) -> None:
    page = open_page(color_scheme=scheme)
    for path in (
        "/",
        f"/incidents/{console.numbers['low']}",
        f"/incidents/{console.numbers['storm']}",
        "/sources",
    ):
        page.goto(console.url + path)
        assert page.evaluate(CONTRAST) == [], path


def test_a_thumb_can_hit_what_a_phone_shows(
    console: Console, open_page: Callable[..., Any]
) -> None:
    page = open_page(390, 844)
    page.goto(f"{console.url}/incidents/{console.numbers['low']}")
    assert page.locator("#ack-go").bounding_box()["height"] >= 44
    page.goto(console.url)
    assert min(b.bounding_box()["height"] for b in page.locator(".chip").all()) >= 30


@pytest.mark.usefixtures("browser")
def test_the_pictures_of_the_readme_are_made_by_one_command(
    console: Console, tmp_path: Path
) -> None:
    script = Path(__file__).parents[2] / "tools" / "screenshots.py"
    command = [sys.executable, str(script), "--url", console.url, "--out", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    sizes = {p.name: struct.unpack(">II", p.read_bytes()[16:24]) for p in tmp_path.iterdir()}
    assert sizes == {
        "console.png": (1280, 900),
        "incident.png": (1280, 1300),
        "console-phone.png": (780, 1688),
    }
