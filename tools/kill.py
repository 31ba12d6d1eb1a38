"""Kills a random process of the system at random moments and counts what came of it.

    tools/kill.py [--posts N] [--kills N] [--seed N] [--json]

Half of N posts are crawled by `gridvoice run`, half replayed by `gridvoice replay`, into one store,
while a receiver on loopback (never killed) records what it accepted. At random moments one of
the processes (supervisor, service, crawl child, replay) is killed with SIGKILL and started again.
At the end:

  posts       lost, duplicated, unexpected      against what was served and replayed
  deliveries  lost (confirmed by us, unknown to the receiver, or never confirmed at all),
              unexpected (accepted, unknown to us), repeated (sent again after its answer had
              been recorded), and first alerts an incident (one each)

Exit 0 when every count is zero, 1 when one is not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import text  # noqa: E402

from db.engine import open_engine, read, upgrade  # noqa: E402
from domain.clock import iso, utc_now  # noqa: E402
from gridvoice.demo.receivers.centre import CENTRE  # noqa: E402
from gridvoice.demo.receivers.gateway import Gateway  # noqa: E402
from gridvoice.settings.configuration import default_config_dir  # noqa: E402

_GIVE_UP_S = 240.0
_MATTERS = (
    "{place}电压太低，空调带不动，反映多次没人管，请尽快解决",
    "{place}昨晚又停电了，一停就是四个小时，热得睡不着，什么时候能修好",
    "{place}零线断了，我家冰箱电视都烧坏了，供电所谁来赔偿",
    "{place}电线杆歪了快倒了，电线垂到路边，太危险，请供电所尽快处理",
)
_TALK = (
    "{place}的路灯旁边新开了一家面馆，味道不错",
    "请问{place}的小学什么时候开学报名",
    "{place}门口垃圾好几天没人清运了，希望环卫部门管管",
    "{place}公交车等了半个小时，建议增加班次",
)


@dataclass
class System:
    """The processes under test and how to start them again."""

    folder: Path
    stream: Path
    run: subprocess.Popen[bytes] | None = None
    replay: subprocess.Popen[bytes] | None = None
    replayed: bool = False
    killed: Counter[str] = field(default_factory=Counter)

    def command(self, *words: str) -> list[str]:
        common = ["--config", str(self.folder / "config"), "--data", str(self.folder / "data")]
        return [sys.executable, "-P", "-m", "gridvoice.cli.main", *words, *common]

    def tend(self) -> None:
        """Start whatever is not running; notice a replay that ended well."""
        log = (self.folder / "log.txt").open("ab")
        with log:
            if self.run is None or self.run.poll() is not None:
                self.run = subprocess.Popen(self.command("run"), stdout=log, stderr=log, cwd=ROOT)
            if self.replay is not None and self.replay.poll() == 0:
                self.replayed = True
            if not self.replayed and (self.replay is None or self.replay.poll() is not None):
                self.replay = subprocess.Popen(
                    self.command("replay", str(self.stream), "--json", "--send"),
                    stdout=log, stderr=log, cwd=ROOT,
                )  # fmt: skip

    def victims(self) -> dict[str, int]:
        """Name → pid of every process of ours that lives."""
        found: dict[str, int] = {}
        for name, process in (("run", self.run), ("replay", self.replay)):
            if process is not None and process.poll() is None:
                found[name] = process.pid
        for name, below in (("run", "service"), ("service", "crawl")):
            below_it = children(found[name]) if name in found else []
            if below_it:
                found[below] = below_it[0]
        return found

    def end(self) -> None:
        for process in (self.run, self.replay):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(20)


def children(pid: int) -> list[int]:
    """The child processes of a process, by /proc."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(after_name[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def make_posts(count: int, rng: random.Random) -> Iterator[dict[str, str]]:
    """Posts of the last hour: one in twelve a complaint about one of many villages."""
    with (default_config_dir() / "places" / "xuchang_villages.csv").open(encoding="utf-8") as lines:
        rows = [line.split(",") for line in lines if line.startswith("411003")]
    names = [row[1].replace("村委会", "村") for row in rows]
    began = utc_now() - timedelta(hours=1)
    for number in range(count):
        pattern = rng.choice(_MATTERS if number % 12 == 5 else _TALK)
        words = pattern.format(place=rng.choice(names))
        yield {
            "id": f"kill-{number:05d}",
            "title": words[:18],
            "text": f"{words}。编号{number}。",
            "published_at": iso(began + timedelta(seconds=number * 3000 / count)),
            "region": "许昌市建安区",
            "channel": "gov_board",
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--posts", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="gridvoice-kill-"))
    try:
        return experiment(folder, options.posts, options.kills, seed, options.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def experiment(folder: Path, count: int, kills: int, seed: int, as_json: bool) -> int:
    rng = random.Random(seed)
    posts = list(make_posts(count, rng))
    crawled, replayed = posts[::2], posts[1::2]
    site_file, stream = folder / "site.jsonl", folder / "stream.jsonl"
    for path, rows in ((site_file, crawled), (stream, replayed)):
        path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    prepare_config(folder)
    server = subprocess.Popen(
        [sys.executable, str(ROOT / "tools/serve_posts.py"), str(site_file),
         "--write-source", str(folder / "config/sources/site.yaml")],
        stdout=subprocess.DEVNULL, cwd=ROOT,
    )  # fmt: skip
    with Gateway() as gateway:
        os.environ.update(gateway.environment())
        os.environ.pop("GRIDVOICE_WECOM_URL")  # 20 a minute would take the whole day
        system = System(folder, stream)
        try:
            while not (folder / "config/sources/site.yaml").exists():
                time.sleep(0.05)
            torment(system, kills, rng)
            finish(system, count)
        finally:
            system.end()
            server.terminate()
            server.wait(10)
        report = count_all(folder, crawled, replayed, gateway)
    report = {"seed": seed, "kills": dict(system.killed), **report}
    bad = sum(report[part][name] for part, name in _MUST_BE_ZERO)
    print(json.dumps(report, ensure_ascii=False) if as_json else shown(report))
    return 1 if bad else 0


def prepare_config(folder: Path) -> None:
    shutil.copytree(
        default_config_dir(), folder / "config", ignore=shutil.ignore_patterns("sources")
    )
    (folder / "config/sources").mkdir()
    general = folder / "config/gridvoice.yaml"
    settings = yaml.safe_load(general.read_text("utf-8"))
    settings["console"] = {"host": "127.0.0.1", "port": 0}
    general.write_text(yaml.safe_dump(settings, allow_unicode=True), "utf-8")


def torment(system: System, kills: int, rng: random.Random) -> None:
    """Kill one random process at each of `kills` random moments."""
    system.tend()
    while sum(system.killed.values()) < kills:
        until = time.monotonic() + rng.uniform(0.3, 4.0)
        while time.monotonic() < until:
            system.tend()
            time.sleep(0.05)
        victims = system.victims()
        name = rng.choice(sorted(victims))
        try:
            os.kill(victims[name], signal.SIGKILL)
        except ProcessLookupError:
            continue
        system.killed[name] += 1
        progress(f"kill {sum(system.killed.values())}/{kills}: {name}")


def finish(system: System, count: int) -> None:
    """Let it come to rest: all stored, all assessed, all deliveries final."""
    engine = open_engine(f"sqlite:///{system.folder / 'data/gridvoice.db'}")
    upgrade(engine)  # the kills may have come before the first start got so far
    deadline = time.monotonic() + _GIVE_UP_S
    calm = 0
    while time.monotonic() < deadline and calm < 10:
        system.tend()
        with read(engine) as conn:
            stored = conn.execute(text("SELECT count(*) FROM posts")).scalar_one()
            waiting = conn.execute(
                text("SELECT count(*) FROM versions WHERE assessed_at IS NULL")
            ).scalar_one()
            moving = conn.execute(
                text("SELECT count(*) FROM deliveries WHERE state IN ('new', 'sending', 'retry')")
            ).scalar_one()
        rest = system.replayed and stored >= count and not waiting and not moving
        calm = calm + 1 if rest else 0
        progress(f"stored {stored}/{count}, to assess {waiting}, to send {moving}")
        time.sleep(0.5)
    engine.dispose()


_MUST_BE_ZERO = (
    ("posts", "lost"), ("posts", "duplicated"), ("posts", "unexpected"),
    ("deliveries", "lost"), ("deliveries", "unexpected"),
    ("deliveries", "repeated_after_answer"), ("deliveries", "incidents_without_one_first_alert"),
)  # fmt: skip


def count_all(
    folder: Path, crawled: list[dict[str, str]], replayed: list[dict[str, str]], gateway: Gateway
) -> dict[str, dict[str, int]]:
    """Jepsen's counts, for posts and for deliveries."""
    engine = open_engine(f"sqlite:///{folder / 'data/gridvoice.db'}")
    with read(engine) as conn:
        stored = Counter(
            (row.source, row.key) for row in conn.execute(text("SELECT source, key FROM posts"))
        )
        loose = conn.execute(text(
            "SELECT count(*) FROM posts p JOIN assessments a ON a.version_id = p.version_id"
            " WHERE a.complaint AND p.id NOT IN (SELECT post_id FROM incident_posts)"
        )).scalar_one()  # fmt: skip
        deliveries = {
            row.id: row.state for row in conn.execute(
                text("SELECT id, state FROM deliveries WHERE channel = 'centre'")
            )
        }  # fmt: skip
        repeated = conn.execute(text(
            "SELECT count(*) FROM attempts a JOIN attempts b ON a.delivery_id = b.delivery_id"
            " WHERE a.outcome = 'delivered' AND b.n > a.n AND b.started_at > a.finished_at"
        )).scalar_one()  # fmt: skip
        firsts = conn.execute(text(
            "SELECT count(*) FROM incidents i WHERE i.area != 'outside' AND 1 != (SELECT count(*)"
            " FROM alerts a WHERE a.incident_id = i.id AND a.reason = 'first')"
        )).scalar_one()  # fmt: skip
        alerts = conn.execute(text("SELECT count(*) FROM alerts")).scalar_one()
        unknown = conn.execute(
            text("SELECT count(*) FROM attempts WHERE outcome = 'unknown'")
        ).scalar_one()
        incidents = conn.execute(text("SELECT count(*) FROM incidents")).scalar_one()
    engine.dispose()
    expected = {("served_posts", r["id"]) for r in crawled} | {
        ("replay", r["id"]) for r in replayed
    }
    accepted = Counter(
        a.id for a in gateway.accepted_at(CENTRE) if a.body["type"] == "incident.alert"
    )
    return {
        "posts": {
            "expected": len(expected),
            "stored": sum(stored.values()),
            "lost": len(expected - set(stored)) + loose,
            "duplicated": sum(n - 1 for n in stored.values()),
            "unexpected": len(set(stored) - expected),
        },
        "deliveries": {
            "incidents": incidents,
            "alerts": alerts,
            "to_the_centre": len(deliveries),
            "accepted": len(accepted),
            "lost": sum(1 for i, s in deliveries.items() if s != "delivered" or i not in accepted),
            "unexpected": len(set(accepted) - set(deliveries)),
            "repeated_after_answer": repeated,
            "answer_lost_and_sent_again": unknown,
            "incidents_without_one_first_alert": firsts,
        },
    }


def shown(report: dict[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in report.items())


def progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{words}")
        sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
