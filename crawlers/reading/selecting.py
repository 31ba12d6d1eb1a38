"""HTML: parsing, CSS and XPath selectors, and the text that a reader sees.

A selector is CSS with `::attr(name)` and `::text`, or XPath when it starts with `/`, `./`, `(`,
`@` or a function like `string(`. Without `::attr` or `::text` it gives the element's visible text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import cast

from cssselect import SelectorError
from lxml import etree  # type: ignore[import-untyped]
from parsel.csstranslator import HTMLTranslator

_TRANSLATOR = HTMLTranslator()
_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote br center dd div dl dt fieldset figure footer form h1 h2"
        " h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul",
    )
)
_UNSEEN = frozenset(
    re.findall(r"\w+", "script style noscript template head title textarea select iframe")
)
_XPATH_START = re.compile(r"/|\./|\.\.|\.$|\(|@|[a-z-]+\(")
_SPACES = re.compile(r"[ \t\r\f\v\u00a0\u3000]+")
_LINES = re.compile(r" ?\n[ \n]*")
_UNSEEN_CHARACTERS = dict.fromkeys([0x200B, 0x200C, 0x2060, 0xFEFF, 0x00AD, 0], None)
_PICTURE = "[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff]"
_JOINS_NOTHING = re.compile(f"(?<!{_PICTURE})\u200d|\u200d(?!{_PICTURE})")  # 👨‍👩‍👦 is one
_KNOWN = (
    "a|abbr|article|b|big|blockquote|body|br|center|code|dd|del|div|dl|dt|em|font|h[1-6]|head|hr"
    "|html|i|img|ins|li|link|meta|ol|p|pre|s|script|section|small|span|strike|strong|style|sub|sup"
    "|table|tbody|td|tfoot|th|thead|tr|u|ul|video"
)
_KNOWN_TAG = re.compile(rf"(?ai)</?(?:{_KNOWN})(?:\s[^<>]*)?/?>")
_ATTRIBUTE = r"""\s+[\w:@.-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>]+))?"""
_CUT_OFF = rf"(?:/[a-z]*|(?:{_KNOWN})\s[ -;=?-~]*|p|br|div|span|img)\Z"  # an excerpt ends in a tag
_NO_TAG = re.compile(
    rf"(?ai)<(?!/?(?:{_KNOWN})(?:\s[^<>]*|/)?>|/?[a-z][\w:-]*(?:{_ATTRIBUTE})*\s*/?>|!--|!\[|\?"
    rf"|{_CUT_OFF})"
)
_LAST_CSS_STEP = re.compile(r"^(.*[^\s>+~])[\s>+~]+[^\s>+~]+$", re.DOTALL)
_LAST_XPATH_STEP = re.compile(r"^(.*[^/])/+[^/\[\]]+(?:\[[^\]]*\])*$", re.DOTALL)
_TEXT_RULE = "text:"
_MEDIA = {
    "img": "[图片]",
    "video": "[视频]",
    "iframe": "[附件]",
    "embed": "[附件]",
    "object": "[附件]",
}
_EMOJI_NAME = re.compile(r"\[[^\[\]\s]{1,12}\]")


def parse_html(text: str) -> etree._Element:
    """The page's root; never fails: an empty page has an empty body. No entities, no network."""
    return parsed(text)[0]


def parsed(text: str) -> tuple[etree._Element, bool]:
    """`parse_html`, and whether a part was left out: rows whose tags are never closed lie one in
    the other, and below 2,048 levels (256 without `huge_tree`) the parser reads nothing."""
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, recover=True)
    body = text.encode("utf-8", "replace")
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError:  # nothing but white space or comments
        root = None
    is_cut = any("xcessive depth" in error.message for error in parser.error_log)
    return (root if root is not None else etree.Element("html")), is_cut


@lru_cache(maxsize=4096)
def _compiled(selector: str) -> etree.XPath:
    if _is_xpath(selector):
        return etree.XPath(selector)
    return etree.XPath(_TRANSLATOR.css_to_xpath(selector, prefix="descendant-or-self::"))


def _is_xpath(selector: str) -> bool:
    return bool(_XPATH_START.match(selector))


def selector_problem(selector: str) -> str | None:
    """What is wrong with a selector, in Chinese, or None."""
    try:
        _compiled(selector)
    except (SelectorError, etree.XPathSyntaxError, ValueError) as error:
        kind = "XPath" if _is_xpath(selector) else "CSS 选择器"
        return f"{selector!r} 不是 {kind}：{error}"
    return None


def select(node: etree._Element, selector: str) -> list[etree._Element | str]:
    """Elements or strings, in document order."""
    found = _compiled(selector)(node)
    if isinstance(found, list):
        return cast("list[etree._Element | str]", found)
    return [str(found)]  # string(), count() and the like


def elements(node: etree._Element, selector: str) -> list[etree._Element]:
    """The elements of a selection; attributes and text are left out."""
    return [e for e in select(node, selector) if not isinstance(e, str)]


def shows(root: etree._Element, rule: str) -> bool:
    """Whether a page shows what `rule` names: a selector, or words (`text: 暂无信息`)."""
    if rule.startswith(_TEXT_RULE):
        words = "".join(rule.removeprefix(_TEXT_RULE).split())
        return bool(words) and words in "".join(visible_text(root).split())
    found = select(root, rule)
    return bool(found) and found != ["False"]


def rule_problem(rule: str) -> str | None:
    """What is wrong with a rule for `shows`, in Chinese, or None."""
    if rule.startswith(_TEXT_RULE):
        return None if rule.removeprefix(_TEXT_RULE).strip() else "text: 后面要写页面上的文字"
    if wrong := selector_problem(rule):
        return f"既不是选择器，也不是“text: 文字”：{wrong}"
    return None


def container_of(selector: str) -> str | None:
    """The selector of what holds the elements of `selector` ("ul.letters li" → "ul.letters");
    None where it names nothing that only this page would have ("ul li", "li")."""
    pattern = _LAST_XPATH_STEP if _is_xpath(selector) else _LAST_CSS_STEP
    match = pattern.match(selector.strip())
    if match is None or "," in selector or not re.search(r"[.#\[@]", match[1].lstrip("./")):
        return None
    return None if selector_problem(match[1]) else match[1]


def pick(node: etree._Element, selector: str) -> str | None:
    """The text of the first match that has any, else None."""
    for match in select(node, selector):
        text = tidy(match) if isinstance(match, str) else visible_text(match)
        if text:
            return text
    return None


def pick_all(node: etree._Element, selector: str) -> str | None:
    """The texts of all matches, a line each, else None: bodies in several blocks."""
    texts = [tidy(m) if isinstance(m, str) else visible_text(m) for m in select(node, selector)]
    return "\n".join(t for t in texts if t) or None


def refreshed_to(root: etree._Element) -> str | None:
    """Where `<meta http-equiv=refresh>` sends a browser; we do not follow it."""
    for meta in root.iter("meta"):
        if meta.get("http-equiv", "").strip().lower() == "refresh":
            _, found, target = meta.get("content", "").partition("=")
            if found and (target := target.strip(" '\"")):
                return str(target)
    return None


def visible_text(element: etree._Element) -> str:
    """What a reader sees of an element: blocks on lines of their own, no scripts.

    Pictures vanish, but for those that stand for an emoji ([泪]).
    """
    parts: list[str] = []
    skip_until: etree._Element | None = None
    for event, node in etree.iterwalk(element, events=("start", "end", "comment", "pi")):
        if event in ("comment", "pi"):
            if skip_until is None and node.tail:
                parts.append(node.tail)
            continue
        tag = node.tag
        if event == "start":
            if skip_until is not None:
                continue
            if tag in _UNSEEN:
                skip_until = node
                continue
            if tag in _BLOCKS:
                parts.append("\n")
            elif tag == "img" and _EMOJI_NAME.fullmatch(node.get("alt", "")):
                parts.append(node.get("alt", ""))
            if node.text:
                parts.append(_flat(node.text))
            continue
        if skip_until is node:
            skip_until = None
        elif skip_until is not None:
            continue
        elif tag in _BLOCKS:
            parts.append("\n")
        if node is not element and node.tail:
            parts.append(_flat(node.tail))
    return tidy("".join(parts))


def shown_media(found: Sequence[etree._Element]) -> str | None:
    """What stands for the pictures, films and files of a text without words, or None."""
    tags = {node.tag for element in found for node in element.iter(*_MEDIA)}
    return "".join(dict.fromkeys(said for tag, said in _MEDIA.items() if tag in tags)) or None


def _flat(text: str) -> str:
    return text.replace("\n", " ") if "\n" in text else text


def tidy(text: str) -> str:
    """White space as people mean it: single blanks, single line breaks, nothing at the ends."""
    if "\u200d" in text:
        text = _JOINS_NOTHING.sub("", text)
    text = _SPACES.sub(" ", text.translate(_UNSEEN_CHARACTERS))
    return _LINES.sub("\n", text).strip()


def strip_html(text: str) -> str:
    """The visible text of a fragment; plain text passes through, tidied.

    What is stated as HTML or as text is often the other. So only what looks like a tag is one:
    not 关于<停电>的通知, nor a<b. And what is nothing but escaped HTML is read once more.
    """
    if "<" in text:
        text = _NO_TAG.sub("&lt;", text)
    if "<" not in text and "&" not in text:
        return tidy(text)
    seen = visible_text(parse_html(f"<div>{text}</div>"))
    if "<" not in text and _KNOWN_TAG.search(seen):
        return visible_text(parse_html(f"<div>{_NO_TAG.sub('&lt;', seen)}</div>"))
    return seen
