"""Pages by which sites turn readers away, and a list of letters."""

from __future__ import annotations

GATES = {
    "baidu": "<html><head><title>百度安全验证</title></head><body>网络不给力</body></html>",
    "captcha form": (
        "<html><head><title>安全验证</title></head><body><form action='/captcha'>"
        "<img src='/code.jpg'><input name='captcha'><button>提交</button></form></body></html>"
    ),
    "words only": "<html><body><p>您的访问过于频繁，请稍后再试</p></body></html>",
    "slider": "<html><body><h3>请拖动滑块完成拼图</h3><div id='nc_1'></div></body></html>",
    "log-in form": (
        "<html><head><title>用户登录 - 某市政务网</title></head><body><form><input name='user'>"
        "<input type='password'><button>登录</button></form><p>某市人民政府</p></body></html>"
    ),
    "aliyun": (
        "<html><script>var arg1='AB12';document.cookie='acw_sc__v2='+x;"
        "location.reload();</script></html>"
    ),
    "jiasule": (
        "<script>document.cookie='__jsl_clearance=1';location.href=location.pathname</script>"
    ),
    "ruishu": (
        "<html><head><meta id='9DhefwqGPrzGxEp9hPaoag' content='x'><script>$_ts=window['$_ts'];"
        "</script></head><body></body></html>"
    ),
    "cloudflare": (
        "<html><head><title>Just a moment...</title></head><body>"
        "<noscript>Enable JavaScript</noscript>"
        "<script src='/cdn-cgi/challenge-platform/x.js'></script></body></html>"
    ),
    "waf": (
        "<html><head><title>405</title></head><body>很抱歉，由于您访问的URL有可能对网站造成安全威胁，"
        "您的访问被阻断。</body></html>"
    ),
    "reload": "<html><head><meta http-equiv='refresh' content='0;url=/x?token=1'></head></html>",
}

RULES = """
item: ul.letters li
time: span.date
detail:
  body: {body}
"""

NARROW = RULES.format(body="div.content")
EMPTY_RULES = "\nempty_when: 'text: 暂无信件'"

LIST = (
    "<html><head><title>市长信箱</title></head><body><div>您好，请<a href='/in'>登录</a>"
    "<form><input type='password'></form></div><ul class='letters'>{rows}</ul></body></html>"
)

ROW = "<li><a href='/letter_{n}.html'>{title}</a><span class='date'>2026-11-2{n}</span></li>"

ABOUT_GATES = [
    "网上国网登录不上，提示请输入验证码",
    "验证码",
    "请登录后缴费，可是登录失败",
    "访问过于频繁打不开缴费页面",
    "95598的滑块验证过不去",
]


def letters(*titles: str) -> str:
    return LIST.format(rows="".join(ROW.format(n=n, title=t) for n, t in enumerate(titles, 1)))
