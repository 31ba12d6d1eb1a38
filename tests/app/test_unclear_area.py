"""A grave complaint whose place has namesakes elsewhere is told; only what is plainly elsewhere is
not."""

from __future__ import annotations

import pytest
from app_scene import all_alerts, all_deliveries, found, the_incident, told
from own_config import write_config
from sqlalchemy import Engine

from domain.assessments import Area, Severity
from gridvoice.settings.configuration import Configuration, load

DEATH = "停电三天没人管，电线掉在路上，孩子触电身亡，供电所赶紧来人"


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Configuration:
    """With the places elsewhere whose names are met here."""
    folder = write_config(tmp_path_factory.mktemp("area"), places=("41", "21", "37", "61"))
    return load(folder, folder.parent)


@pytest.mark.parametrize("village", ["大石桥", "和平", "朝阳", "新华", "东营", "榆林", "万里"])
@pytest.mark.parametrize("title", ["", "{}村停电三天，孩子触电身亡"])
def test_a_village_of_ours_called_like_a_place_elsewhere_is_told_in_full(
    engine: Engine, config: Configuration, village: str, title: str
) -> None:
    told(engine, config, found("1", f"小召乡{village}村{DEATH}", title=title.format(village)))
    incident = the_incident(engine).incident
    assert (incident.area, incident.severity) == (Area.INSIDE, Severity.RED)
    assert len(all_alerts(engine)) == 1
    assert all_deliveries(engine)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        (f"大石桥村{DEATH}", None),
        (f"大石桥{DEATH}", "许昌市建安区"),
        (f"万里村{DEATH}", "许昌市"),
        (f"榆林{DEATH}", None),
        (DEATH, None),
    ],
)
def test_what_is_unclear_goes_to_the_default_route(
    engine: Engine, config: Configuration, text: str, region: str | None
) -> None:
    told(engine, config, found("1", text, region=region))
    assert the_incident(engine).incident.area is Area.UNKNOWN
    (alert,) = all_alerts(engine)
    assert "属地待核" in alert.title
    assert {d.channel for d in all_deliveries(engine)} == {
        d.channel for d in config.routes.default if d.channel in config.ready_channels
    }


@pytest.mark.parametrize(
    "place", ["榆林市榆阳区", "禹州市鸿畅镇", "郑州市金水区", "辽宁省大石桥市"]
)
def test_what_is_plainly_elsewhere_is_not_told(
    engine: Engine, config: Configuration, place: str
) -> None:
    told(engine, config, found("1", place + DEATH))
    assert the_incident(engine).incident.area is Area.OUTSIDE
    assert all_alerts(engine) == []
