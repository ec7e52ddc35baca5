"""Mark calls that the API no longer lists, on the word of proved windows only.

A call that lies in a proved window, but was last seen before that window was read, is gone at the source. It
is marked, not removed: ``is_deleted`` and ``deleted_at``. A read that sees it again makes it whole, for it is
merged like any other. If many vanish at once the API is more likely wrong than the warehouse: nothing is
marked, and the window is called suspicious.

The ledger remembers which windows were compared (``vanished_calls`` is not null), so that a crash between a
load and its comparison loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import dlt

from altur_calls import tables

SUSPICIOUS_CALLS = 20
SUSPICIOUS_SHARE = 0.1
"""More calls than this, and a larger share of their window, don't vanish without something being wrong."""

COMPARE = """
CREATE OR REPLACE TEMP TABLE compared AS
SELECT
    pending._dlt_id,
    pending.campaign_id,
    pending.window_start,
    pending.window_end,
    pending.read_at,
    count(calls.id) FILTER (calls.read_at < pending.read_at AND NOT calls.is_deleted) AS vanished,
    count(calls.id) FILTER (calls.read_at >= pending.read_at) AS listed,
    vanished > {most} AND vanished > {share} * (vanished + listed) AS is_suspicious
FROM {windows} AS pending
LEFT JOIN {calls} AS calls
    ON calls.campaign_id = pending.campaign_id
    AND calls.created_at >= pending.window_start
    AND calls.created_at < pending.window_end
WHERE pending.is_proved AND pending.vanished_calls IS NULL
GROUP BY ALL
"""

MARK = """
UPDATE {calls} AS calls SET is_deleted = true, deleted_at = compared.read_at
FROM compared
WHERE compared.vanished > 0 AND NOT compared.is_suspicious
    AND calls.campaign_id = compared.campaign_id
    AND calls.created_at >= compared.window_start
    AND calls.created_at < compared.window_end
    AND calls.read_at < compared.read_at
    AND NOT calls.is_deleted
"""

REMEMBER = """
UPDATE {windows} AS windows SET vanished_calls = compared.vanished, is_suspicious = compared.is_suspicious
FROM compared WHERE windows._dlt_id = compared._dlt_id
"""

SUSPECTS = """
SELECT campaign_id, window_start, window_end, vanished FROM compared WHERE is_suspicious ORDER BY ALL
"""

SILENT = """
SELECT campaign_id, sum(vanished) FROM compared
GROUP BY campaign_id HAVING sum(vanished) > 0 AND sum(listed) = 0 ORDER BY ALL
"""


def mark_vanished(pipeline: dlt.Pipeline) -> list[str]:
    """Compare the windows read since the last comparison, in one transaction; return what is suspicious."""
    with pipeline.sql_client() as client, client.begin_transaction():
        names = {
            "calls": client.make_qualified_table_name(tables.CALLS),
            "windows": client.make_qualified_table_name(tables.WINDOWS),
            "most": SUSPICIOUS_CALLS,
            "share": SUSPICIOUS_SHARE,
        }
        for statement in (COMPARE, MARK, REMEMBER):
            client.execute_sql(statement.format(**names))
        return list(_suspicions(client))


def _suspicions(client: Any) -> Iterator[str]:
    named = set()
    for campaign_id, start, end, vanished in client.execute_sql(SUSPECTS) or ():
        named.add(campaign_id)
        yield (
            f"campaign {campaign_id} [{start:%Y-%m-%dT%H:%M:%SZ}, {end:%Y-%m-%dT%H:%M:%SZ}): "
            f"{vanished} calls vanished at once; none was marked as deleted"
        )
    for campaign_id, vanished in client.execute_sql(SILENT) or ():
        if campaign_id not in named:
            yield f"campaign {campaign_id} held {vanished} calls in the windows read, and now holds none"
