"""The sandbox against the contract written down beside it, searched for exceptions by schemathesis."""

from datetime import UTC, datetime
from pathlib import Path

import schemathesis
from hypothesis import settings

import altur_sandbox
from altur_sandbox import Api, SeededWorld
from altur_sandbox.limiter import Limiter
from altur_sandbox.moments import read

KEY = {"Authorization": "api-key sandbox-key"}
NOW = datetime(2026, 3, 11, 17, 30, tzinfo=UTC)
WORLD = SeededWorld(clock=lambda: NOW, days=2)

contract = schemathesis.openapi.from_path(Path(altur_sandbox.__file__).with_name("openapi.yaml"))
# Parameters nobody knows are ignored, as Django does; the key is the test's business.
contract.config.generation.update(allow_extra_parameters=False, with_security_parameters=False)
contract.app = Api(WORLD, key="sandbox-key", requests_per_second=None)


@contract.hook
def map_path_parameters(_context, path_parameters):
    """Ask for campaigns that exist, four times out of five."""
    campaign_id = path_parameters["id"]
    if not isinstance(campaign_id, int) or campaign_id < 0:
        return path_parameters
    return {**path_parameters, "id": 1101 + campaign_id % 5}


@contract.hook
def filter_query(_context, query):
    """Leave out dates in the wrong order: a 400 whose rule no schema can express."""
    try:
        return read(query["startDate"]) <= read(query["endDate"])
    except (KeyError, TypeError, ValueError):
        return True


@contract.parametrize()
@settings(max_examples=200, deadline=None, derandomize=True)
def test_every_answer_is_in_the_contract(case):
    case.call_and_validate(headers=KEY)


def test_a_page_of_each_campaign_is_in_the_contract():
    """The calls in every state of their lives, which random queries may miss."""
    for campaign_id in WORLD.zones:
        case = contract["/campaigns/{id}/calls"]["GET"].Case(
            path_parameters={"id": campaign_id}, query={"pageSize": 100}
        )

        response = case.call_and_validate(headers=KEY)

        assert len(response.json()["calls"]) > 10


def test_a_throttled_answer_is_in_the_contract():
    api = Api(WORLD, key="sandbox-key", requests_per_second=1)
    api.limiter = Limiter(1, clock=lambda: 0.0)
    case = contract["/campaigns/{id}/calls"]["GET"].Case(path_parameters={"id": 1101})

    responses = [case.call(headers=KEY, app=api) for _ in range(2)]

    assert [response.status_code for response in responses] == [200, 429]
    case.validate_response(responses[1])
