"""`make screenshots`: docs/images/*.png, docs/alert.txt and the alert in both READMEs.

Starts the demo, waits until its incidents have been told and raised, photographs the console and
takes one alert from the file channel. `--url` photographs a console that runs already.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
IMAGES = REPOSITORY / "docs" / "images"
ALERT = REPOSITORY / "docs" / "alert.txt"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_TELLS_LATER = ("severity_raised", "grew", "new_channel")
_WAIT_S = 90.0
_SETTLE_S = 6.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="a console that runs already (no alert.txt then)")
    parser.add_argument("--out", type=Path, default=IMAGES, help="where the pictures go")
    args = parser.parse_args()
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        print("no Chromium found; install it: apt-get install chromium fonts-noto-cjk")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    if args.url:
        photograph(browser, args.url.rstrip("/"), args.out)
        return 0
    with tempfile.TemporaryDirectory(prefix="gridvoice-shots-") as folder:
        with demo(Path(folder)) as url:
            number = photograph(browser, url, args.out)
        ALERT.write_text(alert_of(Path(folder) / "alerts.jsonl", number), encoding="utf-8")
        print(f"wrote {ALERT.relative_to(REPOSITORY)}")
        put_into_readmes(ALERT.read_text(encoding="utf-8"))
    return 0


@contextmanager
def demo(folder: Path) -> Iterator[str]:
    """A running demo that has told at least three incidents and raised one; its console."""
    command = [str(Path(sys.executable).with_name("gridvoice")), "demo", "--json"]
    process = subprocess.Popen(
        [*command, "--keep", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    # A demo that hangs must not hang the reading of its lines.
    old = signal.signal(signal.SIGALRM, lambda *_: process.terminate())
    signal.alarm(int(_WAIT_S))
    try:
        yield _console_when_told(process)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)
        process.terminate()
        process.wait(20)


def _console_when_told(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    url, told, changed = "", set(), False
    for line in process.stdout:
        said: dict[str, Any] = json.loads(line)
        if said["type"] == "start":
            url = said["console"]
        elif said["type"] == "alert":
            told.add(said["incident"])
            changed = changed or said["reason"] in _TELLS_LATER
        if url and len(told) >= 3 and changed:
            signal.alarm(0)
            time.sleep(_SETTLE_S)  # the rest of the script comes in
            return url
    raise SystemExit("the demo ended before three incidents had been told; run: gridvoice demo")


def photograph(browser: str, url: str, out: Path) -> str:
    """The board, the gravest incident and the board on a phone; that incident's number."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=BROWSER_FLAGS)
        desktop = chromium.new_context(viewport=DESKTOP, color_scheme="light").new_page()
        desktop.goto(url)
        desktop.locator("#live-state[data-state=live]").wait_for()
        desktop.screenshot(path=out / "console.png")
        number = str(desktop.locator("[data-number]").first.get_attribute("data-number"))
        desktop.set_viewport_size({"width": 1280, "height": 1300})  # down to the posts
        desktop.goto(f"{url}/incidents/{number}")
        desktop.screenshot(path=out / "incident.png")
        phone = chromium.new_context(viewport=PHONE, device_scale_factor=2).new_page()
        phone.goto(url)
        phone.locator("#live-state[data-state=live]").wait_for()
        phone.screenshot(path=out / "console-phone.png")
        chromium.close()
    for name in ("console.png", "incident.png", "console-phone.png"):
        print(f"wrote {out / name}")
    return number


def put_into_readmes(alert: str) -> None:
    """The alert between the marks of both READMEs."""
    for name in ("README.md", "README.zh-CN.md"):
        path = REPOSITORY / name
        text = path.read_text(encoding="utf-8")
        before, begin, rest = text.partition("<!-- alert:begin -->\n")
        _, end, after = rest.partition("<!-- alert:end -->")
        block = f"```text\n{alert.rstrip()}\n```\n"
        path.write_text(before + begin + block + end + after, encoding="utf-8")
        print(f"wrote {name}")


def alert_of(file: Path, number: str) -> str:
    """The last alert of that incident, as the file channel wrote it."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [line["text"] for line in lines if line["payload"]["number"] == number]
    if not texts:
        raise SystemExit(f"the file channel holds no alert of {number}; check routes.yaml")
    return str(texts[-1]).rstrip() + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
