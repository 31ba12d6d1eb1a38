"""Nothing leaks, nothing runs, nobody else gets in: hosts, origins, markup, private data."""

# ruff: noqa: E501  (a Chinese character counts as two columns)

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from html.parser import HTMLParser

import console_scene as scene
import pytest
import requests
from console_server import NOW, Console
from sqlalchemy import Engine, text

from db import incidents
from db.engine import write
from domain.addresses import is_loopback
from domain.assessments import Category, Severity
from domain.incidents.events import Cause
from domain.incidents.incident import IncidentState
from domain.trouble import Trouble

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "{{7*7}}{% raw %}",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>停电</a>",
    "<!--<script>-->",
    "&lt;script&gt;&#x3c;script&#x3e;",
    "＜script＞alert(1)＜/script＞",
    "\u202e<b>\u2066停电\U0001f600",
    "<style>*{display:none}</style>",
    "<meta http-equiv=refresh content=0>",
]
PHONE = "13912345678"
ALLOWED_SCRIPT = re.compile(r"/static/live\.js\?v=[0-9a-f]+")


class Watch(HTMLParser):
    """What a browser would run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str | None] = []
        self.handlers: list[str] = []
        self.addresses: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "script":
            self.scripts.append(dict(attrs).get("src"))
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
            if name in ("href", "src", "action"):
                self.addresses.append(value or "")


def nasty_console(running: Callable[..., Console], engine: Engine) -> tuple[Console, str]:
    """A console in whose every text from outside stands something nasty."""
    everything = " ".join(NASTY)
    said = [
        scene.Said(
            30 - i, "weibo", evil, evil, f"{evil} 打 {PHONE}", (("停电", evil, 1.0), (evil[:3], evil, 0.5)), (evil[:4],),
            reply=evil + PHONE, url=url, region=evil,
        )
        for i, (evil, url) in enumerate(
            zip(NASTY, ["javascript:alert(1)", "data:text/html,x", "https://e.org/'\"><script>", "//e.org", None] * 3,
                strict=False)
        )
    ]  # fmt: skip
    with write(engine) as conn:
        one, number = scene.open_with(
            conn, NOW, everything + PHONE, Category.SUPPLY_QUALITY, Severity.RED, said, everything, everything,
            report_no=1,
        )  # fmt: skip
        scene.tell(conn, one, "first", 1, Severity.RED, NOW,
                   [(NASTY[0], NASTY[1] + PHONE, "delivered", NASTY[2], everything + PHONE)])  # fmt: skip
        incidents.add_event(
            conn,
            one,
            NASTY[0],
            Cause.read("x"),
            NOW,
            NASTY[1],
            everything + PHONE,
            {"from": NASTY[0]},
        )
        scene._sources(conn, NOW)
        conn.execute(text("update sources set last_problem = :p"), {"p": everything + PHONE})
    return running(), number


def test_markup_in_any_text_stays_text(running: Callable[..., Console], engine: Engine) -> None:
    console, number = nasty_console(running, engine)
    for path in (
        "/",
        f"/incidents/{number}",
        "/sources",
        f"/incidents/{NASTY[0]}",
        "/?severity=" + NASTY[1],
    ):
        answer = console.get(path)
        watch = Watch()
        watch.feed(answer.text)
        assert [bool(ALLOWED_SCRIPT.fullmatch(s or "")) for s in watch.scripts] == [True], path
        assert watch.handlers == []
        assert not watch.tags & {"style", "iframe", "object", "b onerror"}
        assert all(re.match(r"/(?!/)|https?://|#", a) for a in watch.addresses), watch.addresses
        assert "49" not in re.sub(r"\d{3,}", "", answer.text.split("</h1>")[0][-200:])


def test_no_number_of_a_person_is_anywhere_in_the_pages(
    running: Callable[..., Console], engine: Engine
) -> None:
    console, number = nasty_console(running, engine)
    answer = console.post(
        f"/incidents/{number}/ack", {"who": f"王{PHONE}", "note": f"回电 {PHONE}"}
    )
    assert answer.status_code == 303
    for path in ("/", f"/incidents/{number}", "/sources"):
        page = console.get(path).text
        assert PHONE not in page, path
        assert PHONE not in re.sub(r"<[^>]+>|\s", "", page), path


def test_a_reason_that_is_part_of_a_number_is_quoted_covered(
    running: Callable[..., Console], engine: Engine
) -> None:
    said = scene.Said(
        1, "forum", "f", "", f"停电打{PHONE}", ((PHONE[:9], "数字", 1.0), (PHONE[5:], "尾号", 1.0))
    )
    with write(engine) as conn:
        _, number = scene.open_with(
            conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.BLUE, [said]
        )
    page = running().get(f"/incidents/{number}").text
    assert "「139****5678」" in page
    assert PHONE[:9] not in page
    assert PHONE[5:] not in page


def test_a_link_that_holds_a_number_goes_through_the_console(
    running: Callable[..., Console], engine: Engine
) -> None:
    with write(engine) as conn:
        _, number = scene.open_with(
            conn, NOW, "停电", Category.SUPPLY_QUALITY, Severity.BLUE,
            [scene.Said(1, "forum", "f", "", "停电", url=f"https://example.org/u?tel={PHONE}")],
        )  # fmt: skip
    console = running()
    page = console.get(f"/incidents/{number}").text
    assert PHONE not in page
    found = re.search(r'href="(/posts/\d+/original)"', page)
    assert found
    assert console.get(found[1]).headers["location"] == f"https://example.org/u?tel={PHONE}"
    for nothing in ("999999", "9" * 23, "-1", "x", "１"):
        assert console.get(f"/posts/{nothing}/original").status_code == 404


@pytest.mark.parametrize("path", ["/", "/sources", "/healthz", "/nowhere", "/static/console.css"])
def test_every_answer_carries_the_same_protection(console: Console, path: str) -> None:
    headers = console.get(path).headers
    policy = headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"


def test_pages_are_not_kept_by_caches_but_files_are(console: Console) -> None:
    page = console.get("/")
    assert page.headers["cache-control"] == "no-store"
    file = re.search(r'href="(/static/console\.css\?v=[^"]+)"', page.text)
    assert file
    assert "immutable" in console.get(file[1]).headers["cache-control"]
    assert console.get("/static/../app.py").status_code == 404
    assert console.get("/static/app.py").status_code == 404


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example@127.0.0.1",
        "0.0.0.0",
        "",
        "[::ffff:8.8.8.8]",
        "[",
    ],
)
def test_a_foreign_host_name_is_refused(console: Console, host: str) -> None:
    answer = console.get("/", headers={"Host": host})
    assert answer.status_code in (400, 421)
    assert "小召" not in answer.text


def test_the_public_address_is_let_in(running: Callable[..., Console]) -> None:
    console = running(public_url="https://voice.example.org:8443/x")
    assert console.get("/", headers={"Host": "voice.example.org:8443"}).status_code == 200
    assert console.get("/", headers={"Host": "localhost:1"}).status_code == 200
    assert console.get("/", headers={"Host": "example.org"}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "none"},
     {"Sec_Fetch_Site": "", "Origin": "https://evil.example"}, {"Sec_Fetch_Site": "", "Origin": "null"},
     {"Sec_Fetch_Site": "", "Origin": ""}],
)  # fmt: skip
def test_an_act_from_another_page_is_refused(console: Console, headers: dict[str, str]) -> None:
    path = f"/incidents/{console.numbers['low']}"
    own = {"Origin": console.url, "Sec-Fetch-Site": "same-origin"}
    own |= {k.replace("_", "-"): v for k, v in headers.items()}
    answer = requests.post(
        console.url + path + "/ack",
        {"who": "x"},
        headers={k: v for k, v in own.items() if v},
        timeout=10,
    )
    assert answer.status_code == 403
    assert "已发现" in console.get(path).text


def test_an_old_browser_without_fetch_metadata_may_act(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['low']}/ack"
    assert own_console.post(path, {"who": "王芳"}, Sec_Fetch_Site="").status_code == 303


def test_a_get_never_acts(console: Console) -> None:
    assert console.get(f"/incidents/{console.numbers['low']}/ack?who=x").status_code == 405
    assert "已发现" in console.get(f"/incidents/{console.numbers['low']}").text


def test_a_huge_form_is_refused_unread(console: Console) -> None:
    path = f"/incidents/{console.numbers['low']}/ack"
    assert console.post(path, {"who": "x", "note": "长" * 100_000}).status_code == 413


def test_no_thread_is_started_for_a_page(own_console: Console) -> None:
    """Whoever starts a thread where memory is short may wait for ever, the event loop too."""
    own_console.get("/")
    there = {thread.ident for thread in threading.enumerate()}
    askers = [threading.Thread(target=own_console.get, args=("/",)) for _ in range(30)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    later = {t.ident for t in threading.enumerate()} - {a.ident for a in askers}
    assert later <= there


def test_an_overlong_note_is_cut_not_refused(own_console: Console) -> None:
    path = f"/incidents/{own_console.numbers['low']}"
    assert (
        own_console.post(path + "/ack", {"who": "王" * 99, "note": "长" * 2000}).status_code == 303
    )
    assert "王" * 31 not in own_console.get(path).text


@pytest.mark.parametrize(
    ("host", "own"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("[::1]", True), ("localhost", True),
     ("LOCALHOST.", True), ("0.0.0.0", False), ("10.0.0.1", False), ("localhost.x", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host: str, own: bool) -> None:
    assert is_loopback(host) is own


def test_health_and_readiness_answer_supervisors(own_console: Console) -> None:
    assert own_console.get("/healthz").json() == {"ok": True}
    answer = own_console.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["problems"] == []
    own_console.troubles.append(Trouble("disk", "磁盘快满。", "请清理空间。", alarm=True))
    answer = own_console.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (200, [])
    assert "磁盘快满。请清理空间。" in answer.json()["degraded"]
    own_console.troubles.append(
        Trouble(
            "store:schema", "数据库结构是 0000 版。", "请运行 gridvoice db upgrade。", blocks=True
        )
    )
    answer = own_console.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "gridvoice db upgrade" in answer.json()["problems"][0]


def test_a_store_that_breaks_gives_a_page_not_a_stack(own_console: Console) -> None:
    with write(own_console.engine) as conn:
        conn.execute(text("alter table incidents rename to incidents_gone"))
    own_console.troubles.append(Trouble("store:read", "数据库读不了。", "请检查磁盘。", alarm=True))
    answer = own_console.get("/")
    assert answer.status_code == 503
    assert "数据库暂时无法使用" in answer.text
    assert "数据库读不了。" in answer.text
    assert "Traceback" not in answer.text


def test_the_state_of_an_incident_is_one_of_the_words(console: Console) -> None:
    page = console.get("/").text
    assert set(re.findall(r"state state-(\w+)", page)) <= {s.value for s in IncidentState}
