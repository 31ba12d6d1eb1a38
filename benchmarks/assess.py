"""What an assessment costs besides its scorer: microseconds a post, part by part.

    python benchmarks/assess.py

Measured on written posts of about 100 characters; CPU time of this thread, the best of several
rounds, so that other work on the machine counts little.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from domain.assessments import Category
from pipeline.assess import Assessor, PostText, open_assessor
from pipeline.scorers.score import IRRELEVANT, Score
from pipeline.text.normalise import squeeze

_ROOT = Path(__file__).resolve().parents[1]
_TAIL = (
    "打电话给供电所也没人接，希望领导管管，到底什么时候能来电啊，"
    "天天交电费就是这样的服务吗，真的是太让人失望了"
)
POSTS = {
    "ordinary talk": "今天在公园里散步看到好多花都开了，拍了几张照片发给妈妈，她说等周末一起去看，"
    "顺便把阳台上的那几盆多肉也换个大点的盆，晚上还要去超市买点水果，听说新开的那家店打折，不知道排不排队",
    "complaint, no place": f"又停电了，热得受不了，从早上到现在冰箱里的东西都化了，{_TAIL}",
    "complaint, place, risk": f"小召街道毛里村停电三天了，家里老人靠制氧机，孩子热得直哭，{_TAIL}",
}


class Fixed:
    """A scorer that costs nothing: what mentions 停电 is a complaint."""

    name = "fixed"

    def score(self, title: str, text: str, channel: str | None = None) -> Score:
        if "停电" in text:
            return Score(True, 0.9, True, 0.8, Category.SUPPLY_QUALITY)
        return IRRELEVANT


def microseconds(work: Callable[[], object], times: int = 500, rounds: int = 15) -> float:
    """CPU time of one call, the best of `rounds`."""
    best = float("inf")
    for _ in range(rounds):
        start = time.thread_time()
        for _ in range(times):
            work()
        best = min(best, time.thread_time() - start)
    return best / times * 1e6


def parts(assessor: Assessor, text: str) -> dict[str, float]:
    """Part → microseconds a post."""
    post = squeeze("", text)
    rules, category = assessor.severity_rules, Category.SUPPLY_QUALITY
    return {
        "fold": microseconds(lambda: squeeze("", text)),
        "locate": microseconds(lambda: assessor.locator.locate_squeezed(post, None)),
        "severity": microseconds(lambda: rules.rate(post, category, 0.8)),
        "aspects": microseconds(lambda: assessor.aspects.of(post, category)),
        "all": microseconds(lambda: assessor.assess(PostText("", text))),
    }


def main() -> None:
    assessor = open_assessor(_ROOT / "config", Fixed())
    for name, text in POSTS.items():
        figures = " ".join(f"{k} {v:.1f}" for k, v in parts(assessor, text).items())
        print(f"{name} ({len(text)} characters): {figures}")


if __name__ == "__main__":
    main()
