"""Five hundred buyers for a hundred places while AWS throttles and loses replies: a hundred sold, every time."""

import sys

import pytest

from local.client import Client
from local.people import Organiser
from local.stack import Stack
from tests.support.rush import EACH, PEOPLE, TRIES, Crowd, told
from tests.support.weather import Weather, storm


@pytest.fixture(scope="module")
def crowd(api: Client) -> Crowd:
    return Crowd.gathers(api)


@pytest.mark.proof
@pytest.mark.parametrize("run", range(5))
def test_a_hundred_places_are_sold_in_a_storm(
    run: int,
    stack: Stack,
    sky: Weather,
    organiser: Organiser,
    category: str,
    crowd: Crowd,
    capsys: pytest.CaptureFixture[str],
) -> None:
    event = crowd.comes_to(organiser, category)
    with sky.storms(storm(0.03, hanging=4)) as fired:
        seen = crowd.rushes(stack, event, run)

    with capsys.disabled():
        sys.stdout.write(f"{told(run, seen)}\n  {dict(fired)}\n")
    assert fired["dynamodb ProvisionedThroughputExceededException"] > 0
    assert fired["dynamodb TransactWriteItems reply lost"] > 0
    assert seen.answers.total() == PEOPLE * TRIES
    assert (seen.sold, seen.left, seen.hasty) == (100, 0, 0)
    assert seen.most <= EACH
