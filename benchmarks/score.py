"""How many posts a second the scorer assesses, as a ratio to SnowNLP measured in the same run.

`python benchmarks/score.py [FILE]`: without FILE, written posts that are all relevant; with FILE
(posts as JSONL, field `text`) also a natural stream: FILE's posts, one relevant in a hundred.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pipeline.learning.synthetic import voices
from pipeline.scorers import Scorer, open_scorer
from pipeline.text.normalise import squeeze

_SIZE = 100  # characters of a post, as in the reference figures
_SNOW_POSTS = 60
_OWN_POSTS = 4000


def main(files: Sequence[str]) -> int:
    own, snow = open_scorer(), open_scorer("snownlp")
    relevant = [t for t in _cut(e.text for e in voices(each=3) if e.relevant) if _is_ours(own, t)]
    snow_s = _seconds(lambda t: snow.score(squeeze("", t), "weibo"), relevant[:_SNOW_POSTS])
    runs = {"every post relevant": relevant}
    for name in files:
        lines = Path(name).read_text(encoding="utf-8").splitlines()
        stream = _cut(str(json.loads(line)["text"]) for line in lines)
        runs[f"{name}, one in a hundred relevant"] = [
            relevant[i % len(relevant)] if i % 100 == 0 else stream[i % len(stream)]
            for i in range(_OWN_POSTS)
        ]
    for name, posts in runs.items():
        many = [posts[i % len(posts)] for i in range(_OWN_POSTS)]
        own_s = _seconds(lambda t: own.score(squeeze("", t), "weibo"), many)
        line = {
            "posts": name,
            "scorer": own.name,
            "posts_per_s": round(1 / own_s),
            "snownlp_posts_per_s": round(1 / snow_s, 1),
            "ratio": round(snow_s / own_s, 1),
        }
        print(json.dumps(line, ensure_ascii=False))
    return 0


def _is_ours(own: Scorer, text: str) -> bool:
    return own.score(squeeze("", text), "weibo").relevant


def _cut(texts: Iterable[str]) -> list[str]:
    """Posts of 100 characters: the shorter repeated, the longer cut."""
    return [(t * (_SIZE // len(t) + 1))[:_SIZE] for t in texts if t]


def _seconds(assess: Callable[[str], object], texts: Sequence[str]) -> float:
    """Processor seconds a post, the best of three runs."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        for text in texts:
            assess(text)
        best = min(best, time.process_time() - started)
    return best / len(texts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
