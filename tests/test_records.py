"""A call becomes a row and its children. Nothing is lost, nothing is guessed, and no call stops a run."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dlt.common.data_types import coerce_value, py_type_to_sc_type
from dlt.common.normalizers.naming.snake_case import NamingConvention
from dlt.common.normalizers.utils import generate_dlt_id
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from altur_calls import tables
from altur_calls.calls.arrow import columns_of, table_of
from altur_calls.calls.columns import documented
from altur_calls.calls.records import Accepted, Surprise, row_of
from altur_calls.calls.shape import items_of, ledger_row
from altur_calls.calls.sightings import Rejected, Sighting, call_id_of, created_at_of, sighting_of, utc
from altur_calls.reads import Read
from altur_calls.windows import Window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMN_NAMES = NamingConvention()
"""How dlt names columns unless told otherwise."""
CALL = {
    "id": "call_1",
    "type": "outbound",
    "status": "ended",
    "answered_by": "human",
    "created_at": "2026-03-01T11:00:00.123Z",
    "started_at": "2026-03-01T11:00:05Z",
    "ended_at": None,
    "duration": 61,
    "billed_duration": 120,
    "extracted_data": {"Payment Amount": "1,200", "payment amount": None},
    "recording_url": "/recordings/call_1",
    "contact": {"id": 5, "f_id": "c-5", "name": "Ana", "phone_number": "+525500000005", "status": "called"},
    "tags": ["b", "a", "b"],
    "policy_evaluation": {
        "score": 7.5,
        "policies_evaluated_count": 1,
        "policies_met_count": 1,
        "policies_not_applicable_count": 0,
        "completed": True,
        "completed_at": "2026-03-01T11:05:00Z",
        "policies": [
            {
                "policy_id": "p1",
                "policy_name": "Greets",
                "result": "met",
                "explanation": "She did.",
                "evaluated_at": "2026-03-01T11:05:00Z",
            },
        ],
    },
}
"""A call with every field of the API document, each as it is described there."""


def changed(**fields: Any) -> dict[str, Any]:
    """Return the call with other values in some fields."""
    return {**CALL, **fields}


def without(*fields: str) -> dict[str, Any]:
    """Return the call without some fields."""
    return {name: value for name, value in CALL.items() if name not in fields}


def accepted(call: Any) -> Accepted:
    """Return the row of a call of campaign 7, and its surprises."""
    return row_of(seen(call))


def seen(call: Any) -> Sighting:
    """Return a call of campaign 7 as it is at first sight."""
    result = sighting_of(call, 7, NOON)
    assert isinstance(result, Sighting)
    return result


def rejected(call: Any) -> Rejected:
    """Return why a call of campaign 7 can't be a row."""
    result = sighting_of(call, 7, NOON)
    assert isinstance(result, Rejected)
    return result


# Ids and moments. --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "call_id"),
    [
        ({"id": "call_1"}, "call_1"),
        ({"id": " call_1\n"}, "call_1"),
        ({"id": 17}, "17"),
        ({"id": 0}, "0"),
        ({"id": ""}, None),
        ({"id": "  "}, None),
        ({"id": None}, None),
        ({"id": True}, None),
        ({"id": 1.5}, None),
        ({"id": ["call_1"]}, None),
        ({}, None),
        (None, None),
        ("call_1", None),
    ],
)
def test_an_id_is_a_text_or_a_whole_number(call, call_id):
    """Rows are merged by it: what is no id would merge calls that have nothing in common."""
    assert call_id_of(call) == call_id


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        pytest.param("2026-03-01T12:00:00Z", NOON, id="Z"),
        pytest.param("2026-03-01T12:00:00", NOON, id="naive: UTC"),
        pytest.param("2026-03-01T06:00:00-06:00", NOON, id="offset"),
        pytest.param("2026-03-01T17:30:00+0530", NOON, id="offset without a colon"),
        pytest.param("2026-03-01 12:00:00+00:00", NOON, id="blank for T"),
        pytest.param("2026-03-01T12:00:00.250Z", NOON + timedelta(milliseconds=250), id="ms"),
        pytest.param("2026-03-01T12:00:00.000001Z", NOON + timedelta(microseconds=1), id="us"),
        pytest.param("2026-03-01T12:00:00.0000019Z", NOON + timedelta(microseconds=1), id="finer: cut"),
        pytest.param(" 2026-03-01T12:00Z\n", NOON, id="white space"),
        pytest.param("2026-03-01", NOON - timedelta(hours=12), id="a day"),
    ],
)
def test_a_moment_is_read_as_utc(written, moment):
    """Windows, ages and reports count in UTC."""
    assert utc(written) == moment
    assert created_at_of({"created_at": written}) == moment


@pytest.mark.parametrize(
    "written",
    [
        *("", "soon", "2026-13-01", "2026-02-30T00:00:00Z", "01/03/2026", "2026-03-01T25:00:00Z"),
        *("0001-01-01T00:00:00+05:00", "9999-12-31T23:00:00-05:00", "1772366400"),
        *(None, 1772366400, 1772366400.5, True, [], {}, NOON),
    ],
)
def test_what_is_no_moment_is_none(written):
    """A number could be seconds or milliseconds; to guess would put calls into the wrong window."""
    assert utc(written) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_that_was_written_out_is_read_back(moment):
    """To the microsecond."""
    assert utc(moment.isoformat()) == moment


# Rows. -------------------------------------------------------------------------------------------------


def in_utc(item):
    """Return an object with its moments read."""
    return {name: utc(value) or value for name, value in item.items()}


def test_a_call_as_documented_becomes_a_row_and_its_children():
    """Scalars stay, what is nested hangs on the call's id, and nothing surprises."""
    result = accepted(CALL)

    evaluation = {name: value for name, value in CALL["policy_evaluation"].items() if name != "policies"}
    version = result.row["_dlt_id"]
    keys = {"call_id": "call_1", "call_created_at": utc(CALL["created_at"])}
    assert result.surprises == []
    assert result.row == {
        **in_utc(without("contact", "tags", "policy_evaluation")),
        **{f"policy_evaluation__{name}": value for name, value in in_utc(evaluation).items()},
        "campaign_id": 7,
        "read_at": NOON,
        "unexpected": None,
        "is_deleted": False,
        "deleted_at": None,
        "_dlt_id": version,
    }
    assert result.children == {
        "contact": [{**CALL["contact"], **keys, "position": 0, "_dlt_id": f"{version}0"}],
        "tags": [
            {"value": tag, **keys, "position": place, "_dlt_id": f"{version}{place}"}
            for place, tag in enumerate(("b", "a", "b"))
        ],
        "policies": [
            {
                **in_utc(CALL["policy_evaluation"]["policies"][0]),
                **keys,
                "position": 0,
                "_dlt_id": f"{version}0",
            }
        ],
        "extracted_data": [
            {"key": key, "value": value, **keys, "position": place, "_dlt_id": f"{version}{place}"}
            for place, (key, value) in enumerate([("Payment Amount", "1,200"), ("payment amount", None)])
        ],
    }


def test_extracted_data_become_rows_of_text():
    """Whatever a campaign extracts: SQL of every kind reads text."""
    data = {"paid": True, "amounts": [1, 2.5], "who": {"name": "x"}, "": "", "none": None}

    pairs = accepted(changed(extracted_data=data)).children["extracted_data"]

    assert [(pair["key"], pair["value"]) for pair in pairs] == [
        *(("paid", "true"), ("amounts", "[1, 2.5]"), ("who", '{"name": "x"}'), ("", ""), ("none", None))
    ]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(without("contact", "tags", "policy_evaluation", "extracted_data"), id="missing"),
        pytest.param(
            changed(contact=None, tags=None, policy_evaluation=None, extracted_data=None), id="null"
        ),
        pytest.param(changed(contact={}, tags=[], policy_evaluation={}, extracted_data={}), id="empty"),
        pytest.param(
            changed(contact={}, tags=[], policy_evaluation={"policies": None}, extracted_data={}),
            id="null within",
        ),
        pytest.param(
            changed(contact={}, tags=[], policy_evaluation={"policies": []}, extracted_data={}),
            id="empty within",
        ),
    ],
)
def test_what_is_nested_and_not_there_makes_no_child_rows(call):
    """The document requires nothing, so nothing is surprising about it."""
    result = accepted(call)

    assert result.children == {"contact": [], "tags": [], "policies": [], "extracted_data": []}
    assert not [name for name in result.row if name.startswith("policy_evaluation")]
    assert (result.surprises, result.row["unexpected"]) == ([], None)


def test_a_call_of_an_id_and_a_moment_is_enough():
    """A call in progress has little more."""
    result = accepted({"id": 17, "created_at": "2026-03-01"})

    assert (result.row["id"], result.row["created_at"]) == ("17", NOON - timedelta(hours=12))
    assert result.row["unexpected"] is None


@pytest.mark.parametrize(
    ("tag", "value", "kind"),
    [
        (5, "5", "int"),
        (1.5, "1.5", "float"),
        (True, "true", "bool"),
        ({"b": 1, "a": "ñ"}, '{"a": "ñ", "b": 1}', "dict"),
        (["x"], '["x"]', "list"),
    ],
)
def test_a_tag_that_is_no_text_is_kept_as_one(tag, value, kind):
    """A tag is what people filter by; its table has one column."""
    result = accepted(changed(tags=["a", tag]))

    assert [row["value"] for row in result.children["tags"]] == ["a", value]
    assert result.surprises == [Surprise("tags[]", "unexpected_type", kind)]


def test_a_tag_that_is_null_is_a_row_without_a_value():
    """There was a tag, though nobody knows which."""
    assert [row["value"] for row in accepted(changed(tags=[None])).children["tags"]] == [None]


@pytest.mark.parametrize(
    ("field", "came", "kept", "kind"),
    [
        ("duration", "61", 61, "str"),
        ("duration", 61.0, 61, "float"),
        ("recording_url", 5, "5", "int"),
        ("answered_by", {"who": "human"}, '{"who": "human"}', "dict"),
        ("extracted_data", ["x"], ["x"], "list"),
    ],
)
def test_a_value_that_can_be_read_as_its_columns_type_is(field, came, kept, kind):
    """A number in quotes is still a number; that it came in quotes is reported."""
    result = accepted(changed(**{field: came}))

    assert (result.row[field], result.row["unexpected"]) == (kept, None)
    assert result.surprises == [Surprise(field, "unexpected_type", kind)]


@pytest.mark.parametrize(
    ("field", "came", "kind"),
    [
        ("duration", "a minute", "str"),
        ("duration", 61.5, "float"),
        ("duration", 2**70, "int"),
        ("duration", [61], "list"),
        ("started_at", "at noon", "str"),
        ("started_at", 1772366400, "int"),
        ("contact", "Ana", "str"),
        ("contact", [{"name": "Ana"}], "list"),
        ("tags", "vip", "str"),
        ("tags", {"vip": True}, "dict"),
        ("policy_evaluation", ["p1"], "list"),
        ("policy_evaluation", "pending", "str"),
        ("extracted_data", "nothing", "str"),
    ],
)
def test_a_value_that_does_not_fit_is_set_aside_and_reported(field, came, kind):
    """A column of numbers stays one, and the value is there for whoever wants to know."""
    result = accepted(changed(**{field: came}))

    assert not result.row.get(field)
    assert not result.children.get(field)
    assert result.row["unexpected"] == {field: came}
    assert result.surprises == [Surprise(field, "unexpected_type", kind)]


@pytest.mark.parametrize(
    ("call", "path", "kind"),
    [
        (changed(contact={"id": "c5"}), "contact.id", "str"),
        (changed(policy_evaluation={"score": "good"}), "policy_evaluation.score", "str"),
        (changed(policy_evaluation={"completed": "soon"}), "policy_evaluation.completed", "str"),
        (changed(policy_evaluation={"policies": [{"evaluated_at": 5}]}), "policies[0].evaluated_at", "int"),
        (changed(policy_evaluation={"policies": ["p1", None]}), "policies[]", "list"),
        (changed(policy_evaluation={"policies": {"p1": 1}}), "policies", "dict"),
    ],
)
def test_a_nested_value_that_does_not_fit_is_set_aside_under_its_path(call, path, kind):
    """The report says where to look."""
    result = accepted(call)

    assert list(result.row["unexpected"]) == [path]
    assert result.surprises == [Surprise(path.replace("[0]", "[]"), "unexpected_type", kind)]


@pytest.mark.parametrize("field", ["type", "status", "answered_by"])
def test_a_value_the_document_does_not_list_is_a_value_like_another(field):
    """The API may learn new words before its document does."""
    result = accepted(changed(**{field: "voicemail"}))

    assert result.row[field] == "voicemail"
    assert result.surprises == [Surprise(field, "unknown_value", "voicemail")]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        pytest.param(1.5, 1.5, id="a scalar"),
        pytest.param(None, None, id="null"),
        pytest.param([1, 2], "[1, 2]", id="a list: as JSON text"),
        pytest.param({"b": 1, "a": 2}, '{"a": 2, "b": 1}', id="an object: as JSON text"),
    ],
)
def test_a_field_the_document_does_not_know_becomes_a_column(value, kept):
    """It arrives when the API sends it, not when we release a version."""
    result = accepted(changed(cost=value))

    assert (result.row["cost"], result.row["unexpected"]) == (kept, None)
    assert result.surprises == [Surprise("cost", "new_field", type(value).__name__)]


@pytest.mark.parametrize(
    "name", ["campaign_id", "read_at", "policies", "is_deleted", "Status", "_dlt_id", "unexpected", ""]
)
def test_a_new_field_takes_no_name_of_ours(name):
    """It would replace what we say about the call."""
    result = accepted(changed(**{name: "theirs"}))

    assert result.row["unexpected"] == {name: "theirs"}
    assert {**result.row, "unexpected": None, "_dlt_id": ""} == {**accepted(CALL).row, "_dlt_id": ""}


@pytest.mark.parametrize("path", ["contact", "policy_evaluation"])
def test_a_new_field_of_what_is_nested_becomes_a_column_there(path):
    """Contacts have columns of their own."""
    result = accepted(changed(**{path: {**CALL[path], "language": "es"}}))

    columns = result.children["contact"][0] if path == "contact" else result.row
    assert columns["language" if path == "contact" else f"{path}__language"] == "es"
    assert result.surprises == [Surprise(f"{path}.language", "new_field", "str")]


@pytest.mark.parametrize(
    "names", [["readAt"], ["createdAt"], ["campaignId"], ["My field", "my_field"]], ids=str
)
def test_no_two_fields_of_a_row_become_the_same_column(names):
    """When two do, dlt keeps one of the values and drops the other without a word."""
    row = accepted(changed(**dict.fromkeys(names, "theirs"))).row

    columns = [COLUMN_NAMES.normalize_identifier(name) for name in row]
    assert len(columns) == len(set(columns))


def test_two_values_with_the_same_path_are_both_set_aside():
    """Policies of a call share their paths."""
    policies = [{"policy_id": name, "evaluated_at": f"{name} o'clock"} for name in ("1", "2")]

    row = accepted(changed(policy_evaluation={"policies": policies})).row

    assert "1 o'clock" in str(row["unexpected"])
    assert "2 o'clock" in str(row["unexpected"])


@pytest.mark.parametrize(
    "written", [" 2026-03-01T12:00:00Z\n", "2026-03-01_12:00:00Z", "2026-03-01T12:00:00 Z"]
)
def test_a_moment_that_we_can_read_dlt_can_read_too(written):
    """Else the column stays empty and the text goes to one beside it, ``created_at__v_text``."""
    created_at = accepted(changed(created_at=written)).row["created_at"]

    assert coerce_value("timestamp", py_type_to_sc_type(type(created_at)), created_at) == NOON


def test_a_row_leaves_the_call_as_it_came():
    """The same call may be shaped again, and its raw form belongs to whoever read it."""
    call = changed(extra={"x": [1]}, tags=[{"a": 1}], duration="61", **{"Cost (USD)": 1})
    before = deepcopy(call)

    accepted(call)

    assert call == before


# Calls that can't be rows. -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (without("id"), "no id"),
        (changed(id=" "), "no id"),
        (changed(id=None), "no id"),
        (without("created_at"), "created_at can't be read"),
        (changed(created_at="soon"), "created_at can't be read"),
        (changed(created_at=1772366400), "created_at can't be read"),
        (None, "not an object but NoneType"),
        ("call_1", "not an object but str"),
        ([CALL], "not an object but list"),
    ],
)
def test_a_call_that_can_not_be_a_row_is_kept_raw_with_the_reason(call, reason):
    """One garbled call must not cost the others their load, nor vanish."""
    fault = rejected(call)

    assert fault.reason == reason
    assert json.loads(fault.raw) == call


def test_a_fault_has_the_same_key_however_often_it_is_read():
    """Else each run would add a row for it. JSON objects have no order."""
    fault, again = rejected({"a": 1, "b": "ñ"}), rejected({"b": "ñ", "a": 1})

    assert fault.fault_id(7) == again.fault_id(7)


@pytest.mark.parametrize(
    ("fault", "campaign_id"),
    [
        pytest.param(rejected({"a": 2}), 7, id="another call"),
        pytest.param(rejected({"a": 1}), 8, id="another campaign"),
        pytest.param(Rejected("another reason", rejected({"a": 1}).raw), 7, id="another reason"),
    ],
)
def test_other_faults_have_other_keys(fault, campaign_id):
    """One must not replace the other."""
    assert fault.fault_id(campaign_id) != rejected({"a": 1}).fault_id(7)


def test_a_text_that_is_no_unicode_has_a_key_too():
    """JSON can spell half a character."""
    assert len(rejected({"name": "\ud800"}).fault_id(7)) == 32


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(st.sampled_from([*CALL, "policies", "result"]), st.text(max_size=3)), inner, max_size=4
        ),
    ),
    max_leaves=5,
)


@effort(max_examples=50, deadline=None)
@given(json_values)
def test_whatever_comes_is_accepted_or_rejected(call):
    """No call stops a run."""
    result = sighting_of(call, 7, NOON)
    assert isinstance(row_of(result) if isinstance(result, Sighting) else result, Accepted | Rejected)


@effort(max_examples=50, deadline=None)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(CALL, json_values)))
def test_whatever_its_fields_hold_a_call_with_an_id_and_a_moment_is_a_row(fields):
    """And its children hang on its id."""
    result = accepted({**fields, "id": "call_1", "created_at": CALL["created_at"]})

    assert (result.row["id"], result.row["campaign_id"]) == ("call_1", 7)
    assert {row["call_id"] for rows in result.children.values() for row in rows} <= {"call_1"}


# Versions. ---------------------------------------------------------------------------------------------


def test_a_call_that_is_the_same_has_the_same_version_in_whatever_order_it_comes():
    """It is not written again."""
    backwards = dict(reversed(CALL.items()))

    assert seen(CALL).version == seen(deepcopy(backwards)).version


@pytest.mark.parametrize(
    "call",
    [
        changed(status="failed"),
        changed(tags=["a", "b", "b"]),
        changed(contact={**CALL["contact"], "status": "converted"}),
        changed(policy_evaluation=None),
        changed(cost=1.5),
        changed(cost=2**70),
        without("ended_at"),
    ],
)
def test_whatever_changes_makes_another_version(call):
    """Else the change would never be written."""
    assert seen(call).version != seen(CALL).version


def test_versions_look_like_the_keys_that_dlt_draws():
    """They stand in its column."""
    assert len(seen(CALL).version) == len(generate_dlt_id())


# In bulk. ----------------------------------------------------------------------------------------------

ODDITIES: dict[str, Any] = {
    "a new field": changed(cost=1),
    "a new field of a contact": changed(contact={**CALL["contact"], "language": "es"}),
    "a number as text": changed(duration="61"),
    "a truth as number": changed(duration=True),
    "a number too large": changed(duration=2**63),
    "a new word": changed(status="ringing"),
    "a text that is no moment": changed(ended_at="soon"),
    "a moment without a zone": changed(started_at="2026-03-01T11:00:05"),
    "a moment out of this world": changed(started_at="0001-01-01T00:00:00+05:00"),
    "a contact that is none": changed(contact="Ana"),
    "a tag that is none": changed(tags=["a", 7]),
    "a policy that is none": changed(policy_evaluation={"policies": ["met"]}),
    "data that are a list": changed(extracted_data=["x"]),
    "data with a large number": changed(extracted_data={"x": 2**70}),
    "half a character": changed(recording_url="\ud800"),
}


@pytest.mark.parametrize("call", ODDITIES.values(), ids=ODDITIES)
def test_what_is_not_as_documented_is_not_shaped_in_bulk(call):
    """What to do with it is decided in one place, call by call."""
    assert documented([seen(CALL), seen({**call, "id": "call_2"})], "1.0") is None


calls_as_documented = st.fixed_dictionaries(
    {
        "id": st.text("abc_0", min_size=1),
        "created_at": st.sampled_from(["2026-03-01T11:00:00Z", "2026-03-01T05:00:00.123456-06:00"]),
    },
    optional={
        "type": st.sampled_from(["inbound", "outbound", None]),
        "status": st.sampled_from(["ended", "in-progress"]),
        "duration": st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        "extracted_data": st.one_of(
            st.none(),
            st.dictionaries(st.text(max_size=3), st.one_of(st.none(), st.text(), st.integers(0, 9))),
        ),
        "recording_url": st.one_of(st.none(), st.text(max_size=5)),
        "contact": st.one_of(st.none(), st.fixed_dictionaries({}, optional={"name": st.text(max_size=3)})),
        "tags": st.one_of(st.none(), st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=3)),
        "policy_evaluation": st.one_of(
            st.none(),
            st.fixed_dictionaries(
                {},
                optional={
                    "score": st.one_of(st.none(), st.integers(0, 10), st.floats(0, 10)),
                    "completed": st.booleans(),
                    "completed_at": st.one_of(st.none(), st.just("2026-03-01T05:00:00.5+00:00")),
                    "policies": st.lists(
                        st.fixed_dictionaries({}, optional={"result": st.sampled_from(["met", "not_met"])}),
                        max_size=3,
                    ),
                },
            ),
        ),
    },
)


@effort(max_examples=200, deadline=None)
@given(st.lists(calls_as_documented, min_size=1, max_size=4))
def test_in_bulk_calls_become_what_they_become_one_by_one(calls):
    """The short way saves time and decides nothing."""
    sightings = [seen(call) for call in calls]

    in_bulk = documented(sightings, "1.0")

    assert in_bulk is not None
    shaped = [row_of(call) for call in sightings]
    assert loaded(in_bulk[tables.CALLS]) == loaded(
        [table_of(columns_of([call.row for call in shaped], tables.CALL_COLUMNS), tables.CALL_COLUMNS, "1.0")]
    )
    for name, columns in tables.CHILD_COLUMNS.items():
        rows = [row for call in shaped for row in call.children[name.split("__", 1)[1]]]
        assert loaded(in_bulk[name][1:]) == loaded([table_of(columns_of(rows, columns), columns, "1.0")])


def loaded(several: list[Any]) -> list[Any]:
    """Return the rows of Arrow tables."""
    return [row for table in several for row in table.to_pylist()]


def test_one_odd_call_among_many_changes_nothing_for_the_others():
    """Nor is any lost between the two ways."""
    calls = [changed(id=f"call_{number}") for number in range(1_200)]
    calls[700]["cost"] = 5

    items = items_of([seen(call) for call in calls], "1.0")

    rows = [
        row for item in items[tables.CALLS] for row in (item if isinstance(item, list) else loaded([item]))
    ]
    assert sorted(row["id"] for row in rows) == sorted(call["id"] for call in calls)
    assert [row["id"] for row in rows if row.get("cost")] == ["call_700"]


# A read. -----------------------------------------------------------------------------------------------


def drift_of(*calls: Any) -> list[dict[str, Any]]:
    """Return what these calls leave in the report of differences."""
    return [row for item in items_of([seen(call) for call in calls], "1.0")[tables.DRIFT] for row in item]


def test_a_surprise_is_told_once_a_read_by_its_first_call():
    """A field that changed its type changed it in every call."""
    (drift,) = drift_of(CALL, *(changed(id=f"call_{number}", duration="61") for number in range(2, 9)))

    assert (drift["field"], drift["kind"], drift["detail"]) == ("duration", "unexpected_type", "str")
    assert (drift["call_id"], drift["campaign_id"], drift["read_at"]) == ("call_2", 7, NOON)


def test_a_surprise_has_one_key_in_all_campaigns_and_reads():
    """The report has a line for each kind, not for each time."""
    first, second = (drift_of(changed(id=call_id, cost=1))[0] for call_id in ("x", "y"))
    other = drift_of(changed(price=1))[0]

    assert first["drift_id"] == second["drift_id"] != other["drift_id"]


@pytest.mark.parametrize("doubt", [None, "total_count moved from 2 to 3 while the pages were read"])
def test_a_read_leaves_a_line_in_the_ledger(doubt):
    """The warehouse itself shows which windows are complete, and why one is not."""
    window = Window(NOON - timedelta(hours=2), NOON)

    assert ledger_row(Read(7, window, NOON, [CALL], 3, 2, doubt), 4, is_suspicious=False) == {
        "campaign_id": 7,
        "window_start": window.start,
        "window_end": window.end,
        "read_at": NOON,
        "requests": 3,
        "total_count": 2,
        "calls_read": 1,
        "is_proved": doubt is None,
        "doubt": doubt,
        "vanished_calls": 4,
        "is_suspicious": False,
    }
