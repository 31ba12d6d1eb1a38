"""The crawl process's life: how it ends, however it is ended."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from crawl_driver import CHILD, MEMORY_LIMIT_MB, Crawler, python_path
from letters_board import board, lay
from site_on_loopback import Asked, Reply, Site


@pytest.fixture
def own() -> Iterator[Any]:
    running: list[Crawler] = []

    def start(**options: Any) -> Crawler:
        running.append(Crawler(**options))
        return running[-1]

    yield start
    for crawler in running:
        crawler.close()


def test_sigterm_lets_a_running_poll_finish_begins_no_other_and_exits_0(
    own: Any, site: Site
) -> None:
    lay(site, [1])
    site.pages["/list.html"].wait_s = 1.0
    crawler = own(finish_s=60.0)
    first = crawler.start_poll(board(site, "first"))
    _until(lambda: "/list.html" in site.paths())
    crawler.process.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    crawler.start_poll(board(site, "second"))
    assert crawler.finish_poll(first).result == "new"
    assert crawler.process.wait(30) == 0
    assert all(said.get("name") != "second" for said in crawler.other)


def test_a_poll_that_takes_too_long_is_given_back(own: Any, site: Site) -> None:
    lay(site, [1])
    site.pages["/list.html"].wait_s = 4.0
    crawler = own(finish_s=0.3)
    name = crawler.start_poll(board(site, "toolong"))
    _until(lambda: "/list.html" in site.paths())
    crawler.process.send_signal(signal.SIGTERM)
    assert crawler.wait_for(lambda said: "released" in said)["released"] == [name]
    assert crawler.process.wait(30) == 0


def test_the_end_of_the_parents_pipe_ends_the_crawl(own: Any) -> None:
    reading, writing = os.pipe()
    try:
        crawler = own(stop_fd=reading)
    finally:
        os.close(reading)
    time.sleep(0.5)
    assert crawler.process.poll() is None
    os.close(writing)
    assert crawler.process.wait(30) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="PDEATHSIG is Linux's")
def test_a_killed_parent_takes_the_crawl_with_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                import subprocess, sys, time
                child = subprocess.Popen(
                    [sys.executable, sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
                child.stdout.readline()
                print(child.pid, flush=True)
                time.sleep(60)
                """
            ),
            str(CHILD),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": python_path()},
        text=True,
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    time.sleep(0.8)
    parent.kill()
    parent.wait(5)
    parent.stdout.close()
    _until(lambda: not _lives(child))


def test_the_memory_limit_is_its_own(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    assert crawler.poll(board(site, "limited")).result == "new"
    limits = Path(f"/proc/{crawler.process.pid}/limits").read_text().splitlines()
    (space,) = [line for line in limits if line.startswith("Max address space")]
    assert space.split()[3] == str(MEMORY_LIMIT_MB * 1024 * 1024)


def test_a_kill_in_the_middle_of_polls_leaves_the_next_process_able_to_go_on(
    own: Any, site: Site
) -> None:
    lay(site, [3, 2, 1])
    site.pages["/letter_2.html"].wait_s = 5.0
    crawler = own()
    crawler.start_poll(board(site, "killed"))
    _until(lambda: "/letter_2.html" in site.paths())
    crawler.process.kill()
    crawler.process.wait(30)
    site.pages["/letter_2.html"].wait_s = 0.0
    assert own().poll(board(site, "killed")).keys == ["3", "2", "1"]


def test_a_failure_that_cannot_be_stored_is_told_as_soon_as_the_store_is_back(
    crawler: Crawler, site: Site
) -> None:
    lay(site, [1])
    crawler.say(do="fail_store", times=3)  # of the poll, and twice of its failure
    polled = crawler.poll(board(site, "away"))
    assert polled.result == "failed"
    assert "程序内部错误：OSError" in polled.problem
    assert crawler.poll(board(site, "away")).result == "new"


def test_a_source_that_is_leased_anew_is_polled_once(crawler: Crawler, site: Site) -> None:
    """As happens when the clock is put back an hour under a running poll."""
    lay(site, [2, 1])
    page, first = site.pages["/list.html"], threading.Event()

    def waits_once(asked: Asked) -> Reply:
        if not first.is_set():
            first.set()
            time.sleep(2)
        return page

    site.pages["/list.html"] = waits_once
    name = crawler.start_poll(board(site, "anew"))
    _until(first.is_set)
    crawler.start_poll(board(site, "anew"))
    assert crawler.finish_poll(name).keys == ["2", "1"]
    _until(lambda: "leased anew" in "".join(crawler.errors))
    assert not [said for said in crawler.other if "lost" in said and said["name"] == name]


def test_ten_thousand_known_posts_in_a_cursor_are_not_kept(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    seen = {str(n): "0" for n in range(10_000, 20_000)}
    polled = crawler.poll(board(site, "heavy"), cursor={"rules": "x", "seen": seen})
    assert len(polled.cursor["seen"]) == 300


def test_files_with_mistakes_at_the_start_end_the_process_with_1(own: Any) -> None:
    crawler = own(broken_files=True)
    assert crawler.process.wait(30) == 1
    _until(lambda: "a.yaml:3: every: '5' is not a duration" in "".join(crawler.errors))


def test_sighup_loads_the_files_anew(crawler: Crawler, site: Site) -> None:
    lay(site, [1])
    crawler.poll(board(site, "hangup"))  # all that was loaded for it and before is behind us
    crawler.forget()
    crawler.process.send_signal(signal.SIGHUP)
    crawler.wait_for(lambda said: "loaded" in said, timeout_s=30)


def test_a_certificate_that_nobody_vouches_for_is_refused(crawler: Crawler, tmp_path: Path) -> None:
    site = Site(certificate=_self_signed(tmp_path))
    try:
        lay(site, [1])
        polled = crawler.poll(board(site, "selfsigned"))
        assert polled.result == "failed"
        assert "证书" in polled.problem
        assert site.asked == []
    finally:
        site.close()


def _self_signed(folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 1, 1, tzinfo=UTC))
        .add_extension(alternative, critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_source_is_tried_out_on_the_live_site(site: Site) -> None:
    lay(site, list(range(9, 0, -1)))
    program = textwrap.dedent(
        """
        import json, sys
        from crawlers.process.check import check
        from crawlers.crawl_settings import CrawlSettings
        from crawlers.kinds.loading import read_source
        crawl = CrawlSettings(contact="0374-1")
        report = check(read_source(sys.stdin.read(), "a.yaml"), settings=crawl)
        print(json.dumps([report.rows(), report.problems, report.notices]))
        """
    )

    def tried(source: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            input=source,
            capture_output=True,
            text=True,
            timeout=60,
            env={**os.environ, "PYTHONPATH": python_path()},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    rows, problems, _ = tried(board(site, "tried"))
    assert [r["key"] for r in rows] == ["9", "8", "7", "6", "5"]
    assert problems == []
    assert all("+0374-1" in asked.headers["user-agent"] for asked in site.asked)
    site.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /")
    rows, problems, _ = tried(board(site, "tried"))
    assert rows == []
    assert "不允许访问" in problems[0]


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _until(true: Any, timeout_s: float = 30.0) -> None:
    until = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < until, "did not happen in time"
        time.sleep(0.02)
