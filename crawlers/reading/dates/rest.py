"""A text of which pieces are taken until nothing of meaning is left; and its spelling made plain.

What is left over decides: a digit or a word for a day that no piece accounts for means that the
text was not understood, whatever was found in it.
"""

from __future__ import annotations

import re

from domain.text import fold

STRUCK = "¦"  # stands where something was taken: neither digit, letter nor blank
_MARKS = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-") | {"∶": ":", STRUCK: "|"})
_UNITS = "年|月|日|号|天|时|点|分|秒|刻|小时|钟头|个|周|星期|礼拜"
_NUMERAL = re.compile(
    rf"(?<!周)(?<!星期)(?<!礼拜)([〇○零一二三四五六七八九十廿卅两几数]+)(?=多?\s*(?:{_UNITS}))"
)
_VALUES = {c: i for i, c in enumerate("零一二三四五六七八九")}
_VALUES |= {"〇": 0, "○": 0, "两": 2, "几": 3, "数": 3}

# Digits, and the words for days, months and years: none of them may be left over.
_MEANING = re.compile(
    r"\d|昨|今[天日早晨晚夜年]|明[天日早晚年]|前[天日晚夜年]|后[天日年]|[次翌]日|去年"
    r"|[上下本这]个?(?:周|星期|礼拜|月)|(?:周|星期|礼拜)[一二三四五六日天末]"
    r"|农历|阴历|旧历|腊月|正月|闰|民国|平成|令和|昭和|佛历|回历"
    r"|(?<![a-z])(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
    r"|(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?"
    r"|yesterday|today|tomorrow|tonight|ago|next|last|weeks?|months?|years?|hours?|minutes?|days?)"
    r"(?![a-z])"
)
_HALF = re.compile(r"[上下中]午|[早晚]上|凌晨|傍晚|(?<![a-z])[ap]\.?m(?![a-z])")
_LABEL = re.compile(
    r"发布|发表|发文|发帖|发稿|更新|修改|编辑|创建|提交|来信|写信|留言|提问|受理|登记|录入|采集|入库|回复|答复"
    r"|办结|反映|投诉|咨询|公开|上传|推送|发送|最后|首次|时间|日期|时刻|[于在的]|北京"
    r"|(?<![a-z])(?:published|posted|updated|created|date|time|on|at)(?![a-z])"
)
# Figures beside a time that are none of it: how often it was read, which number it has.
_FIGURES = (
    re.compile(
        r"(?:阅读|浏览|点击|访问|查看|围观|评论|回复|跟帖|点赞|赞|转发|收藏|分享|热度|人气|字数|字号|阅|次数"
        r"|(?<![a-z])(?:views?|reads?|comments?|likes?|replies))(?:次数|人数|量|数|率)?\s*[:(\[]?\s*"
        r"\d[\d,.]*(?![\d,.年月日号天时点分秒周个:-]|\s*[小前]|/\d)\s*[万亿kw]?\+?\s*[次人条]?[)\]]?"
    ),
    re.compile(
        r"(?:编号|文号|单号|序号|索引号|备案号|受理号|信件号|查询码|邮编|(?<![a-z])id|(?<![a-z])no\.?)"
        r"\s*[:#]?\s*[a-z]{0,8}[\[(〔]?\d[\da-z\-\[\]()〔〕]*号?"
    ),
    re.compile(r"第\s*\d+\s*[期号届批章版回]|#\s*\d+(?!\d)|(?<![a-z])ip\s*:?\s*\d[\d.*]*"),
    re.compile(
        r"(?:第|共)?\s*(?<!\d)(?<!\d[.:/-])\d+(?:\.\d+)?\s*[万亿kw]?\+?\s*"
        r"(?:次|人|条|楼|层|页|位|元|度|篇|字|号楼|#|°|阅读|浏览|评论|回复|点击|转发|赞"
        r"|(?:views?|reads?|comments?|likes?|replies)(?![a-z]))"
    ),
)
# Who wrote it and with what: looked at last, when all that can be a time has been taken.
_WRITERS = re.compile(
    r"(?:来自|来源|作者|编辑|责编|记者|发布者|ip属地|(?<![a-z])(?:via|from|by)(?![a-z]))\s*:?"
    rf"(?:[^\d:|{STRUCK}]|\d{{1,4}}(?![\d年月日号天时点分秒周个:]|\s*[-/.:年月日号天时点分秒周个小前]))*"
)


class Rest:
    """What of a text is not yet accounted for."""

    def __init__(self, text: str) -> None:
        self.text = text

    def take(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        """Every match, struck out of the text; the positions of what is left stay."""
        found = [m for m in pattern.finditer(self.text) if m.end() > m.start()]
        for match in found:
            struck = STRUCK * (match.end() - match.start())
            self.text = self.text[: match.start()] + struck + self.text[match.end() :]
        return found

    def take_figures(self) -> None:
        """What counts readers or names the letter; before dates are looked for."""
        for pattern in _FIGURES:
            self.take(pattern)

    def take_writers(self) -> None:
        """Authors, sources and telephones; after dates were looked for."""
        self.take(_WRITERS)

    @property
    def has_meaning(self) -> bool:
        """Whether a digit or a word for a day is left."""
        return bool(_MEANING.search(self.text))

    @property
    def has_half(self) -> bool:
        """Whether a word for half of the day is left, which a clock elsewhere may need."""
        return bool(_HALF.search(self.text))

    @property
    def has_words(self) -> bool:
        """Whether anything but labels, blanks and marks is left."""
        return any(c.isalnum() for c in _LABEL.sub("", self.text))


def plain(text: str) -> str:
    """One spelling: half width, simplified, lower case, ASCII dashes, numerals as digits."""
    text = fold(text).translate(_MARKS).strip()
    return _NUMERAL.sub(lambda m: _digits(m[1]), text)


def _digits(numeral: str) -> str:
    """ "二○二六" → "2026", "二十四" → "24", "十几" → "13"; what is no number stays as it is."""
    numeral = numeral.replace("廿", "二十").replace("卅", "三十")
    if "十" not in numeral:
        return "".join(str(_VALUES[c]) for c in numeral)
    tens, _, ones = numeral.partition("十")
    if "十" in ones or len(tens) > 1 or len(ones) > 1:
        return numeral
    return str((_VALUES[tens] if tens else 1) * 10 + (_VALUES[ones] if ones else 0))
