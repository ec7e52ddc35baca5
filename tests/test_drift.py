"""What the API gives otherwise than its document says: kept, and told once per kind."""

from __future__ import annotations

import json
from collections.abc import Callable

from altur_sandbox import ManualWorld, example_call
from common import NOON
from warehouse import Warehouse, as_loaded

Load = Callable[..., Warehouse]


def drift_of(warehouse: Warehouse) -> list[tuple[str, str, str]]:
    return warehouse.rows("SELECT field, kind, detail FROM altur.schema_drift ORDER BY ALL")


READABLE = [
    ("duration", "95", 95, "unexpected_type"),
    ("duration", 95.0, 95, "unexpected_type"),
    ("recording_url", 7, "7", "unexpected_type"),
    ("status", {"code": "ended"}, '{"code": "ended"}', "unexpected_type"),
    ("status", "ringing", "ringing", "unknown_value"),
    ("extracted_data", ["yes"], '["yes"]', "unexpected_type"),
    ("sentiment", "good", "good", "new_field"),
    ("agent", {"id": 7, "name": "Sol"}, '{"id": 7, "name": "Sol"}', "new_field"),
    ("steps", [1, 2], "[1, 2]", "new_field"),
]


def test_values_that_can_be_read_stay_in_their_columns(world: ManualWorld, load: Load) -> None:
    """As the column's type if it can be; text holds anything; a new field is a new column."""
    for number, (field, value, _, _) in enumerate(READABLE):
        world.put(2, example_call(f"odd_{number}", NOON, **{field: value}))

    warehouse = load()

    found = [
        warehouse.value(f"SELECT {field} FROM altur.campaign_calls WHERE id = 'odd_{number}'")
        for number, (field, _, _, _) in enumerate(READABLE)
    ]
    assert found == [loaded for _, _, loaded, _ in READABLE]
    assert warehouse.rows("SELECT call_id, field, kind FROM altur.schema_drift ORDER BY ALL") == [
        (f"odd_{number}", field, kind) for number, (field, _, _, kind) in enumerate(READABLE)
    ]


UNREADABLE = [
    ("duration", "a while"),
    ("duration", 1e300),
    ("started_at", "yesterday"),
    ("started_at", 1_700_000_000),
    ("contact", "Lucía"),
    ("contact", ["a", {"name": "b"}]),
    ("tags", "interested"),
    ("policy_evaluation", [1]),
    ("campaign_id", 99),
    ("_dlt_id", "theirs"),
    ("is_deleted", True),
    ("Created At", "no"),
]


def test_values_that_fit_no_column_are_kept_aside(world: ManualWorld, load: Load) -> None:
    """In the JSON column ``unexpected``, under their path; no column of ours is taken by a stranger."""
    for number, (field, value) in enumerate(UNREADABLE):
        world.put(2, example_call(f"odd_{number:02}", NOON, **{field: value}))

    warehouse = load()

    columns = "unexpected, campaign_id, is_deleted"
    odd = warehouse.rows(f"SELECT {columns} FROM altur.campaign_calls WHERE id LIKE 'odd%' ORDER BY id")
    assert [json.loads(kept) for kept, _, _ in odd] == [{field: value} for field, value in UNREADABLE]
    assert {(campaign_id, is_deleted) for _, campaign_id, is_deleted in odd} == {(2, False)}
    assert warehouse.rows("SELECT call_id, field FROM altur.schema_drift ORDER BY ALL") == [
        (f"odd_{number:02}", field) for number, (field, _) in enumerate(UNREADABLE)
    ]


def test_odd_items_in_lists_are_kept(world: ManualWorld, load: Load) -> None:
    """A tag that is no text is kept as text; a policy that is no object is set aside."""
    evaluation = {"policies": ["met", {"policy_id": "p", "result": "maybe", "weight": 2}]}
    world.put(2, example_call("odd", NOON, tags=["a", 7, None], policy_evaluation=evaluation))

    warehouse = load()

    tags = "SELECT value FROM altur.campaign_calls__tags WHERE call_id = 'odd' ORDER BY position"
    assert warehouse.rows(tags) == [("a",), ("7",), (None,)]
    policies = "SELECT policy_id, result, weight FROM altur.campaign_calls__policies WHERE call_id = 'odd'"
    assert warehouse.rows(policies) == [("p", "maybe", 2)]
    assert drift_of(warehouse) == [
        ("policies[]", "unexpected_type", "list"),
        ("policies[].result", "unknown_value", "maybe"),
        ("policies[].weight", "new_field", "int"),
        ("tags[]", "unexpected_type", "int"),
    ]


def test_a_surprise_is_told_once_however_often_it_is_read(world: ManualWorld, load: Load) -> None:
    """One row per kind, not per call or read."""
    for number in range(5):
        world.put(2, example_call(f"odd_{number}", NOON, status="ringing"))

    load()
    warehouse = load(since="2026-03-01")

    assert drift_of(warehouse) == [("status", "unknown_value", "ringing")]


def test_a_new_field_does_not_disturb_the_calls_that_lack_it(world: ManualWorld, load: Load) -> None:
    """Schema evolution in the middle of a life."""
    load()
    world.put(2, example_call("newer", NOON, sentiment="good"))

    warehouse = load(since="2026-03-01")

    assert warehouse.calls(2) == as_loaded(world.calls(2))
    assert warehouse.value("SELECT count(*) FROM altur.campaign_calls WHERE sentiment IS NULL") == 3
