"""What a stranger spells oddly is covered on every page, and no link leads behind a log-in."""

from __future__ import annotations

import re
from collections.abc import Callable

import console_scene as scene
from console_server import NOW, Console
from sqlalchemy import Engine, update

from db.engine import write
from db.tables import posts
from domain.assessments import Category, Severity

SPELT = [
    "+8613812345678", "138.1234.5678", "１３８１２３４５６７８", "①③⑧①②③④⑤⑥⑦⑧",
    "幺三八一二三四五六七八",
    "138\u200b1234\u200b5678", "(0374)2345678", "411023 19900101 1234", "6222 0212 3456 7890 123",
    "QQ123456789", "微信号zhangsan_88", "户号（4100123456）", "电表编号：410012345678", "豫K-12345",
    "zhang＠qq.com", "3-2-501", "三号楼二单元五零一室", "联系人：张三丰",
]  # fmt: skip
# Of each the part that says who it is.
TELLING = [
    "13812345678", "138.1234", "８１２３４", "⑧①②③", "八一二三四", "138\u200b1234", "2345678",
    "19900101",
    "0212 3456", "123456789", "zhangsan", "4100123456", "410012345678", "12345", "zhang", "2-501",
    "五零一", "三丰",
]  # fmt: skip


def test_every_spelling_is_covered_on_every_page(
    running: Callable[..., Console], engine: Engine
) -> None:
    everything = "停电三天，" + "，".join(SPELT)
    why = tuple((part, "依据", 9.0) for part in TELLING)
    said = scene.Said(
        1,
        "forum",
        "f",
        everything,
        f"小召乡：{everything}",
        why,
        reply=everything,
        region=everything,
    )
    with write(engine) as conn:
        one, number = scene.open_with(
            conn, NOW, everything, Category.SUPPLY_QUALITY, Severity.BLUE, [said], everything
        )
        scene.tell(conn, one, "first", 1, Severity.BLUE, NOW,
                   [("centre", everything, "delivered", "200", everything)])  # fmt: skip
    console = running()
    console.post(f"/incidents/{number}/ack", {"who": "王芳", "note": everything})
    for path in ("/", f"/incidents/{number}"):
        page = console.get(path).text
        shown = re.sub(r"<[^>]*>", "", page)
        assert "停电三天" in shown
        for part in TELLING:
            assert part not in page, (path, part)
            assert part not in shown, (path, part)


def test_nobody_is_sent_to_an_address_behind_a_log_in(own_console: Console) -> None:
    number = next(iter(own_console.numbers.values()))
    for url in (
        "http://user:pass@evil.example/a",
        "http://12345.gov.cn@evil.example/",
        "https://good.example\\@evil.example/",
        "http://good.example/\x01",
    ):
        with write(own_console.engine) as conn:
            conn.execute(update(posts).values(url=url))
        page = own_console.get(f"/incidents/{number}").text
        assert "evil.example" not in page, url
        assert "/original" not in page, url
        assert own_console.get("/posts/1/original").status_code == 404, url
