"""How things stand, told: as a page for people, as facts for machines, as one line for monitors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from altur_calls.calls.records import Row
from altur_calls.errors import ApiUnavailable, WarehouseError
from altur_calls.monitoring.standing import Campaign, Standing, last_load_of
from altur_calls.runs import outcomes

SHOWN = 5
"""Runs on the page."""

STALE = 6
"""Exit code of a check that fails."""

GOOD = {outcomes.OK, outcomes.WARNINGS}

PASSING = {
    *GOOD,
    *(outcomes.INCOMPLETE, outcomes.STOPPED, outcomes.KILLED),
    *(ApiUnavailable.outcome, WarehouseError.outcome),
}
"""Outcomes that the next run may mend by itself: they alert when what is proved gets too old."""

WHAT_TO_DO = {
    outcomes.INCOMPLETE: "The next run reads it again. If it stays, analytics.windows_in_doubt tells why.",
    outcomes.SUSPICIOUS: "Look whether Altur's own pages list these calls. The next run looks again.",
    outcomes.KILLED: "Look who ended it: a person, a restart, too little memory. The next run carries on.",
    outcomes.STOPPED: "Nothing: the next run carries on.",
}
"""Where the message does not say it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, and what to do."""

    what: str
    do: str


def problems(stands: Standing) -> list[Problem]:
    """Return what is wrong, the worst first."""
    found = [*_of_runs(stands), *(problem for campaign in stands.campaigns for problem in _of(campaign))]
    if stands.is_gone:
        found.insert(0, Problem(_of_loss(stands), "Put it back, if it was moved; else altur-calls run."))
    if not stands.runs and stands.seen_in is None:
        found.append(Problem("Nothing is loaded yet.", "altur-calls run"))
    return found


def _of_loss(stands: Standing) -> str:
    return f"The warehouse {stands.warehouse} is not there: the next run loads everything from the beginning."


def _of_runs(stands: Standing) -> Iterator[Problem]:
    last = next(iter(stands.ended), None)
    if last and last["outcome"] not in GOOD:
        times = _times(stands.ended)
        often = f", for the {times}. time in a row" if times > 1 else ""
        said = (last["error"] or "It left no word.").partition("\n")[0]
        what = (
            f"The last run, {_ago(last['started_at'], stands.now)}, ended as {last['outcome']}{often}: {said}"
        )
        yield Problem(what, WHAT_TO_DO.get(last["outcome"], "As it says."))
    due = _due_at(stands)
    if due and not stands.running and stands.now > due + timedelta(seconds=stands.interval or 0):
        every = _length(stands.interval or 0)
        yield Problem(
            f"No run began since {_moment(due)}, though they came every {every}.", "See to your scheduler."
        )
    is_published = stands.seen_in not in {None, stands.warehouse}
    if is_published and last_load_of(stands.runs) > (stands.last_load_id or ""):
        yield Problem("Readers do not see the last load yet.", "altur-calls publish")


def _of(campaign: Campaign) -> Iterator[Problem]:
    if campaign.windows_in_doubt:
        count = f"{campaign.windows_in_doubt:,} window{'s' if campaign.windows_in_doubt > 1 else ''}"
        yield Problem(
            f"Campaign {campaign.campaign_id}: {count} could not be proved: {campaign.first_doubt}",
            f"The next run reads them again. If they stay: altur-calls run --campaign {campaign.campaign_id} "
            "--since ... with a span around them.",
        )
    elif campaign.proved_until is None:
        yield Problem(f"Campaign {campaign.campaign_id} was never proved.", "altur-calls run")


def _times(ended: Sequence[Row]) -> int:
    """Return how often in a row the last runs ended as they did."""
    others = (place for place, run in enumerate(ended) if run["outcome"] != ended[0]["outcome"])
    return next(others, len(ended))


def _due_at(stands: Standing) -> datetime | None:
    """Return when the next run is to begin, if runs come by a schedule."""
    if not (stands.interval and stands.runs):
        return None
    last: datetime = stands.runs[0]["started_at"]
    return last + timedelta(seconds=stands.interval)


# For people. --------------------------------------------------------------------------------------------


def page(stands: Standing) -> str:
    """Return a page that is read in ten seconds."""
    wrong = problems(stands)
    seen = "" if stands.seen_in in {None, stands.warehouse} else f", as published in {stands.seen_in}"
    head = "All is well." if not wrong else f"{len(wrong)} thing{'s are' if len(wrong) > 1 else ' is'} wrong."
    parts = [f"{head} Warehouse {stands.warehouse}{seen}. Times are UTC."]
    parts += [_table(["LAST RUNS", "", "", "new", "changed", "requests", "seconds"], _run_rows(stands))]
    if stands.campaigns:
        names = ["CAMPAIGNS", "", "proved until", "", "calls", "in doubt", "in progress"]
        parts += [_table(names, _campaign_rows(stands))]
    parts += [f"NEXT\n  {_next(stands)}"]
    if wrong:
        lines = "\n".join(f"  {problem.what}\n    -> {problem.do}" for problem in wrong)
        parts += [f"WRONG\n{lines}"]
    return "\n\n".join(parts)


def _run_rows(stands: Standing) -> Iterator[list[str]]:
    for run in stands.runs[:SHOWN]:
        yield [
            _moment(run["started_at"]),
            _ago(run["started_at"], stands.now),
            run["outcome"],
            *(_count(run.get(name)) for name in ("calls_new", "calls_updated", "requests")),
            "" if run["seconds"] is None else f"{run['seconds']:,.1f}",
        ]


def _campaign_rows(stands: Standing) -> Iterator[list[str]]:
    for campaign in stands.campaigns:
        until = campaign.proved_until
        yield [
            str(campaign.campaign_id),
            campaign.name if campaign.name != str(campaign.campaign_id) else "",
            _moment(until) if until else "never",
            _ago(until, stands.now) if until else "",
            *map(_count, (campaign.calls, campaign.windows_in_doubt, campaign.in_progress)),
        ]


def _next(stands: Standing) -> str:
    open_calls = sum(campaign.in_progress for campaign in stands.campaigns)
    doubts = sum(campaign.windows_in_doubt for campaign in stands.campaigns)
    again = [f"{open_calls:,} calls in progress"] if open_calls else []
    again += [f"{doubts:,} windows in doubt"] if doubts else []
    reads = f"what is new, {', '.join([*again, 'and calls that are old enough to be read again'])}"
    due = _due_at(stands)
    if stands.running:
        when = "A run is under way"
    elif due is None:
        when = "The next run, whenever it is (no schedule is seen yet)"
    else:
        when = f"A run at {_moment(due)}, if they come every {_length(stands.interval or 0)} as before"
    return f"{when}: {reads}. altur-calls run --dry-run counts that."


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows in columns, numbers to the right."""
    cells = [[*names], *([f"  {row[0]}", *row[1:]] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(
            cell.ljust(width) if place < 4 and not _is_number(cell) else cell.rjust(width)  # noqa: PLR2004
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").isdecimal()


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{_length((now - moment).total_seconds())} ago"


def _length(seconds: float) -> str:
    """Return a length of time as people say it."""
    for unit, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(0, seconds):.0f} s"


# For machines. ------------------------------------------------------------------------------------------


def facts(stands: Standing) -> dict[str, Any]:
    """Return all of it, to be written as JSON."""
    due = _due_at(stands)
    return {
        "now": stands.now.isoformat(),
        "warehouse": str(stands.warehouse),
        "seen_in": str(stands.seen_in) if stands.seen_in else None,
        "is_running": stands.running is not None,
        "next_run_at": due.isoformat() if due else None,
        "runs": [{name: _plain(value) for name, value in run.items()} for run in stands.runs[:SHOWN]],
        "campaigns": [
            {
                **{name: _plain(value) for name, value in asdict(campaign).items()},
                "seconds_behind": campaign.proved_until
                and (stands.now - campaign.proved_until).total_seconds(),
            }
            for campaign in stands.campaigns
        ],
        "problems": [asdict(problem) for problem in problems(stands)],
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def verdict(stands: Standing, max_age: timedelta) -> tuple[int, str]:
    """Return an exit code and a line: whether all campaigns are proved up to so long ago, at least.

    What the next run may mend is borne until then; a key that is refused, or a wrong setting, is not.
    """
    last = next(iter(stands.ended), None)
    if said := _at_once(stands, last):
        return STALE, said
    if stands.running and stands.seen_in is None:
        took = stands.now - stands.running["started_at"]
        word, code = ("ok", 0) if took <= max_age else ("too long", STALE)
        lasts = _length(took.total_seconds())
        return code, f"{word}: a run is under way for {lasts}, and nothing that is loaded is published"
    if not stands.campaigns:
        return STALE, "nothing is loaded yet"
    proved = [(campaign.proved_until, campaign.campaign_id) for campaign in stands.campaigns]
    if never := [campaign_id for until, campaign_id in proved if until is None]:
        return STALE, f"campaign {never[0]} was never proved"
    until, campaign_id = min((until, campaign_id) for until, campaign_id in proved if until)
    age = stands.now - until
    told = f"campaign {campaign_id} is proved until {_moment(until)} UTC"
    limit = _length(max_age.total_seconds())
    ended = f"; the last run ended as {last['outcome']}" if last and last["outcome"] not in GOOD else ""
    if age > max_age:
        return STALE, f"too old: {told}, {_length(age.total_seconds())} ago (at most {limit}){ended}"
    return (
        0,
        f"ok: {told}, {_length(age.total_seconds())} ago, and no other is older (at most {limit}){ended}",
    )


def _at_once(stands: Standing, last: Row | None) -> str | None:
    """Return what no run mends by itself, or only by reading everything again."""
    if stands.is_gone:
        return f"gone: {_of_loss(stands)}"
    if last and last["outcome"] not in PASSING:
        said = (last["error"] or "").partition("\n")[0]
        return f"{last['outcome']}: {said}"
    return None
