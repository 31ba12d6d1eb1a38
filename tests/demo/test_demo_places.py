"""The places of a town: the shipped gazetteer under the town's own territory."""

from pathlib import Path

import pytest

from domain.input.load import load_file
from gridvoice.demo.places import write_places
from gridvoice.demo.town import Town, assessment, load_town
from pipeline.assess import Lexicon
from pipeline.places.gazetteer import load_gazetteer
from pipeline.places.locate import Locator

SHIPPED = Path(__file__).parents[2] / "config" / "places"
TINY = Path(__file__).parent / "tiny.yaml"


def full_text(town: Town, key: str) -> str:
    post = town.post(key)
    return post.text + ("//" + full_text(town, post.repost_of) if post.repost_of else "")


def test_a_town_without_places_uses_the_shipped_ones(tmp_path: Path) -> None:
    assert write_places(load_town("first"), SHIPPED, tmp_path / "places") == SHIPPED
    assert not (tmp_path / "places").exists()


@pytest.mark.parametrize("name", ["first", "second", str(TINY)])
def test_every_post_lies_where_a_reader_says(name: str, tmp_path: Path) -> None:
    town = load_town(name)
    lexicon = load_file(SHIPPED.with_name("lexicon.yaml"), Lexicon, "lexicon.yaml")
    locator = Locator(load_gazetteer(write_places(town, SHIPPED, tmp_path)), lexicon.asides)
    wrong = []
    for post in town.posts:
        expected = assessment(town, post).area
        located = locator.locate(post.title, full_text(town, post.id), town.region)
        if expected is not None and located.area != expected:
            wrong.append(f"{post.id}: {located.area}")
        if post.kind == "true" and located.station is None:
            wrong.append(f"{post.id}: no station")
    assert wrong == []
