"""Where addresses and keys come from, what of them shows nowhere, which addresses are refused."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.channels.base import HttpSettings
from alerts.sending.secrets import BadChannel, Secrets, checked_url

HOOK = "https://robot.example/send?key=0123-4567-89ab"


def settings(**named: Any) -> HttpSettings:
    return HttpSettings("robot", "wecom", **named)


def test_address_key_and_proxy_come_each_from_the_variable_that_names_it(tmp_path: Path) -> None:
    environ = {"U": f" {HOOK} ", "S": " whsec_x ", "P": " http://proxy.example:3128 ", "E": " "}
    named = settings(url_env="U", secret_env="S", proxy_env="P")
    found = named.secrets(environ, tmp_path)
    assert (found.url, found.secret, found.proxy) == (
        HOOK, "whsec_x", "http://proxy.example:3128",
    )  # fmt: skip
    assert settings(url_env="U", proxy_env="E").secrets(environ, tmp_path) == Secrets(HOOK)
    assert settings(url_env="U", proxy_env="GONE").secrets(environ, tmp_path).proxy is None
    assert settings().secrets(environ, tmp_path) == Secrets()


def test_what_is_no_name_of_a_variable_is_refused_and_not_repeated() -> None:
    for key in ("url_env", "secret_env", "proxy_env"):
        ((where, said),) = settings(**{key: HOOK}).problems()
        assert where == key
        assert HOOK not in said
    assert not list(settings(url_env="GRIDVOICE_X_URL").problems())
    for seconds, wrong in ((0.9, True), (1, False), (60, False), (60.1, True)):
        found = [name for name, _ in settings(timeout=timedelta(seconds=seconds)).problems()]
        assert found == ["timeout"] * wrong, seconds


def test_no_part_of_a_secret_of_twelve_characters_or_more_shows() -> None:
    proxy = "http://someuser0001:password0002@proxy.example:3128"
    hook, key = HOOK + "%2Babcdef", "0123-4567-89ab%2Babcdef"
    secrets = Secrets(hook, "whsec_first_key whsec_second_key", proxy)
    for part in (
        hook, key, f"key={key}", f"/send?key={key}", "0123-4567-89ab+abcdef",
        "robot.example", "whsec_first_key", "whsec_second_key", "someuser0001", "password0002",
        "proxy.example", proxy,
    ):  # fmt: skip
        assert part not in secrets.redact(f"sent to {part} at once"), part
    assert secrets.redact("send it\n with a key") == "send it with a key"
    assert "hsec" not in repr(secrets) + str(secrets)
    assert "0123" not in repr(secrets)


def test_what_is_kept_of_an_answer_is_one_masked_line_of_bounded_length() -> None:
    assert Secrets().redact("打 13812345678\n\t吧") == "打 138****5678 吧"
    assert Secrets().redact("x" * 300) == "x" * 200
    assert Secrets().redact("x" * 300, 10) == "x" * 10
    # A number on the edge is covered before the text is cut.
    assert Secrets().redact("x" * 5 + " 13812345678", 12) == "xxxxx 138***"


@pytest.mark.parametrize(
    "url",
    [
        "", "robot.example/x", "ftp://robot.example/x", "https://", "https:///x",
        "https://a@robot.example/", "https://robot.example\\@evil.example/",
        "https://robot.example/a b", "https://robot.example/\n", "https://robot.example:99999/",
        "https://[::1", "https://evil.example/", "https://robot.example.evil.example/",
    ],
)  # fmt: skip
def test_an_address_that_may_lead_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(BadChannel):
        checked_url(url, {"robot.example"})


def test_an_address_of_an_allowed_host_is_taken_as_it_is() -> None:
    assert checked_url(HOOK, {"robot.example"}) == HOOK
    assert checked_url("http://ROBOT.example:8080/x", {"robot.example"}).endswith(":8080/x")
    assert checked_url("http://anybody.example/") == "http://anybody.example/"
