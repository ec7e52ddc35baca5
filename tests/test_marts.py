"""The marts, by a dozen calls made by hand and numbers worked out by hand.

Tables here are written as people write them: ``-`` is null, moments are UTC, fractions have four digits.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pytest

from altur_calls.analytics.views import MARTS, texts, views
from altur_calls.pipeline import INCOMPLETE, run
from altur_calls.warehouse.target import Target
from altur_sandbox import Manners, ManualWorld, Sandbox
from common import KEY, NOON
from warehouse import Warehouse

Fields = dict[str, Any]


def march(day: int, clock: str) -> datetime:
    """Return a moment of March 2026, UTC."""
    return datetime.fromisoformat(f"2026-03-{day:02}T{clock}").replace(tzinfo=UTC)


def called(
    call_id: str,
    at: datetime,
    status: str,
    answered_by: str | None,
    contact: Fields | None,
    *,
    ring: int | None = None,
    seconds: int | None = None,
    billed: int | None = None,
    **fields: Any,
) -> Fields:
    """Return a call as the API gives it: it rang so long, and was that long."""
    started_at = None if ring is None else at + timedelta(seconds=ring)
    return {
        "id": call_id,
        "type": "outbound",
        "created_at": at,
        "status": status,
        "answered_by": answered_by,
        "contact": contact,
        "started_at": started_at,
        "ended_at": started_at + timedelta(seconds=seconds) if started_at and seconds else None,
        "duration": seconds,
        "billed_duration": billed,
        **fields,
    }


def person(number: int, name: str, status: str) -> Fields:
    """Return a contact."""
    return {
        "id": number,
        "f_id": f"C-{number}",
        "name": name,
        "phone_number": f"+5255{number}",
        "status": status,
    }


def evaluated(*results: tuple[str, str, str]) -> Fields:
    """Return an evaluation by policy id, name and result; its own score and counts are the API's."""
    policies = [
        {
            "policy_id": policy_id,
            "policy_name": name,
            "result": result,
            "explanation": f"{name}: {result}",
            "evaluated_at": march(4, "06:00"),
        }
        for policy_id, name, result in results
    ]
    counts = {"policies_evaluated_count": len(results), "policies_met_count": 1}
    return {
        **counts,
        "policies_not_applicable_count": 1,
        "score": 7.5,
        "completed": True,
        "completed_at": march(4, "06:00"),
        "policies": policies,
    }


# The world: campaign 1 in Mexico City (UTC-6), campaign 2 in Bogotá (UTC-5). -----------------------------

ANA = person(11, "Ana", "converted")  # three calls, each shows her converted: one conversion
BETO = person(12, "Beto", "answered")
CARO = person(13, "Caro", "pending")
ANA_ELSEWHERE = person(11, "Ana Sol", "answered")  # her number in another campaign is somebody else's
DIEGO = person(21, "Diego", "answered")  # converted by the second run

IN_MEXICO_CITY = [
    # 2 March there: 06:00 UTC to 06:00 UTC
    called("a1", march(2, "15:10"), "no-answer", None, ANA),
    called("a2", march(2, "15:40"), "ended", "machine", ANA, ring=8, seconds=20, billed=60, tags=["buzón"]),
    called("b1", march(2, "18:30"), "busy", None, BETO),
    called(
        "b2",
        march(3, "05:59:59"),
        "failed",
        "unknown",
        {**BETO, "name": "Beto Ruiz"},
        ring=5,
        seconds=10,
        billed=60,
        tags=["buzón"],
        policy_evaluation=evaluated(("p1", "Saludo", "not_met")),
    ),
    # 3 March there
    called(
        "x1",
        march(3, "06:00"),
        "ended",
        "human",
        None,
        type="inbound",
        ring=3,
        seconds=30,
        billed=60,
        tags=["promesa"],
        extracted_data={"Payment Date": "2026-03-31"},
        # One policy twice: results are told apart by their position.
        policy_evaluation=evaluated(
            ("p1", "Saludo", "met"), ("p2", "Privacidad", "not_met"), ("p1", "Saludo", "not_met")
        ),
    ),
    called(
        "a3",
        march(3, "16:00"),
        "ended",
        "human",
        ANA,
        ring=8,
        seconds=95,
        billed=120,
        tags=["promesa", "promesa", "pago"],
        extracted_data={"Payment Amount": "1,250.00", "payment amount": 900, "note": None},
        policy_evaluation=evaluated(("p1", "Saludo inicial", "met"), ("p2", "Privacidad", "not_applicable")),
    ),
    called("c1", march(3, "16:20"), "in-progress", None, CARO, ring=4),
    # Vanishes before the second run: were it counted, Beto were converted.
    called(
        "v1",
        march(3, "17:00"),
        "ended",
        "human",
        {**BETO, "status": "converted"},
        ring=2,
        seconds=50,
        billed=60,
        tags=["promesa"],
        extracted_data={"Payment Date": "2026-04-01"},
        policy_evaluation=evaluated(("p1", "Saludo", "met")),
    ),
]
IN_BOGOTA = [
    # 2 March there: 05:00 UTC to 05:00 UTC
    called(
        "d1",
        march(3, "04:30"),
        "ended",
        "human",
        ANA_ELSEWHERE,
        ring=6,
        seconds=40,
        billed=60,
        tags=["promesa"],
    ),
    # 3 March there; a status that the API document does not know, and a tag that is null
    called("d2", march(3, "05:00"), "queued", "unknown", ANA_ELSEWHERE, tags=[None]),
    called(
        "d3",
        march(3, "20:00"),
        "ended",
        "human",
        DIEGO,
        ring=9,
        seconds=61,
        billed=120,
        tags=["callback"],
        extracted_data={"cuotas": [1, 2]},
        policy_evaluation=evaluated(("p1", "Saludo", "partly"), ("p3", "Oferta", "met")),
    ),
    # Its contact's last call, that nobody answered: seconds of it are billed, but nobody talked.
    called("d4", march(3, "21:00"), "no-answer", None, DIEGO, seconds=15, billed=15, tags=["venta"]),
]
RUNS = [march(4, "12:00"), march(5, "12:00"), march(6, "12:00")]
"""The first finds all calls. Before the second v1 vanishes, and Diego's calls change. The third reads an
afternoon of campaign 2 again, and can't prove it."""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return the warehouse after the runs."""
    folder = tmp_path_factory.mktemp("marts")
    world = ManualWorld(clock=lambda: march(1, "00:00"))
    world.add_campaign(1, ZoneInfo("America/Mexico_City"), name="Cobranza")
    world.add_campaign(2, UTC, name=None, timezone=None, status="finished", archived=True)
    for campaign_id, calls in {1: IN_MEXICO_CITY, 2: IN_BOGOTA}.items():
        for call in calls:
            world.put(campaign_id, call)
    world.put_raw(2, {"status": "ended"}, created_at=march(3, "22:00"))  # without an id it can be no row
    with pytest.MonkeyPatch.context() as patch, Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        target = Target(credentials=str(folder / "calls.duckdb"))
        given = {
            "api_key": KEY,
            "base_url": sandbox.url,
            "requests_per_second": 1000,
            "campaign_ids": [1, 2],
            "timezone": "America/Bogota",
            "start_date": "2026-03-01",
            "since": "2026-03-01",
            "until": "2026-03-04",
        }
        run(target, clock=lambda: RUNS[0], **given)
        world.delete("v1")
        world.change("d3", tags=["callback", "venta"], contact={**DIEGO, "status": "converted"})
        world.change("d4", contact={**DIEGO, "status": "converted"})
        run(target, clock=lambda: RUNS[1], **given)
        sandbox.manners = Manners(total_count="unfiltered")
        doubtful = {**given, "campaign_ids": [2], "since": "2026-03-03T12:00:00Z"}
        assert run(target, clock=lambda: RUNS[2], **doubtful).exit_code == INCOMPLETE
    return Warehouse(folder / "calls.duckdb")


# What each mart says of it. ------------------------------------------------------------------------------

EXPECTED = {
    "calls": [
        """
        call_id | campaign_id | contact_id | direction | status      | answered_by | contact_status
        a1      | 1           | 11         | outbound  | no-answer   | -           | converted
        a2      | 1           | 11         | outbound  | ended       | machine     | converted
        a3      | 1           | 11         | outbound  | ended       | human       | converted
        b1      | 1           | 12         | outbound  | busy        | -           | answered
        b2      | 1           | 12         | outbound  | failed      | unknown     | answered
        c1      | 1           | 13         | outbound  | in-progress | -           | pending
        x1      | 1           | -          | inbound   | ended       | human       | -
        d1      | 2           | 11         | outbound  | ended       | human       | answered
        d2      | 2           | 11         | outbound  | queued      | unknown     | answered
        d3      | 2           | 21         | outbound  | ended       | human       | converted
        d4      | 2           | 21         | outbound  | no-answer   | -           | converted
        """,
        # a3 and d4 are the last of a converted contact; a1, a2 and d3 are not the last
        """
        call_id | attempt_number | is_answered | is_human | is_converted | ring_seconds | talk_seconds
        a1      | 1              | no          | no       | no           | -            | 0
        a2      | 2              | yes         | no       | no           | 8            | 20
        a3      | 3              | yes         | yes      | yes          | 8            | 95
        b1      | 1              | no          | no       | no           | -            | 0
        b2      | 2              | yes         | no       | no           | 5            | 10
        c1      | 1              | no          | no       | no           | 4            | 0
        x1      | -              | yes         | yes      | no           | 3            | 30
        d1      | 1              | yes         | yes      | no           | 6            | 40
        d2      | 2              | yes         | no       | no           | -            | 0
        d3      | 1              | yes         | yes      | no           | 9            | 61
        d4      | 2              | no          | no       | yes          | -            | 0
        """,
        """
        call_id | billed_seconds
        a1      | 0
        a2      | 60
        a3      | 120
        b1      | 0
        b2      | 60
        c1      | 0
        x1      | 60
        d1      | 60
        d2      | 0
        d3      | 120
        d4      | 15
        """,
        # Mexico City is six hours behind UTC, Bogotá five
        """
        call_id | created_at          | local_created_at    | local_date | local_hour
        a1      | 2026-03-02 15:10:00 | 2026-03-02 09:10:00 | 2026-03-02 | 9
        a2      | 2026-03-02 15:40:00 | 2026-03-02 09:40:00 | 2026-03-02 | 9
        b1      | 2026-03-02 18:30:00 | 2026-03-02 12:30:00 | 2026-03-02 | 12
        b2      | 2026-03-03 05:59:59 | 2026-03-02 23:59:59 | 2026-03-02 | 23
        x1      | 2026-03-03 06:00:00 | 2026-03-03 00:00:00 | 2026-03-03 | 0
        a3      | 2026-03-03 16:00:00 | 2026-03-03 10:00:00 | 2026-03-03 | 10
        c1      | 2026-03-03 16:20:00 | 2026-03-03 10:20:00 | 2026-03-03 | 10
        d1      | 2026-03-03 04:30:00 | 2026-03-02 23:30:00 | 2026-03-02 | 23
        d2      | 2026-03-03 05:00:00 | 2026-03-03 00:00:00 | 2026-03-03 | 0
        d3      | 2026-03-03 20:00:00 | 2026-03-03 15:00:00 | 2026-03-03 | 15
        d4      | 2026-03-03 21:00:00 | 2026-03-03 16:00:00 | 2026-03-03 | 16
        """,
        # created_at + ring; that + seconds. c1 has not ended, d4 never started
        """
        call_id | started_at          | ended_at
        a1      | -                   | -
        a2      | 2026-03-02 15:40:08 | 2026-03-02 15:40:28
        b1      | -                   | -
        b2      | 2026-03-03 06:00:04 | 2026-03-03 06:00:14
        x1      | 2026-03-03 06:00:03 | 2026-03-03 06:00:33
        a3      | 2026-03-03 16:00:08 | 2026-03-03 16:01:43
        c1      | 2026-03-03 16:20:04 | -
        d1      | 2026-03-03 04:30:06 | 2026-03-03 04:30:46
        d2      | -                   | -
        d3      | 2026-03-03 20:00:09 | 2026-03-03 20:01:10
        d4      | -                   | -
        """,
        # As the API says it, not as its results add up
        """
        call_id | is_evaluated | policy_score | policies_evaluated | policies_met | policies_not_applicable
        a1      | no           | -            | -                  | -            | -
        a2      | no           | -            | -                  | -            | -
        b1      | no           | -            | -                  | -            | -
        b2      | yes          | 7.5          | 1                  | 1            | 1
        x1      | yes          | 7.5          | 3                  | 1            | 1
        a3      | yes          | 7.5          | 2                  | 1            | 1
        c1      | no           | -            | -                  | -            | -
        d1      | no           | -            | -                  | -            | -
        d2      | no           | -            | -                  | -            | -
        d3      | yes          | 7.5          | 2                  | 1            | 1
        d4      | no           | -            | -                  | -            | -
        """,
        """
        call_id | evaluated_at
        a1      | -
        a2      | -
        b1      | -
        b2      | 2026-03-04 06:00:00
        x1      | 2026-03-04 06:00:00
        a3      | 2026-03-04 06:00:00
        c1      | -
        d1      | -
        d2      | -
        d3      | 2026-03-04 06:00:00
        d4      | -
        """,
    ],
    "campaigns": [
        # The second has no name, and no timezone but the default.
        """
        campaign_id | campaign_name | campaign_status | agent_name | timezone            | is_archived | calls
        1           | Cobranza      | active          | Sofía      | America/Mexico_City | no          | 7
        2           | 2             | finished        | Sofía      | America/Bogota      | yes         | 4
        """,
        """
        campaign_id | campaign_created_at | first_call_at       | last_call_at
        1           | 2026-03-01 00:00:00 | 2026-03-02 15:10:00 | 2026-03-03 16:20:00
        2           | 2026-03-01 00:00:00 | 2026-03-03 04:30:00 | 2026-03-03 21:00:00
        """,
    ],
    "campaign_hourly": [
        """
        campaign_id | local_date | local_hour | calls | answered_calls | human_calls | machine_calls
        1           | 2026-03-02 | 9          | 2     | 1              | 0           | 1
        1           | 2026-03-02 | 12         | 1     | 0              | 0           | 0
        1           | 2026-03-02 | 23         | 1     | 1              | 0           | 0
        1           | 2026-03-03 | 0          | 1     | 1              | 1           | 0
        1           | 2026-03-03 | 10         | 2     | 1              | 1           | 0
        2           | 2026-03-02 | 23         | 1     | 1              | 1           | 0
        2           | 2026-03-03 | 0          | 1     | 1              | 0           | 0
        2           | 2026-03-03 | 15         | 1     | 1              | 1           | 0
        2           | 2026-03-03 | 16         | 1     | 0              | 0           | 0
        """,
        """
        campaign_id | local_date | local_hour | unknown_calls
        1           | 2026-03-02 | 9          | 0
        1           | 2026-03-02 | 12         | 0
        1           | 2026-03-02 | 23         | 1
        1           | 2026-03-03 | 0          | 0
        1           | 2026-03-03 | 10         | 0
        2           | 2026-03-02 | 23         | 0
        2           | 2026-03-03 | 0          | 1
        2           | 2026-03-03 | 15         | 0
        2           | 2026-03-03 | 16         | 0
        """,
        """
        campaign_id | local_date | local_hour | unanswered_calls | ended_calls | failed_calls | busy_calls
        1           | 2026-03-02 | 9          | 1                | 1           | 0            | 0
        1           | 2026-03-02 | 12         | 1                | 0           | 0            | 1
        1           | 2026-03-02 | 23         | 0                | 0           | 1            | 0
        1           | 2026-03-03 | 0          | 0                | 1           | 0            | 0
        1           | 2026-03-03 | 10         | 1                | 1           | 0            | 0
        2           | 2026-03-02 | 23         | 0                | 1           | 0            | 0
        2           | 2026-03-03 | 0          | 0                | 0           | 0            | 0
        2           | 2026-03-03 | 15         | 0                | 1           | 0            | 0
        2           | 2026-03-03 | 16         | 1                | 0           | 0            | 0
        """,
        """
        campaign_id | local_date | local_hour | no_answer_calls | in_progress_calls | other_status_calls
        1           | 2026-03-02 | 9          | 1               | 0                 | 0
        1           | 2026-03-02 | 12         | 0               | 0                 | 0
        1           | 2026-03-02 | 23         | 0               | 0                 | 0
        1           | 2026-03-03 | 0          | 0               | 0                 | 0
        1           | 2026-03-03 | 10         | 0               | 1                 | 0
        2           | 2026-03-02 | 23         | 0               | 0                 | 0
        2           | 2026-03-03 | 0          | 0               | 0                 | 1
        2           | 2026-03-03 | 15         | 0               | 0                 | 0
        2           | 2026-03-03 | 16         | 1               | 0                 | 0
        """,
        """
        campaign_id | local_date | local_hour | conversions | talk_seconds | billed_seconds | billed_minutes
        1           | 2026-03-02 | 9          | 0           | 20           | 60             | 1
        1           | 2026-03-02 | 12         | 0           | 0            | 0              | 0
        1           | 2026-03-02 | 23         | 0           | 10           | 60             | 1
        1           | 2026-03-03 | 0          | 0           | 30           | 60             | 1
        1           | 2026-03-03 | 10         | 1           | 95           | 120            | 2
        2           | 2026-03-02 | 23         | 0           | 40           | 60             | 1
        2           | 2026-03-03 | 0          | 0           | 0            | 0              | 0
        2           | 2026-03-03 | 15         | 0           | 61           | 120            | 2
        2           | 2026-03-03 | 16         | 1           | 0            | 15             | 0.25
        """,
        """
        campaign_id | local_date | local_hour | answer_rate | human_rate | conversion_rate
        1           | 2026-03-02 | 9          | 0.5         | 0          | 0
        1           | 2026-03-02 | 12         | 0           | 0          | 0
        1           | 2026-03-02 | 23         | 1           | 0          | 0
        1           | 2026-03-03 | 0          | 1           | 1          | 0
        1           | 2026-03-03 | 10         | 0.5         | 0.5        | 0.5
        2           | 2026-03-02 | 23         | 1           | 1          | 0
        2           | 2026-03-03 | 0          | 1           | 0          | 0
        2           | 2026-03-03 | 15         | 1           | 1          | 0
        2           | 2026-03-03 | 16         | 0           | 0          | 1
        """,
    ],
    "campaign_daily": [
        # 1, 2 March: a1 a2 b1 b2; 3 March: x1 a3 c1.  2, 2 March: d1; 3 March: d2 d3 d4
        """
        campaign_id | local_date | calls | answered_calls | unanswered_calls | human_calls | machine_calls
        1           | 2026-03-02 | 4     | 2              | 2                | 0           | 1
        1           | 2026-03-03 | 3     | 2              | 1                | 2           | 0
        2           | 2026-03-02 | 1     | 1              | 0                | 1           | 0
        2           | 2026-03-03 | 3     | 2              | 1                | 1           | 0
        """,
        """
        campaign_id | local_date | unknown_calls
        1           | 2026-03-02 | 1
        1           | 2026-03-03 | 0
        2           | 2026-03-02 | 0
        2           | 2026-03-03 | 1
        """,
        """
        campaign_id | local_date | ended_calls | failed_calls | busy_calls | no_answer_calls
        1           | 2026-03-02 | 1           | 1            | 1          | 1
        1           | 2026-03-03 | 2           | 0            | 0          | 0
        2           | 2026-03-02 | 1           | 0            | 0          | 0
        2           | 2026-03-03 | 1           | 0            | 0          | 1
        """,
        # x1 is no contact's; Ana is one contact on each of her days
        """
        campaign_id | local_date | in_progress_calls | other_status_calls | contacts | conversions
        1           | 2026-03-02 | 0                 | 0                  | 2        | 0
        1           | 2026-03-03 | 1                 | 0                  | 2        | 1
        2           | 2026-03-02 | 0                 | 0                  | 1        | 0
        2           | 2026-03-03 | 0                 | 1                  | 2        | 1
        """,
        # 20 + 10; 30 + 95; 40; 61.  60 + 60; 60 + 120; 60; 120 + 15
        """
        campaign_id | local_date | talk_seconds | billed_seconds | billed_minutes | answer_rate | human_rate
        1           | 2026-03-02 | 30           | 120            | 2              | 0.5         | 0
        1           | 2026-03-03 | 125          | 180            | 3              | 0.6667      | 0.6667
        2           | 2026-03-02 | 40           | 60             | 1              | 1           | 1
        2           | 2026-03-03 | 61           | 135            | 2.25           | 0.6667      | 0.3333
        """,
        """
        campaign_id | local_date | conversion_rate
        1           | 2026-03-02 | 0
        1           | 2026-03-03 | 0.3333
        2           | 2026-03-02 | 0
        2           | 2026-03-03 | 0.3333
        """,
    ],
    "contacts": [
        # By the last call: b2 shows Beto's whole name; v1, where he is converted, is no more
        """
        campaign_id | contact_id | contact_reference | contact_name | phone_number | contact_status
        1           | 11         | C-11              | Ana          | +525511      | converted
        1           | 12         | C-12              | Beto Ruiz    | +525512      | answered
        1           | 13         | C-13              | Caro         | +525513      | pending
        2           | 11         | C-11              | Ana Sol      | +525511      | answered
        2           | 21         | C-21              | Diego        | +525521      | converted
        """,
        """
        campaign_id | contact_id | is_converted
        1           | 11         | yes
        1           | 12         | no
        1           | 13         | no
        2           | 11         | no
        2           | 21         | yes
        """,
        """
        campaign_id | contact_id | attempts | answered_calls | human_calls | talk_seconds | billed_seconds
        1           | 11         | 3        | 2              | 1           | 115          | 180
        1           | 12         | 2        | 1              | 0           | 10           | 60
        1           | 13         | 1        | 0              | 0           | 0            | 0
        2           | 11         | 2        | 2              | 1           | 40           | 60
        2           | 21         | 2        | 1              | 1           | 61           | 135
        """,
        """
        campaign_id | contact_id | last_call_id | first_call_at       | last_call_at
        1           | 11         | a3           | 2026-03-02 15:10:00 | 2026-03-03 16:00:00
        1           | 12         | b2           | 2026-03-02 18:30:00 | 2026-03-03 05:59:59
        1           | 13         | c1           | 2026-03-03 16:20:00 | 2026-03-03 16:20:00
        2           | 11         | d2           | 2026-03-03 04:30:00 | 2026-03-03 05:00:00
        2           | 21         | d4           | 2026-03-03 20:00:00 | 2026-03-03 21:00:00
        """,
    ],
    "contact_attempts": [
        # In campaign 2 on 3 March the second calls are d2 and d4.
        """
        campaign_id | local_date | attempt_number | calls | answered_calls | human_calls | conversions
        1           | 2026-03-02 | 1              | 2     | 0              | 0           | 0
        1           | 2026-03-02 | 2              | 2     | 2              | 0           | 0
        1           | 2026-03-03 | 1              | 1     | 0              | 0           | 0
        1           | 2026-03-03 | 3              | 1     | 1              | 1           | 1
        2           | 2026-03-02 | 1              | 1     | 1              | 1           | 0
        2           | 2026-03-03 | 1              | 1     | 1              | 1           | 0
        2           | 2026-03-03 | 2              | 2     | 1              | 0           | 1
        """,
        """
        campaign_id | local_date | attempt_number | answer_rate | human_rate
        1           | 2026-03-02 | 1              | 0           | 0
        1           | 2026-03-02 | 2              | 1           | 0
        1           | 2026-03-03 | 1              | 0           | 0
        1           | 2026-03-03 | 3              | 1           | 1
        2           | 2026-03-02 | 1              | 1           | 1
        2           | 2026-03-03 | 1              | 1           | 1
        2           | 2026-03-03 | 2              | 0.5         | 0
        """,
    ],
    "call_tags": [
        # a3 has one of its tags twice, d2 one that is null
        """
        call_id | campaign_id | tag      | is_human | created_at          | local_date
        a2      | 1           | buzón    | no       | 2026-03-02 15:40:00 | 2026-03-02
        a3      | 1           | pago     | yes      | 2026-03-03 16:00:00 | 2026-03-03
        a3      | 1           | promesa  | yes      | 2026-03-03 16:00:00 | 2026-03-03
        b2      | 1           | buzón    | no       | 2026-03-03 05:59:59 | 2026-03-02
        x1      | 1           | promesa  | yes      | 2026-03-03 06:00:00 | 2026-03-03
        d1      | 2           | promesa  | yes      | 2026-03-03 04:30:00 | 2026-03-02
        d3      | 2           | callback | yes      | 2026-03-03 20:00:00 | 2026-03-03
        d3      | 2           | venta    | yes      | 2026-03-03 20:00:00 | 2026-03-03
        d4      | 2           | venta    | no       | 2026-03-03 21:00:00 | 2026-03-03
        """,
    ],
    "tag_daily": [
        """
        campaign_id | local_date | tag      | calls | human_calls | conversions
        1           | 2026-03-02 | buzón    | 2     | 0           | 0
        1           | 2026-03-03 | pago     | 1     | 1           | 1
        1           | 2026-03-03 | promesa  | 2     | 2           | 1
        2           | 2026-03-02 | promesa  | 1     | 1           | 0
        2           | 2026-03-03 | callback | 1     | 1           | 0
        2           | 2026-03-03 | venta    | 2     | 1           | 1
        """,
    ],
    "call_extracted_data": [
        # Keys as they came; the note of a3 is null: nothing was given for it
        """
        call_id | campaign_id | key            | value      | created_at          | local_date
        a3      | 1           | Payment Amount | 1,250.00   | 2026-03-03 16:00:00 | 2026-03-03
        a3      | 1           | payment amount | 900        | 2026-03-03 16:00:00 | 2026-03-03
        x1      | 1           | Payment Date   | 2026-03-31 | 2026-03-03 06:00:00 | 2026-03-03
        d3      | 2           | cuotas         | [1, 2]     | 2026-03-03 20:00:00 | 2026-03-03
        """,
    ],
    "call_policies": [
        """
        call_id | policy_position | campaign_id | policy_id | policy_name    | result
        a3      | 0               | 1           | p1        | Saludo inicial | met
        a3      | 1               | 1           | p2        | Privacidad     | not_applicable
        b2      | 0               | 1           | p1        | Saludo         | not_met
        x1      | 0               | 1           | p1        | Saludo         | met
        x1      | 1               | 1           | p2        | Privacidad     | not_met
        x1      | 2               | 1           | p1        | Saludo         | not_met
        d3      | 0               | 2           | p1        | Saludo         | partly
        d3      | 1               | 2           | p3        | Oferta         | met
        """,
        """
        call_id | policy_position | explanation
        a3      | 0               | Saludo inicial: met
        a3      | 1               | Privacidad: not_applicable
        b2      | 0               | Saludo: not_met
        x1      | 0               | Saludo: met
        x1      | 1               | Privacidad: not_met
        x1      | 2               | Saludo: not_met
        d3      | 0               | Saludo: partly
        d3      | 1               | Oferta: met
        """,
        """
        call_id | policy_position | evaluated_at        | created_at          | local_date
        a3      | 0               | 2026-03-04 06:00:00 | 2026-03-03 16:00:00 | 2026-03-03
        a3      | 1               | 2026-03-04 06:00:00 | 2026-03-03 16:00:00 | 2026-03-03
        b2      | 0               | 2026-03-04 06:00:00 | 2026-03-03 05:59:59 | 2026-03-02
        x1      | 0               | 2026-03-04 06:00:00 | 2026-03-03 06:00:00 | 2026-03-03
        x1      | 1               | 2026-03-04 06:00:00 | 2026-03-03 06:00:00 | 2026-03-03
        x1      | 2               | 2026-03-04 06:00:00 | 2026-03-03 06:00:00 | 2026-03-03
        d3      | 0               | 2026-03-04 06:00:00 | 2026-03-03 20:00:00 | 2026-03-03
        d3      | 1               | 2026-03-04 06:00:00 | 2026-03-03 20:00:00 | 2026-03-03
        """,
    ],
    "policy_compliance": [
        # p1 on 3 March in campaign 1: x1 met, x1 not met, a3 met: 2 / 3 * 10.  "partly" is nothing we know
        """
        campaign_id | local_date | policy_id | policy_name    | evaluated | met | not_met | not_applicable
        1           | 2026-03-02 | p1        | Saludo         | 1         | 0   | 1       | 0
        1           | 2026-03-03 | p1        | Saludo inicial | 3         | 2   | 1       | 0
        1           | 2026-03-03 | p2        | Privacidad     | 2         | 0   | 1       | 1
        2           | 2026-03-03 | p1        | Saludo         | 1         | 0   | 0       | 0
        2           | 2026-03-03 | p3        | Oferta         | 1         | 1   | 0       | 0
        """,
        """
        campaign_id | local_date | policy_id | other | score
        1           | 2026-03-02 | p1        | 0     | 0
        1           | 2026-03-03 | p1        | 0     | 6.667
        1           | 2026-03-03 | p2        | 0     | 0
        2           | 2026-03-03 | p1        | 1     | -
        2           | 2026-03-03 | p3        | 0     | 10
        """,
    ],
    "call_changes": [
        """
        call_id | campaign_id | field          | old_value    | new_value             | local_date
        d3      | 2           | contact.status | answered     | converted             | 2026-03-03
        d3      | 2           | tags           | ["callback"] | ["callback","venta"]  | 2026-03-03
        d4      | 2           | contact.status | answered     | converted             | 2026-03-03
        v1      | 1           | is_deleted     | false        | true                  | 2026-03-03
        """,
        """
        call_id | field          | call_created_at     | read_at
        d3      | contact.status | 2026-03-03 20:00:00 | 2026-03-05 12:00:00
        d3      | tags           | 2026-03-03 20:00:00 | 2026-03-05 12:00:00
        d4      | contact.status | 2026-03-03 21:00:00 | 2026-03-05 12:00:00
        v1      | is_deleted     | 2026-03-03 17:00:00 | 2026-03-05 12:00:00
        """,
    ],
    "windows_in_doubt": [
        """
        campaign_id | read_at             | window_start        | window_end
        2           | 2026-03-06 12:00:00 | 2026-03-03 12:00:00 | 2026-03-04 00:00:00
        """,
        """
        campaign_id | read_at             | doubt
        2           | 2026-03-06 12:00:00 | 3 distinct calls arrived where total_count is 5
        """,
    ],
    "data_completeness": [
        # v1 vanished. In campaign 2 a call has no id, and status and a result are not as documented.
        """
        campaign_id | proved_until        | is_complete | calls | vanished_calls | windows_read
        1           | 2026-03-04 00:00:00 | yes         | 7     | 1              | 2
        2           | 2026-03-03 12:00:00 | no          | 4     | 0              | 3
        """,
        """
        campaign_id | windows_in_doubt
        1           | 0
        2           | 1
        """,
        """
        campaign_id | suspicious_windows | rejected_calls | drifted_fields
        1           | 0                  | 0              | 0
        2           | 0                  | 1              | 2
        """,
    ],
    "data_freshness": [
        # Until noon of 3 March, where the doubt begins, campaign 2 is proved.
        """
        campaign_id | proved_until        | last_read_at        | newest_call_at      | calls_in_progress
        1           | 2026-03-04 00:00:00 | 2026-03-05 12:00:00 | 2026-03-03 16:20:00 | 1
        2           | 2026-03-03 12:00:00 | 2026-03-06 12:00:00 | 2026-03-03 21:00:00 | 0
        """,
        # Of both, all was proved once.
        """
        campaign_id | loaded_until
        1           | 2026-03-04 00:00:00
        2           | 2026-03-04 00:00:00
        """,
    ],
    "runs": [
        """
        started_at          | ended_at            | outcome    | campaign_ids | is_span
        2026-03-04 12:00:00 | 2026-03-04 12:00:00 | warnings   | [1, 2]       | yes
        2026-03-05 12:00:00 | 2026-03-05 12:00:00 | ok         | [1, 2]       | yes
        2026-03-06 12:00:00 | 2026-03-06 12:00:00 | incomplete | [2]          | yes
        """,
        # One of the first has no id, v1 vanished and d3 and d4 changed; in the third the API counts wrongly.
        """
        started_at          | calls_read | calls_new | calls_updated | calls_vanished | calls_rejected
        2026-03-04 12:00:00 | 13         | 12        | 0             | 0              | 1
        2026-03-05 12:00:00 | 12         | 0         | 2             | 1              | 1
        2026-03-06 12:00:00 | 3          | 0         | 0             | 0              | 1
        """,
        """
        started_at          | windows | windows_in_doubt | requests | throttled | retries
        2026-03-04 12:00:00 | 2       | 0                | 3        | 0         | 0
        2026-03-05 12:00:00 | 2       | 0                | 3        | 0         | 0
        2026-03-06 12:00:00 | 1       | 1                | 3        | 0         | 0
        """,
    ],
}
"""Rows of each mart, its columns in one table or in several."""

PHASES = ("opening", "reading", "normalizing", "loading", "views", "publishing")
ELSEWHERE = {
    "data_freshness": {"seconds_behind", "last_loaded_at"},
    "data_completeness": {"last_load_id"},
    "loads": {"load_id", "run_id", "loaded_at"},
    "runs": {"run_id", "error", "first_load_id", "last_load_id", "settings", "versions", "seconds"}
    | {f"seconds_{phase}" for phase in PHASES},
}
"""Columns that tell of the real time, of ids and of versions: tests of their own, and in test_runs.py."""


def cells(table: str) -> list[list[str]]:
    """Return the cells of a written table, line by line."""
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def written(value: Any) -> str:
    """Return a value of a warehouse as the tables here have it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize(
    ("mart", "table"),
    [
        pytest.param(mart, table, id=f"{mart}-{number}")
        for mart, tables in EXPECTED.items()
        for number, table in enumerate(tables, 1)
    ],
)
def test_a_mart_says_what_was_worked_out_by_hand(warehouse: Warehouse, mart: str, table: str) -> None:
    """All of its rows, and no other."""
    columns, *expected = cells(table)

    rows = warehouse.rows(f"SELECT {', '.join(columns)} FROM analytics.{mart}")

    assert sorted([written(value) for value in row] for row in rows) == sorted(expected)


def test_no_mart_and_no_column_of_one_is_without_rows_worked_out_by_hand(warehouse: Warehouse) -> None:
    """Whoever adds one adds its numbers here."""
    shown = {
        mart: {column for table in EXPECTED.get(mart, []) for column in cells(table)[0]}
        | ELSEWHERE.get(mart, set())
        for mart in EXPECTED.keys() | ELSEWHERE.keys()
    }

    assert shown.keys() == texts(MARTS).keys() - {"int_calls", "int_open_windows", "int_proofs"}
    assert shown == {mart: set(columns_of(warehouse, mart)) for mart in shown}


def columns_of(warehouse: Warehouse, view: str) -> list[str]:
    """Return the names of a view's columns."""
    return [name for name, *_ in warehouse.rows(f"DESCRIBE analytics.{view}")]


def test_the_calls_before_their_attempts_are_counted_are_those_of_the_table(warehouse: Warehouse) -> None:
    """In every column that both have."""
    common = ", ".join(columns_of(warehouse, "int_calls"))
    one, other = (f"SELECT {common} FROM analytics.{name}" for name in ("int_calls", "calls"))

    assert warehouse.rows(f"({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one})") == []


def test_freshness_is_told_in_seconds_until_now_and_by_the_last_load(warehouse: Warehouse) -> None:
    """A campaign that was proved up to a moment is as old as that moment."""
    for proved_until, seconds, last_loaded_at in warehouse.rows(
        "SELECT proved_until, seconds_behind, last_loaded_at FROM analytics.data_freshness"
    ):
        assert seconds == pytest.approx((datetime.now(UTC) - proved_until).total_seconds(), abs=5)
        assert last_loaded_at == warehouse.value("SELECT max(inserted_at) FROM altur._dlt_loads")


def test_completeness_names_the_last_load_that_read_the_campaign(warehouse: Warehouse) -> None:
    """The third read campaign 2 alone."""
    loads = [load for (load,) in warehouse.rows("SELECT load_id FROM altur._dlt_loads ORDER BY load_id")]

    assert warehouse.rows(
        "SELECT campaign_id, last_load_id FROM analytics.data_completeness ORDER BY campaign_id"
    ) == [(1, loads[-2]), (2, loads[-1])]


# What a row is. ------------------------------------------------------------------------------------------

KEYS = {
    "stg_calls": "call_id",
    "stg_call_contacts": "call_id",
    "stg_call_tags": "call_id, tag_position",
    "stg_call_policies": "call_id, policy_position",
    "stg_call_extracted_data": "call_id, key",
    "stg_call_changes": "call_id, field, read_at",
    "stg_call_windows": "campaign_id, window_start, window_end, read_at",
    "stg_campaigns": "campaign_id",
    "stg_loads": "load_id",
    "stg_runs": "run_id",
    "stg_rejected_calls": "fault_id",
    "stg_schema_drift": "drift_id",
    "loads": "load_id",
    "runs": "run_id",
    "int_calls": "call_id",
    "int_proofs": "campaign_id",
    "int_open_windows": "campaign_id, window_start, window_end, read_at",
    "calls": "call_id",
    "call_tags": "call_id, tag",
    "call_policies": "call_id, policy_position",
    "call_extracted_data": "call_id, key",
    "call_changes": "call_id, field, read_at",
    "campaigns": "campaign_id",
    "campaign_hourly": "campaign_id, local_date, local_hour",
    "campaign_daily": "campaign_id, local_date",
    "contacts": "campaign_id, contact_id",
    "contact_attempts": "campaign_id, local_date, attempt_number",
    "tag_daily": "campaign_id, local_date, tag",
    "policy_compliance": "campaign_id, local_date, policy_id",
    "windows_in_doubt": "campaign_id, window_start, window_end, read_at",
    "data_completeness": "campaign_id",
    "data_freshness": "campaign_id",
}
"""What tells the rows of each view apart: its grain."""


@pytest.mark.parametrize("view", views())
def test_a_view_has_one_row_for_each_of_what_it_says(warehouse: Warehouse, view: str) -> None:
    """Never two, and none without: joins that multiply rows are how sums go wrong."""
    key = KEYS[view]
    twice = f"SELECT {key} FROM analytics.{view} GROUP BY {key} HAVING count(*) > 1"
    without = (
        f"SELECT {key} FROM analytics.{view} WHERE {' OR '.join(f'{k} IS NULL' for k in key.split(', '))}"
    )

    assert warehouse.rows(twice) == warehouse.rows(without) == []
    assert warehouse.value(f"SELECT count(*) FROM analytics.{view}") > 0


# How they add up. ----------------------------------------------------------------------------------------

STATUSES = (
    "ended_calls + failed_calls + busy_calls + no_answer_calls + in_progress_calls + other_status_calls"
)
DAYS = "campaign_id, local_date"
MEASURES = (
    *("calls", "answered_calls", "unanswered_calls", "human_calls", "machine_calls", "unknown_calls"),
    *("ended_calls", "failed_calls", "busy_calls", "no_answer_calls", "in_progress_calls"),
    *("other_status_calls", "conversions", "talk_seconds", "billed_seconds"),
)


@pytest.mark.parametrize("mart", ["campaign_hourly", "campaign_daily"])
@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        ("answered_calls + unanswered_calls", "calls"),
        ("human_calls + machine_calls + unknown_calls", "answered_calls"),
        (STATUSES, "calls"),
        ("answer_rate * calls", "answered_calls"),
        ("human_rate * calls", "human_calls"),
        ("conversion_rate * calls", "conversions"),
        ("billed_minutes * 60", "billed_seconds"),
    ],
)
def test_parts_are_the_whole_in_every_row(warehouse: Warehouse, mart: str, parts: str, whole: str) -> None:
    """Each call is counted once by what answered, and once by its status."""
    assert warehouse.rows(f"SELECT * FROM analytics.{mart} WHERE abs({parts} - {whole}) > 1e-9") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            f"SELECT {DAYS}, {', '.join(f'sum({name})' for name in MEASURES)} "
            f"FROM analytics.campaign_hourly GROUP BY {DAYS}",
            f"SELECT {DAYS}, {', '.join(MEASURES)} FROM analytics.campaign_daily",
            id="the hours of a day are the day",
        ),
        pytest.param(
            "SELECT campaign_id, sum(calls) FROM analytics.campaign_daily GROUP BY campaign_id",
            "SELECT campaign_id, calls FROM analytics.campaigns",
            id="the days of a campaign are the campaign",
        ),
        pytest.param(
            "SELECT campaign_id, calls FROM analytics.data_completeness",
            "SELECT campaign_id, calls FROM analytics.campaigns",
            id="what is complete is what is counted",
        ),
        pytest.param(
            "SELECT campaign_id, sum(conversions) FROM analytics.campaign_daily GROUP BY campaign_id",
            "SELECT campaign_id, count(*) FROM analytics.contacts WHERE contact_status = 'converted' "
            "GROUP BY campaign_id",
            id="conversions are contacts that are converted, each once",
        ),
        pytest.param(
            f"SELECT {DAYS}, sum(calls) FROM analytics.contact_attempts GROUP BY {DAYS}",
            f"SELECT {DAYS}, count(contact_id) FROM analytics.calls GROUP BY {DAYS}",
            id="attempts are the calls of contacts",
        ),
        pytest.param(
            "SELECT campaign_id, contact_id, attempts, answered_calls FROM analytics.contacts",
            "SELECT campaign_id, contact_id, max(attempt_number), count(answered_by) FROM analytics.calls "
            "WHERE contact_id IS NOT NULL GROUP BY campaign_id, contact_id",
            id="a contact's attempts are numbered from 1 without a gap",
        ),
        pytest.param(
            f"SELECT {DAYS}, tag, sum(calls) FROM analytics.tag_daily GROUP BY {DAYS}, tag",
            f"SELECT {DAYS}, tag, count(*) FROM analytics.call_tags GROUP BY {DAYS}, tag",
            id="the calls of a tag are the tags of calls",
        ),
        pytest.param(
            "SELECT campaign_id, policy_id, sum(evaluated), sum(met + not_met + not_applicable + other) "
            "FROM analytics.policy_compliance GROUP BY campaign_id, policy_id",
            "SELECT campaign_id, policy_id, count(*), count(*) FROM analytics.call_policies "
            "GROUP BY campaign_id, policy_id",
            id="each result is counted once",
        ),
    ],
)
def test_marts_agree(warehouse: Warehouse, one: str, other: str) -> None:
    """Whoever asks two of them gets one answer."""
    assert sorted(warehouse.rows(one)) == sorted(warehouse.rows(other)) != []


def test_a_call_that_vanished_is_counted_nowhere_but_as_vanished(warehouse: Warehouse) -> None:
    """Staging and the log of changes still know it."""
    knowing = [
        view
        for view in views()
        if "call_id" in columns_of(warehouse, view)
        and warehouse.rows(f"SELECT 1 FROM analytics.{view} WHERE call_id = 'v1'")
    ]
    staged = [view for view in views() if view.startswith("stg_call_") or view == "stg_calls"]

    assert sorted(knowing) == sorted({*staged, "call_changes"} - {"stg_call_windows"})
    assert warehouse.value("SELECT sum(vanished_calls) FROM analytics.data_completeness") == 1
    assert warehouse.value("SELECT count(*) FROM analytics.stg_calls") == 1 + warehouse.value(
        "SELECT sum(calls) FROM analytics.campaigns"
    )


# Windows in doubt. ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("later_proofs", "is_in_doubt"),
    [
        pytest.param([], True, id="nothing was read since"),
        pytest.param([(10, 20)], False, id="the same was proved since"),
        pytest.param([(0, 30)], False, id="more was proved since"),
        pytest.param([(10, 15), (15, 20)], False, id="its halves were proved since"),
        pytest.param([(10, 14), (15, 20)], True, id="a gap is left between two proofs"),
        pytest.param([(11, 20)], True, id="its beginning is left"),
        pytest.param([(10, 19)], True, id="its end is left"),
        pytest.param([(8, 18), (11, 12), (18, 25)], False, id="a proof within another is no end of it"),
        pytest.param([(8, 13), (9, 10), (14, 25)], True, id="nor does it close a gap"),
        pytest.param([(0, 10), (20, 30)], True, id="only what is beside it was proved"),
    ],
)
def test_a_window_is_in_doubt_until_all_of_it_is_proved(
    later_proofs: list[tuple[int, int]], *, is_in_doubt: bool
) -> None:
    """Minutes 10 to 20, unproved at 6; proofs at 7. An earlier one and another campaign's don't count."""
    hour = march(1, "06:00")
    ledger = [
        (1, 10, 20, hour, False, "two were counted", None),
        (1, 0, 60, hour - timedelta(hours=1), True, None, None),
        (2, 0, 60, hour + timedelta(hours=1), True, None, None),
        *((1, start, end, hour + timedelta(hours=1), True, None, None) for start, end in later_proofs),
    ]

    assert open_windows(ledger) == ([(1, 10, 20, False)] if is_in_doubt else [])


@pytest.mark.parametrize(
    ("later", "is_open"),
    [
        pytest.param([], True, id="nothing was read since"),
        pytest.param([(10, 20, False)], False, id="the same was read since, and is sound"),
        pytest.param([(10, 15, False), (15, 20, False)], False, id="its halves were"),
        pytest.param([(10, 15, False)], True, id="one half was"),
        pytest.param([(0, 30, None)], True, id="what vanished was not asked since"),
        pytest.param([(0, 15, False), (15, 30, True)], True, id="a half is suspicious still"),
    ],
)
def test_a_window_is_suspicious_until_all_of_it_is_read_and_sound(
    later: list[tuple[int, int, bool | None]], *, is_open: bool
) -> None:
    """Minutes 10 to 20, suspicious at 6; proved all of them, and those since at 7."""
    hour = march(1, "06:00")
    ledger = [
        (1, 10, 20, hour, True, None, True),
        (1, 0, 60, hour - timedelta(hours=1), True, None, False),
        *((1, start, end, hour + timedelta(hours=1), True, None, found) for start, end, found in later),
    ]

    assert ((1, 10, 20, True) in open_windows(ledger)) is is_open


def open_windows(ledger: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return the windows of a ledger that no later reads settle."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute(
            "CREATE TABLE analytics.stg_call_windows (campaign_id INT, window_start INT, window_end INT, "
            "read_at TIMESTAMPTZ, is_proved BOOL, doubt VARCHAR, is_suspicious BOOL)"
        )
        connection.executemany("INSERT INTO analytics.stg_call_windows VALUES (?, ?, ?, ?, ?, ?, ?)", ledger)
        query = views()["int_open_windows"].query
        return connection.execute(
            f"SELECT campaign_id, window_start, window_end, is_suspicious FROM ({query})"
        ).fetchall()


# Calls that can't be rows. -------------------------------------------------------------------------------

REJECTED = "SELECT campaign_id, calls, rejected_calls FROM analytics.data_completeness ORDER BY ALL"


@pytest.fixture
def rejects(world: ManualWorld, settings: Fields, tmp_path: Path) -> Callable[..., tuple[int, int]]:
    """Return a function that lists a call as given, and loads: how many calls are there, and how many not."""
    others, hours = world.calls(2), itertools.count(1)

    def rejects(**call: Any) -> tuple[int, int]:
        world.add_campaign(2)  # in the place of what it was
        for other in others:
            world.put(2, other)
        world.put_raw(2, {"id": "late", **call}, created_at=NOON)
        now = NOON + next(hours) * timedelta(hours=1)
        run(Target(), **settings, since="2026-03-01", until="2026-03-03", clock=lambda: now)
        _, (_, calls, rejected) = Warehouse(tmp_path / "altur_calls.duckdb").rows(REJECTED)
        return calls, rejected

    return rejects


WHOLE = {"created_at": NOON.isoformat(), "status": "ended"}


def test_a_call_that_can_not_be_loaded_counts_once_until_it_is(
    rejects: Callable[..., tuple[int, int]], tmp_path: Path
) -> None:
    """However often it changes meanwhile; each way in which it came is kept."""
    told = [rejects(status="in-progress"), rejects(status="ended"), rejects(status="ended", tags=["a"])]

    assert told == [(3, 1)] * 3
    assert rejects(**WHOLE) == (4, 0)
    kept = Warehouse(tmp_path / "altur_calls.duckdb").rows("SELECT call_id FROM altur.rejected_calls")
    assert kept == [("late",)] * 3
    assert rejects(status="failed") == (4, 1)


def test_a_call_that_is_again_as_it_was_is_rejected_no_more(
    rejects: Callable[..., tuple[int, int]],
) -> None:
    """It is not written again, for it did not change."""
    assert [rejects(**WHOLE), rejects(status="ended"), rejects(**WHOLE)] == [(4, 0), (4, 1), (4, 0)]


def test_calls_without_an_id_count_each(world: ManualWorld, settings: Fields, tmp_path: Path) -> None:
    """Nobody can tell that two of them are one."""
    for status in ("ended", "busy"):
        world.put_raw(2, {"status": status, "created_at": NOON.isoformat()}, created_at=NOON)

    run(Target(), **settings)

    assert Warehouse(tmp_path / "altur_calls.duckdb").rows(REJECTED) == [(1, 0, 0), (2, 3, 2)]


# Proofs. -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proofs", "doubts", "proved_until", "is_complete"),
    [
        pytest.param([], [], None, False, id="nothing was read"),
        pytest.param([(0, 10), (10, 20)], [], 20, True, id="one window follows the other"),
        pytest.param([(10, 20), (0, 10), (0, 5)], [], 20, True, id="in whatever order they were read"),
        pytest.param([(0, 10), (15, 20)], [], 10, False, id="a part between was not read"),
        pytest.param([(10, 20)], [], None, False, id="the beginning was not read"),
        pytest.param([(0, 10), (10, 20)], [(10, 20)], 10, False, id="a window is in doubt"),
        pytest.param([(0, 10)], [(0, 5)], None, False, id="the first window is in doubt"),
        pytest.param([(-5, 10)], [], 10, True, id="more was read than is asked for"),
        pytest.param([(-9, -5), (0, 10)], [], 10, True, id="a span before the beginning was read"),
        pytest.param([(-9, -5), (3, 10)], [], 0, False, id="and the beginning itself was not"),
        pytest.param([(-9, -5), (0, 10)], [(-9, -7)], 10, True, id="the span before it is in doubt"),
    ],
)
def test_a_campaign_is_proved_until_the_first_gap_or_doubt(
    proofs: list[tuple[int, int]],
    doubts: list[tuple[int, int]],
    proved_until: int | None,
    *,
    is_complete: bool,
) -> None:
    """Loaded from minute 0 on. A history that was read in parts, or ended early, has holes."""
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA analytics")
        connection.execute(
            "CREATE TABLE analytics.stg_campaigns AS SELECT 1 AS campaign_id, 0 AS loaded_from"
        )
        columns = "(campaign_id INT, window_start INT, window_end INT, read_at INT, is_proved BOOL)"
        for table, windows in (("stg_call_windows", proofs), ("windows_in_doubt", doubts)):
            connection.execute(f"CREATE TABLE analytics.{table} {columns}")
            for start, end in windows:
                row = f"INSERT INTO analytics.{table} VALUES (1, ?, ?, 1, true)"
                connection.execute(row, [start, end])
        proofs_of = f"SELECT proved_until, is_complete FROM ({views()['int_proofs'].query})"

        assert connection.execute(proofs_of).fetchall() == [(proved_until, is_complete)]


# Local time. ---------------------------------------------------------------------------------------------

TIJUANA, MEXICO_CITY = "America/Tijuana", "America/Mexico_City"
BOGOTA, SAO_PAULO = "America/Bogota", "America/Sao_Paulo"

LOCAL = """
zone                | UTC                 | local
America/Tijuana     | 2026-03-08 07:59:59 | 2026-03-07 23
America/Tijuana     | 2026-03-08 08:00:00 | 2026-03-08 0
America/Tijuana     | 2026-03-08 09:59:59 | 2026-03-08 1
America/Tijuana     | 2026-03-08 10:00:00 | 2026-03-08 3
America/Tijuana     | 2026-03-09 06:59:59 | 2026-03-08 23
America/Tijuana     | 2026-03-09 07:00:00 | 2026-03-09 0
America/Tijuana     | 2026-11-01 06:59:59 | 2026-10-31 23
America/Tijuana     | 2026-11-01 07:00:00 | 2026-11-01 0
America/Tijuana     | 2026-11-01 08:30:00 | 2026-11-01 1
America/Tijuana     | 2026-11-01 09:30:00 | 2026-11-01 1
America/Tijuana     | 2026-11-01 10:00:00 | 2026-11-01 2
America/Tijuana     | 2026-11-02 07:59:59 | 2026-11-01 23
America/Tijuana     | 2026-11-02 08:00:00 | 2026-11-02 0
America/Mexico_City | 2022-04-03 07:59:59 | 2022-04-03 1
America/Mexico_City | 2022-04-03 08:00:00 | 2022-04-03 3
America/Mexico_City | 2022-07-01 04:59:59 | 2022-06-30 23
America/Mexico_City | 2022-07-01 05:00:00 | 2022-07-01 0
America/Mexico_City | 2022-10-30 06:30:00 | 2022-10-30 1
America/Mexico_City | 2022-10-30 07:30:00 | 2022-10-30 1
America/Mexico_City | 2023-07-01 05:30:00 | 2023-06-30 23
America/Mexico_City | 2023-07-01 06:00:00 | 2023-07-01 0
America/Mexico_City | 2026-04-05 07:59:59 | 2026-04-05 1
America/Mexico_City | 2026-04-05 08:00:00 | 2026-04-05 2
America/Mexico_City | 2026-07-01 05:59:59 | 2026-06-30 23
America/Mexico_City | 2026-07-01 06:00:00 | 2026-07-01 0
America/Bogota      | 2026-01-15 04:59:59 | 2026-01-14 23
America/Bogota      | 2026-01-15 05:00:00 | 2026-01-15 0
America/Bogota      | 2026-07-15 04:59:59 | 2026-07-14 23
America/Bogota      | 2026-07-15 05:00:00 | 2026-07-15 0
America/Sao_Paulo   | 2019-01-15 01:59:59 | 2019-01-14 23
America/Sao_Paulo   | 2019-01-15 02:00:00 | 2019-01-15 0
America/Sao_Paulo   | 2019-02-17 01:30:00 | 2019-02-16 23
America/Sao_Paulo   | 2019-02-17 02:30:00 | 2019-02-16 23
America/Sao_Paulo   | 2019-02-17 03:00:00 | 2019-02-17 0
America/Sao_Paulo   | 2020-01-15 02:59:59 | 2020-01-14 23
America/Sao_Paulo   | 2020-01-15 03:00:00 | 2020-01-15 0
America/Sao_Paulo   | 2026-07-15 03:00:00 | 2026-07-15 0
"""
"""Tijuana keeps the clocks of California: -8 hours; from 10:00 UTC of 8 March 2026 -7; from 09:00 UTC of
1 November -8 again. Mexico City: -6; in the summer of 2022 for the last time -5 (3 April 08:00 UTC to
30 October 07:00 UTC). Bogotá: -5. São Paulo: -3; in the summer until 02:00 UTC of 17 February 2019 for the
last time -2."""


@pytest.fixture(scope="module")
def abroad(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    """Return a warehouse with a call at each moment of LOCAL, in campaigns whose zones the API tells."""
    folder = tmp_path_factory.mktemp("abroad")
    world = ManualWorld()
    zones = [TIJUANA, MEXICO_CITY, BOGOTA, SAO_PAULO]
    for campaign_id, zone in enumerate(zones, 1):
        world.add_campaign(campaign_id, ZoneInfo(zone))
    for zone, moment, _ in cells(LOCAL)[1:]:
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        world.put(zones.index(zone) + 1, called(f"{zone} {moment}", at, "ended", "human", None))
    with pytest.MonkeyPatch.context() as patch, Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
        run(
            Target(credentials=str(folder / "calls.duckdb")),
            clock=lambda: datetime(2027, 1, 1, tzinfo=UTC),
            api_key=KEY,
            base_url=sandbox.url,
            requests_per_second=1000,
            campaign_ids=[1, 2, 3, 4],
        )
    return Warehouse(folder / "calls.duckdb")


@pytest.mark.parametrize(("zone", "moment", "local"), cells(LOCAL)[1:])
def test_the_day_and_hour_of_a_call_are_those_of_the_clocks_of_its_campaign(
    abroad: Warehouse, zone: str, moment: str, local: str
) -> None:
    """Across changes of daylight saving time, and where it was given up."""
    ((day, hour, told_at),) = abroad.rows(
        "SELECT local_date, local_hour, local_created_at FROM analytics.calls "
        f"WHERE call_id = '{zone} {moment}'"
    )
    there = datetime.fromisoformat(moment).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))

    assert f"{day} {hour}" == local
    assert told_at == there.replace(tzinfo=None)


def test_a_day_without_an_hour_and_one_with_an_hour_twice_are_whole(abroad: Warehouse) -> None:
    """Both hours that are 1 o'clock are one row; there is none for 2 o'clock where it never was 2."""
    hours = (
        "SELECT local_date, local_hour, calls FROM analytics.campaign_hourly WHERE campaign_id = 1 "
        "AND local_date IN ('2026-03-08', '2026-11-01') ORDER BY ALL"
    )

    assert abroad.rows(hours) == [
        *((date(2026, 3, 8), 0, 1), (date(2026, 3, 8), 1, 1), (date(2026, 3, 8), 3, 1)),
        (date(2026, 3, 8), 23, 1),
        *((date(2026, 11, 1), 0, 1), (date(2026, 11, 1), 1, 2), (date(2026, 11, 1), 2, 1)),
        (date(2026, 11, 1), 23, 1),
    ]


SUMMER = datetime(2026, 7, 1, 5, 30, tzinfo=UTC)
"""02:30 in São Paulo, 00:30 in Bogotá; still 30 June in Mexico City (23:30) and Tijuana (22:30)."""


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[tuple[ManualWorld, Fields, Warehouse]]:
    """Return a world with a call of the same moment in five campaigns, and settings to load it with."""
    world = ManualWorld()
    for campaign_id, told in {1: TIJUANA, 2: TIJUANA, 3: None, 4: "Mars/Olympus_Mons"}.items():
        world.add_campaign(campaign_id, UTC, timezone=told)
        world.put(campaign_id, called(f"call_{campaign_id}", SUMMER, "ended", "human", None))
    with Sandbox(world, key=KEY, requests_per_second=None) as sandbox:
        given = {"api_key": KEY, "base_url": sandbox.url, "requests_per_second": 1000}
        given |= {"campaign_ids": [1, 2, 3, 4], "since": "2026-07-01", "until": "2026-07-02"}
        yield world, given, Warehouse(tmp_path / "altur_calls.duckdb")


def local_times(warehouse: Warehouse) -> list[str]:
    """Return the day and hour of each campaign's call."""
    rows = warehouse.rows(
        "SELECT strftime(local_date, '%d.%m. ') || local_hour FROM analytics.calls ORDER BY campaign_id"
    )
    return [told for (told,) in rows]


def test_a_campaign_has_the_timezone_set_for_it_else_what_the_api_tells_else_the_default(
    zones: tuple[ManualWorld, Fields, Warehouse],
) -> None:
    """A name that no clock knows is not taken from the API."""
    _, given, warehouse = zones

    run(Target(), **given, timezone=BOGOTA, timezones={"1": SAO_PAULO})

    assert local_times(warehouse) == ["01.07. 2", "30.06. 22", "01.07. 0", "01.07. 0"]


def test_without_a_list_of_campaigns_there_is_the_setting_and_the_default(
    zones: tuple[ManualWorld, Fields, Warehouse],
) -> None:
    """And without a default, UTC."""
    _, given, warehouse = zones

    run(Target(), **given, list_campaigns=False, timezones={"1": SAO_PAULO})

    assert local_times(warehouse) == ["01.07. 2", "01.07. 5", "01.07. 5", "01.07. 5"]


@pytest.mark.parametrize("list_campaigns", [True, False])
def test_a_timezone_that_is_set_otherwise_moves_the_days_of_its_campaign(
    zones: tuple[ManualWorld, Fields, Warehouse], *, list_campaigns: bool
) -> None:
    """With the next run, though no call came: those that are loaded, and no other campaign's."""
    _, given, warehouse = zones
    given |= {"list_campaigns": list_campaigns, "timezone": BOGOTA}
    told = []

    for chosen in ({"2": SAO_PAULO}, {"2": MEXICO_CITY, "3": SAO_PAULO}, {"2": BOGOTA}):
        run(Target(), **given, timezones=chosen)
        told.append(local_times(warehouse)[1:])

    assert told == [
        ["01.07. 2", "01.07. 0", "01.07. 0"],
        ["30.06. 23", "01.07. 2", "01.07. 0"],
        ["01.07. 0", "01.07. 0", "01.07. 0"],
    ]


def test_a_timezone_that_the_api_tells_otherwise_moves_the_days_of_its_campaign(
    zones: tuple[ManualWorld, Fields, Warehouse],
) -> None:
    """Within the hour after which the list is asked for again."""
    world, given, warehouse = zones
    run(Target(), **given)
    world.change_campaign(2, timezone=SAO_PAULO)

    run(Target(), **given, clock=lambda: datetime.now(UTC) + timedelta(minutes=61))

    assert local_times(warehouse)[1] == "01.07. 2"
