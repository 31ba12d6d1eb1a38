"""Numbers that are somebody's by their shape alone: telephones, identity and bank cards, plates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from domain.masking.covering import GAP, NO_UNIT, Span, between, opens_with_date, rule, rules

# Between the parts of a telephone number written as 138，1234，5678 or (138)1234-5678.
_WIDE = r"[\s._\-·\u20e3\x01/|,、:~()\[\]*+。'\"]"
_G = rf"{GAP}{{0,2}}"
_GROUPINGS = frozenset(
    {(3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (3, 5, 3), (4, 4, 3), (4, 3, 4), (3, 2, 2, 2, 2)}
    | {(5, 6), (6, 5), (4, 7), (3, 6, 2), (3, 4, 2, 2), (3, 2, 2, 4), (3, 2, 3, 3), (3, 2, 6)}
)
# Written in these parts it is a telephone, whatever follows: 138 1234 5678家里有病人.
_TOLD_BY_SHAPE = frozenset({(3, 4, 4), (3, 8), (7, 4)})
_UNIT_BEHIND = re.compile(NO_UNIT, re.IGNORECASE)
_IN_A_ROW_BEFORE = re.compile(rf"\d{GAP}{{1,2}}$")
_IN_A_ROW_BEHIND = re.compile(rf"{GAP}{{1,2}}\d")
_WRITTEN = re.compile(rf"1{_G}[3-9](?:{_G}\d){{9}}")
_BIRTH = re.compile(r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_BIRTH_OLD = re.compile(r"\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
# 帖文5012345678901234, 工单号…: the number of a thing.
_THING_BEFORE = re.compile(
    r"(?:帖[子文]?|微博|编号|工单|单|文号|流水|受理|诉求|信件|序|回执|id)号?[:#=为是\s]{0,3}$", re.I
)
_URL_BEFORE = re.compile(r"(?:://|www\.)[!-~]*$", re.IGNORECASE)


def _parts(written: str) -> tuple[tuple[int, ...], list[str]]:
    return tuple(map(len, re.findall(r"[\dx]+", written, re.I))), re.findall(r"[^\dx]+", written)


def _mobile(match: re.Match[str]) -> list[Span]:
    """A row of eleven digits may be measurements: it is a number when it is grouped like one, or
    when one separator parts all of it and no other figure stands in the row."""
    written = match["number"]
    start = match.start("number")
    sizes, gaps = _parts(written)
    narrow = all(re.fullmatch(rf"{GAP}+", gap) for gap in gaps)
    counts = not _UNIT_BEHIND.match(match.string, match.end())
    if len(sizes) > 1:
        if sizes in _GROUPINGS and (narrow or sizes == (3, 4, 4) or "(" in match[0]):
            spaced_date = sizes == (3, 8) and gaps[0].isspace() and opens_with_date(written[-8:])
            told = narrow and sizes in _TOLD_BY_SHAPE
            if (counts and not told) or spaced_date:
                return []
        elif (
            counts
            or not narrow
            or len(set(gaps)) > 1
            or (set(gaps) == {"."} and len(sizes) == 4)  # an address of the internet
            or _IN_A_ROW_BEFORE.search(match.string, max(0, match.start() - 3), match.start())
            or _IN_A_ROW_BEHIND.match(match.string, match.end())
        ):
            return []
    digits = [start + at for at, c in enumerate(written) if c.isdigit()]
    return [(digits[2] + 1, digits[7])]


def written_out(text: str, as_digits: str) -> Iterator[Span]:
    """Telephone numbers in 一三八 or ①③⑧, whatever stands beside: `text` and its `numerals`."""
    for match in _WRITTEN.finditer(as_digits):
        written = text[match.start() : match.end()]
        if sum(not c.isascii() for c in written) >= 8:
            yield from between(match, 3, 4)


def _identity(match: re.Match[str]) -> list[Span]:
    sizes, _ = _parts(match[0])
    digits = "".join(c for c in match[0] if c.isalnum())
    if opens_with_date(digits):
        return []
    old = len(digits) == 15
    born = _BIRTH_OLD.match(digits[6:12]) if old else _BIRTH.match(digits[6:14])
    if old and (not born or sizes not in ((15,), (6, 6, 3))):
        return []
    if not born and (len(sizes) > 1 or _numbers_a_thing(match)):
        return []
    return between(match, 3, 4)


def _bank(match: re.Match[str]) -> list[Span]:
    sizes, gaps = _parts(match[0])
    digits = "".join(c for c in match[0] if c.isdigit())
    if not 16 <= len(digits) <= 19 or opens_with_date(digits):
        return []
    if len(sizes) == 1 and _numbers_a_thing(match):
        return []
    if len(sizes) > 1:
        fours = len(sizes) >= 4 and sizes[:3] == (4, 4, 4) and max(sizes) <= 4
        halves = len(sizes) == 2 and sizes[0] in (4, 6, 8)
        known = digits[0] in "3456" or digits[:2] in ("90", "94", "95", "96", "98")
        if not ((fours or halves) and known and len(set(gaps)) == 1):
            return []
        if _UNIT_BEHIND.match(match.string, match.end()) is None:
            return []
    return between(match, 4, 4)


def _meter(match: re.Match[str]) -> list[Span]:
    """The 22 digits of a meter's own number, as they stand on its face."""
    if opens_with_date(match[0]) or _numbers_a_thing(match):
        return []
    return between(match, 4, 4)


def _numbers_a_thing(match: re.Match[str]) -> bool:
    """Whether the digits are the number of a post or order, or stand in a link."""
    text, start = match.string, match.start()
    return bool(
        _THING_BEFORE.search(text, max(0, start - 8), start)
        or _URL_BEFORE.search(text, max(0, start - 200), start)
    )


_LOCAL = (
    rf"(?:([1-9]{GAP}?\d{{2}}{GAP}{{0,2}})\d{{4}}|([1-9]\d{{3}}{GAP}{{0,2}})\d{{4}}"
    rf"|([1-9]\d{GAP}\d\d{GAP})\d\d{GAP}\d\d?|([1-9]\d\d{GAP})\d\d{GAP}\d\d|([1-9]\d{{3}}{GAP})\d{{3}})"
    r"(?!\d)"
)
_DOT = r"\s?(?:[.。点]|[(\[]\s?dot\s?[)\]]|\sdot\s)\s?"
_PLATE = r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\s?[·.\-]?\s?[A-HJ-NP-Z]"

NUMBERS = rules(
    r"\d(?:[^\d]{0,3}\d){6}|[1Il][3-9][\dOoIl]{5}",
    # 13812345678, +86 138-1234-5678, 0086138…, 1 3 8 1 2 3 …
    rule(
        rf"(?<!\d)(?:\(?(?:\+|00|\+00)?86\)?{GAP}{{0,2}}\(?|0)?\(?"
        rf"(?P<number>1{_WIDE}{{0,3}}[3-9](?:{_WIDE}{{0,3}}\d){{9}})(?!\d)",
        _mobile,
    ),
    # 138一1234一5678, 138加1234加5678
    rule(r"(?<!\d)1[3-9]\d([一加杠减点]\d{4}[一加杠减点])\d{4}(?!\d)"),
    # letters that look like digits: l38O1234567
    rule(r"(?<![a-z\d])[1Il][3-9][\dOoIl](?=[\dOoIl]{8}(?![a-z\d]))([\dOoIl]{4})[\dOoIl]{4}"),
    # 0374-2345678, (0374)2345678转801, 010 1234 5678
    rule(
        rf"(?<!\d)(?<!\d\.)0(?:10|2\d|[3-9]\d\d)\)?(?:{GAP}|[一/)(\x01]){{0,3}}{_LOCAL}"
        r"(?:\s?(?:转|分机号?|ext\.?|[\-*#])\s?(\d{1,6})(?!\d))?"
    ),
    # 区号0374号码2345678, 0374 2 3 4 5 6 7 8
    rule(
        rf"区号[:是\s]?0(?:10|2\d|[3-9]\d\d)[\s,.:\-]{{0,2}}(?:电话|座机|号码)[:是\s]{{0,2}}{_LOCAL}"
    ),
    rule(
        rf"(?<!\d)(?<!\d\.)0(?:10|2\d|[3-9]\d\d){GAP}{{1,2}}([1-9](?:{GAP}\d){{6,7}})(?!{GAP}?\d)"
    ),
    rule(rf"(?<!\d)(?:\+|00)86{GAP}{{1,2}}\(?[1-9]\d{{1,2}}\)?(?:{GAP}|[一)]){{1,2}}{_LOCAL}"),
    # another country's: +852 9123 4567
    rule(r"(?<![\d+])\+(?!86)\d{1,3}((?:[\s\-.()]{0,2}\d){7,11})(?!\d)"),
    # identity cards: solid, or parted anywhere with a birthday in the middle; the old ones of 15
    rule(r"(?<!\d)[1-8]\d{16}[\dx](?!\d)", _identity),
    rule(
        rf"(?<!\d)[1-8](?:{_G}\d){{5}}{_G}(?:1{_G}9|2{_G}0)(?:{_G}\d){{9}}{_G}[\dx](?!\d)",
        _identity,
    ),
    rule(rf"(?<!\d)[1-8]\d{{5}}{_G}\d{{6}}{_G}\d{{3}}(?!\d)", _identity),
    rule(r"(?<!\d)\d{22}(?!\d)", _meter),
    # bank cards: solid, in fours, in two parts
    rule(r"(?<!\d)\d{16,19}(?!\d)", _bank),
    rule(rf"(?<!\d)(?:\d{{4}}{GAP}{{1,2}}){{3}}\d{{1,4}}(?:{GAP}{{1,2}}\d{{1,4}})?(?!\d)", _bank),
    rule(rf"(?<!\d)\d{{4,8}}{GAP}{{1,2}}\d{{8,13}}(?!\d)", _bank),
)
PLATES = rules(
    _PLATE,
    rule(
        rf"{_PLATE}\s?[·.\-_]?\s?(?=(?:[a-z]{{0,2}}[ \-]?\d){{3}})"
        r"([A-HJ-NP-Z\d](?:[ ·\-]?[A-HJ-NP-Z\d]){4,5})(?![a-z\d])"
    ),
    rule(rf"{_PLATE}\s?[·.\-_]?\s?([A-HJ-NP-Z\d]{{4}})[挂学警领港澳](?![a-z\d])"),
)
MAILS = rules(
    r"[a-z\d]\s?(?:@|#[a-z\d]|艾特|at\s|[(\[【{]\s?(?:at?|@))",
    # name@host, also with blanks or (at); one start a run of characters keeps it linear
    rule(
        r"(?<![a-z\d._%+\-])([a-z\d._%+\-]{1,64})\s?(?:@|[(\[【{]\s?(?:at|@|艾特)\s?[)\]】}])\s?"
        rf"([a-z\d\-]{{1,63}}(?:{_DOT}[a-z\d\-]{{1,63}}){{1,4}})"
    ),
    rule(
        r"(?<![a-z\d._%+\-])([a-z\d._%+\-]{1,64})(?:#|\s?艾特\s?|\sat\s|\(a\))"
        rf"((?:qq|vip\.qq|163|126|139|189|sina|gmail|outlook|foxmail|hotmail|yeah|sohu|aliyun|icloud){_DOT}"
        r"(?:com|cn|net))"
    ),
)
