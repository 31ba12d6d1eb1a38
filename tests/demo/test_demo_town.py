"""The town files: what they promise, and the checker of alerts."""

from collections import Counter
from pathlib import Path

import pytest

from domain.input.load import BadSettings, load_text
from domain.masking.mask import mask
from domain.text import fold
from gridvoice.demo.town import Alerted, Town, Where, assessment, check_town, load_town

TINY = Path(__file__).parent / "tiny.yaml"
TOWNS = ["first", "second", str(TINY)]


@pytest.fixture(params=["first", "second"])
def town(request: pytest.FixtureRequest) -> Town:
    return load_town(str(request.param))


def by_kind(town: Town) -> Counter[str]:
    return Counter(post.kind for post in town.posts)


def test_the_first_town_is_as_large_as_promised() -> None:
    town = load_town("first")
    counts = by_kind(town)
    assert len(town.incidents) == 3
    assert counts["talk"] >= 60
    assert counts["trap"] >= 25
    assert town.length_s <= 30


def test_every_incident_is_told_in_several_voices(town: Town) -> None:
    told = Counter(p.matter for p in town.posts if p.kind == "true")
    assert set(told) == set(town.true_incidents)
    assert all(5 <= n <= 12 for n in told.values())
    for name in told:
        assert {p.where for p in town.posts if p.matter == name} >= {Where.BOARD, Where.SOCIAL}


def test_no_text_comes_twice_within_or_between_towns() -> None:
    texts = [p.text for name in TOWNS for p in load_town(name).posts]
    assert [t for t, n in Counter(texts).items() if n > 1] == []


def test_what_lies_on_the_social_channel_can_be_found_by_the_searches(town: Town) -> None:
    def full(key: str) -> str:
        post = town.post(key)
        return post.text + (full(post.repost_of) if post.repost_of else "")

    social = [p for p in town.posts if p.where is Where.SOCIAL and p.kind != "talk"]
    words = [fold(k) for k in town.keywords]
    hidden = [p.id for p in social if not any(w in fold(full(p.id)) for w in words)]
    assert [key for key in hidden if key.startswith("true-")] == []
    # A trap that no search finds is no trap; a few show that the search is one.
    assert len(hidden) <= len(social) // 5


def test_phone_numbers_and_doors_in_posts_show_that_masking_works(town: Town) -> None:
    masked = [p.id for p in town.posts if mask(p.text) != p.text]
    assert len(masked) >= 4
    assert all(key.startswith("true-") for key in masked)


def test_the_second_town_shares_no_matter_and_no_place_with_the_first() -> None:
    first, second = load_town("first"), load_town("second")
    assert not {i.place for i in first.incidents} & {i.place for i in second.incidents}
    assert not set(first.true_incidents) & set(second.true_incidents)
    assert first.places is None
    assert second.places is not None


def test_traps_say_what_a_reader_says_of_them(town: Town) -> None:
    for post in town.posts:
        expected = assessment(town, post)
        if expected.complaint:
            assert expected.relevant, post.id
            assert expected.category, post.id
        if post.kind == "trap" and expected.complaint:
            # A true complaint is a trap only where it lies elsewhere or is old.
            assert expected.area == "outside" or post.after < -72 * 3600, post.id


def test_a_wrong_town_file_is_refused_with_line_and_reason() -> None:
    text = TINY.read_text(encoding="utf-8").replace("true-penghai-03", "true-brand-03")
    with pytest.raises(BadSettings, match=r"tiny\.yaml:\d+: posts: true-brand-03: no incident"):
        load_text(text, Town, "tiny.yaml")
    with pytest.raises(BadSettings, match="must begin with true-, trap- or talk-"):
        load_text(text.replace("id: talk-01", "id: note-01"), Town, "tiny.yaml")


def test_the_right_alerts_are_assessed_right() -> None:
    town = load_town(TINY)
    alert = Alerted("n1", "supply_quality", ("true-penghai-01", "true-penghai-02"))
    assert check_town(town, [alert]).is_right


def test_a_notice_about_the_matter_may_lie_in_its_incident() -> None:
    town = load_town(TINY)
    alert = Alerted("n1", "supply_quality", ("true-penghai-01", "trap-repair-01"))
    assert check_town(town, [alert]).is_right


def test_a_missing_incident_is_named() -> None:
    assessment = check_town(load_town(TINY), [])
    assert assessment.missing == ("penghai: 陈化店镇花木大棚停电",)
    assert not assessment.is_right


def test_an_alert_on_a_trap_or_on_talk_is_wrong() -> None:
    town = load_town(TINY)
    right = Alerted("n1", "supply_quality", ("true-penghai-01",))
    trap = Alerted("n2", "supply_quality", ("trap-repair-01",))
    assessment = check_town(town, [right, trap])
    assert assessment.wrong == ("n2 alerted without a true post: trap-repair-01",)
    mixed = check_town(town, [Alerted("n1", "supply_quality", ("true-penghai-01", "talk-01"))])
    assert mixed.wrong == ("n1 (penghai) also holds talk-01",)


def test_a_wrong_category_is_wrong() -> None:
    assessment = check_town(
        load_town(TINY), [Alerted("n1", "billing_service", ("true-penghai-01",))]
    )
    assert assessment.wrong == ("n1 (penghai) is called billing_service, not supply_quality",)


def test_one_incident_alerted_twice_is_repeated_whether_split_or_resent() -> None:
    town = load_town(TINY)
    one = Alerted("n1", "supply_quality", ("true-penghai-01",))
    other = Alerted("n2", "supply_quality", ("true-penghai-02",))
    assert check_town(town, [one, other]).repeated == ("penghai alerted as 2 incidents: n1, n2",)
    assert check_town(town, [one, one]).repeated == ("n1 alerted 2 times as new",)
