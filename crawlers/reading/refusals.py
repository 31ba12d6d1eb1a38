"""Pages by which a site turns us away while it says 200: captcha, challenge, log-in.

A letter *about* captchas or log-in must never be taken for one. So a page whose selectors match is
believed unless its own title or the form inside what was matched says otherwise; the looser marks
are asked only of a page that did not hold what the source's file says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lxml import etree  # type: ignore[import-untyped]

from crawlers.reading.decoders import JSON_DECODERS
from crawlers.reading.pages import Page, PageChanged, Refused
from crawlers.reading.selecting import parse_html, visible_text
from domain.addresses import split_address

# A step of the path, or a label of the host, that a redirect ends at.
_GATE_STEP = re.compile(
    r"(?i)(?:[a-z]{0,8}[_-]?)?(?:login|logon|signin|sign-in)(?:[_-]?(?:page|form|index|view|in))?"
    r"|.*(?:captcha|antispider|wzws).*|waf|verify|verification|verifycode|challenge|punish|seccheck"
    r"|safecheck|checkcode|passport|sso|cas|unauthori[sz]ed|yzm"
)
# The whole title of a page, but for the name of the site.
_GATE_TITLE = re.compile(
    r"(?i)\s*(?:百度|网站|系统|平台|用户|会员|统一|单点|请先?|[^-_|—–·]{0,8}网站?)?\s*"
    r"(?:安全(?:验证|检查|检测)|人机(?:身份)?验证|滑[块动]验证|访问验证|身份(?:验证|认证)(?:平台)?"
    r"|(?:输入)?验证码|登[录陆](?:页面?|系统|入口)?|访问(?:过于)?频繁|访问受限"
    r"|访问(?:被拒绝|被拦截|被阻断|禁止)|拒绝访问|禁止访问|请求被拦截|网站防火墙|云防护.{0,6}"
    r"|40[135] forbidden|forbidden|access denied|just a moment\W*|attention required!?.*|captcha"
    r"|security check|log ?in|sign ?in)\s*(?:[-_|—–·].*)?"
)
_GATE_WORDS = re.compile(
    r"(?i)安全验证|人机验证|滑块|滑动验证|拖动.{0,8}(?:滑块|完成|拼图)|(?:输入|填写).{0,6}验证码"
    r"|完成.{0,4}验证|(?:访问|请求|操作)(?:过于|太)频繁|访问受限|拒绝访问|禁止访问"
    r"|访问(?:已?被|遭到?)(?:拒绝|拦截|阻断|禁止)|(?:请求|访问|行为).{0,6}(?:拦截|阻断)"
    r"|疑似.{0,6}(?:黑客|攻击|爬虫|机器)|网络环境.{0,4}异常|异常(?:流量|访问)"
    r"|(?:请|需要|您?先)登[录陆]|(?:未|没有|尚未|还没)登[录陆]|登[录陆](?:以?后|之后|才能|已?(?:过期|失效|超时))"
    r"|会话已?(?:过期|失效|超时)|(?:开启|启用|打开|支持).{0,4}javascript"
    r"|(?:enable|requires?) javascript|checking your browser|just a moment|attention required"
    r"|access denied|(?:human|robot) verification|are you a? ?(?:human|robot)|unusual traffic"
    r"|too many requests|web ?application firewall|云防护|防火墙"
)
# A text that is nothing but such words.
_GATE_SENTENCE = re.compile(
    r"(?i)\W*(?:(?:您|你|系统|对不起|很?抱歉|温馨提示|提示)\W*)*(?:您|你)?(?:还|尚|暂)?(?:未|没有?)?"
    r"(?:请|需要?)?(?:您|你)?(?:先|重新)?(?:登[录陆]|输入验证码|(?:完成)?安全验证|人机验证|拖动滑块"
    r"|(?:访问|操作|请求)过于频繁)(?:后|才能?|以后|之后|可以?|再|继续|查看|访问|浏览|阅读|操作|全文|内容"
    r"|更多|本页|页面|详情|完成|验证|请|稍后|重试|再试|试|登[录陆]|注册|或|用户|信息|拼图|刷新|\W)*"
)
_SCRIPT_GATE = re.compile(
    r"document\.cookie\s*=|location\.(?:reload|replace|assign)\s*\(|location(?:\.href)?\s*=[^=]"
    r"|http-equiv=[\"']?refresh"
)
_VENDOR = re.compile(
    r"acw_sc__|__jsl_clearance|\$_ts\b|wzws|yunsuo_session|safedog|cdn-cgi/challenge|cf-chl|_waf_"
    r"|turing\.captcha|tencentcaptcha|initgeetest|nocaptcha|aliyuncaptcha|g-recaptcha|hcaptcha"
)
_GATE_INPUT = re.compile(r"(?i)captcha|verif|yzm|vcode|checkcode|验证码|滑块")
_VERIFICATION = re.compile(
    r"(?i)(?:安全|人机|滑[块动]|拼图|行为|点选|访问)验证|滑块|拖动.{0,8}(?:完成|拼图)"
    r"|(?:正在|进行|完成|通过).{0,4}验证"
    r"|(?:验证|检查|检测)(?:您|你)的(?:浏览器|身份|访问|环境)|(?:访问|请求|操作)(?:过于|太)频繁|访问受限"
    r"|访问(?:已?被|遭到?)(?:拒绝|拦截|阻断|禁止)|(?:请求|访问|行为).{0,6}(?:拦截|阻断)|异常(?:流量|访问)"
    r"|(?:访问|网络环境).{0,4}异常|疑似.{0,6}(?:黑客|攻击|爬虫|机器)"
    r"|checking your browser|just a moment|access denied"
    r"|(?:human|robot) verification|are you a? ?(?:human|robot)|unusual traffic"
    r"|too many requests|captcha|verify(?:ing)? (?:that )?you"
)
# A site that is out of order and says so in a page.
FAILURE_WORDS = re.compile(
    r"(?:系统|服务器?|网络|程序)(?:正?忙|繁忙|异常|错误|出错|内部错误|开小差)"
    r"|访问(?:人数|量)(?:过多|太多|过大|较[多大])"
    r"|[Ss]erver [Ee]rror|[Bb]ad [Gg]ateway|[Ss]ervice (?:[Tt]emporarily )?[Uu]navailable"
)
_SHORT, _BRIEF, _SENTENCE = 600, 30, 80  # characters that a reader sees
_LARGE = 400_000

# In an answer of data: the field that speaks, and what it says.
_SPEAKING = re.compile(
    r"(?i)(?:err(?:or)?_?)?(?:msg|message|desc(?:ription)?|info|reason|detail)|error|tips?|status_?text"
    r"|(?:result|ret|return|resp)_?(?:msg|message|desc|info)"
)
_COUNTING = re.compile(
    r"(?i)(?:err(?:or)?|result|ret|return|status|resp)?_?(?:code|no|status)|ret|ok"
)
_REFUSED_CODES = frozenset({"401", "403", "429", "-100"})
_FOR_LOG_IN = re.compile(
    r"(?i)^接口要求登录|是 (?:401|-100)）$"
    r"|写着“[^”]*(?:登[录陆]|未授权|鉴权|unauthori[sz]ed|token|log ?in)[^”]*”）$"
)
_ANSWER_WORDS = re.compile(
    _GATE_WORDS.pattern + r"|登[录陆]|验证码|captcha|未授权|无权|没有权限|鉴权|unauthori[sz]ed"
    r"|token.{0,8}(?:invalid|expired|过期|失效|无效|错误)|forbidden|频繁|频率|rate limit"
    r"|not log(?:ged)? ?in|log ?in|签名(?:错误|无效|失败)|黑名单|非法请求|拦截"
)


def gate_address(asked: str, ended: str) -> bool:
    """Whether a redirect has led to a page of log-in or verification."""
    return ended != asked and _is_gate(ended) and not _is_gate(asked)


def because_refused(page: Page, problem: str, *, by_words: bool = True) -> PageChanged | Refused:
    """What to raise for a page that does not hold what it should: `problem`, or that the site
    turns us away, in which case a changed selector would be the wrong hint."""
    if why := refusal_in(page.text, by_words=by_words):
        return Refused(f"{why}，已停止并放慢（{page.url}）。读到的情况：{problem}")
    return PageChanged(problem)


def refusal_in(text: str, *, by_words: bool = True) -> str | None:
    """Why a page without the wanted content is a refusal, in Chinese; None: it is none.

    `by_words` False: only what cannot be part of a real page is a sign ("请登录" stands on many).
    """
    if text.lstrip()[:1] in ("{", "["):
        try:
            return refusal_of_answer(JSON_DECODERS["json"](text))
        except (ValueError, RecursionError):
            return None
    root = parse_html(text[:_LARGE])
    seen = visible_text(root)
    raw = text[:_LARGE].lower()
    if len(seen) < _BRIEF and _SCRIPT_GATE.search(raw):
        return "网站只回答了一段脚本（反爬虫验证），没有内容"
    if len(seen) < _SHORT and _VENDOR.search(raw):
        return "网站要求安全验证（防护系统的页面）"
    if has_gate_title(root):
        return f"网站要求登录或安全验证（标题“{title_of(root)[:30]}”）"
    if not by_words:
        return None
    if len(seen) < _SHORT and (match := _GATE_WORDS.search(seen)):
        return f"网站拒绝或要求登录、验证（页面上写着“{match[0]}”）"
    if len(seen) < _SHORT and has_gate_input([root]):
        return "网站给出的是登录或验证码页面"
    return None


def list_is_gate(root: etree._Element) -> bool:
    """Of a list page whose entries were found: only a page that calls itself one is a gate."""
    return has_gate_title(root) and (
        has_gate_input([root]) or len(visible_text(root)) < _SHORT // 2
    )


def verification_in(root: etree._Element) -> str | None:
    """The words by which a short page says that it verifies its visitors, or fails. "请登录" is
    not among them: it stands in the head of many a page."""
    seen = visible_text(root)
    if len(seen) >= _SHORT:
        return None
    match = _VERIFICATION.search(seen) or FAILURE_WORDS.search(seen)
    return match[0] if match else None


def gate_words_in(text: str) -> str | None:
    """What of a text asks for log-in or verification, or None."""
    match = _GATE_WORDS.search(text)
    return match[0] if match else None


def only_asks_for_log_in(text: str) -> bool:
    """Whether a text is nothing but "请登录后查看" and the like."""
    return len(text) < _SENTENCE and bool(_GATE_SENTENCE.fullmatch(text))


def is_gate_address(address: str) -> bool:
    """Whether an address is that of a page of log-in or verification."""
    return _is_gate(address)


def refusal_of_answer(data: Any) -> str | None:
    """Why an answer of data without the wanted entries is a refusal, in Chinese, or None."""
    if not isinstance(data, dict):
        return None
    inner = [
        v for k, v in data.items() if k in ("error", "status", "result", "data", "meta", "head")
    ]
    for part in (data, *(v for v in inner if isinstance(v, dict))):
        for name, value in part.items():
            if isinstance(value, str) and _SPEAKING.fullmatch(name):
                if match := _ANSWER_WORDS.search(value[:300]):
                    return f"接口拒绝或要求登录、验证（{name} 里写着“{match[0]}”）"
            elif isinstance(value, str) and value.startswith("http") and _is_gate(value):
                return f"接口要求登录（{name} 指向 {value[:80]}）"
            if _COUNTING.fullmatch(name) and str(value)[:8] in _REFUSED_CODES:
                return f"接口拒绝访问（{name} 是 {value}）"
    return None


def asks_for_log_in(why: str) -> bool:
    """Whether a reason of `refusal_of_answer` is a log-in that is missing or has run out."""
    return bool(_FOR_LOG_IN.search(why))


def has_gate_title(root: etree._Element) -> bool:
    return bool(_GATE_TITLE.fullmatch(title_of(root)))


def has_gate_input(elements: Sequence[etree._Element]) -> bool:
    """Whether a field for a password or a captcha stands among them."""
    for element in elements:
        for field in element.iter("input", "img", "iframe"):
            said = " ".join(field.get(name, "") for name in ("name", "id", "placeholder", "src"))
            if field.get("type", "").lower() == "password" or _GATE_INPUT.search(said):
                return True
    return False


def title_of(root: etree._Element) -> str:
    return " ".join((root.findtext(".//title") or "").split())


def _is_gate(address: str) -> bool:
    parts = split_address(address)
    if parts is None:
        return False
    steps = [step.split(".", 1)[0] for step in parts.path.split("/")]
    labels = (parts.hostname or "").split(".")[:-2]  # not the site's own name
    return any(_GATE_STEP.fullmatch(word) for word in (*steps, *labels))
