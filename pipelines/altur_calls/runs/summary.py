"""What a run did, as it is told when it has ended."""

from __future__ import annotations

from dataclasses import dataclass

from altur_calls.errors import AlturError
from altur_calls.publishing.publisher import Published
from altur_calls.runs import outcomes

COMPLETE, INCOMPLETE, SUSPICIOUS, DIFFERENT = 0, 3, 4, 5
"""Exit codes of what ended without an error."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    run_id: str
    campaigns: int
    new_calls: int
    read_calls: int
    total_calls: int
    rejected_calls: int
    windows: int
    requests: int
    throttled: int
    retries: int
    seconds: float
    warehouse: str
    unproved: tuple[str, ...]
    missing: tuple[str, ...]
    suspicious: tuple[str, ...]
    drifts: tuple[str, ...]
    has_surprises: bool = False
    """Whether something came for the first time that is not as the API document says."""
    failure: AlturError | None = None
    """What went wrong after the calls were loaded: a view could not be made, or nothing be published."""
    published: Published | None = None
    """What readers got. None where the settings say so, or it failed."""
    is_stopped: bool = False
    """Whether it was ended early: the rest is due."""

    @property
    def exit_code(self) -> int:
        """0, or of what is wrong that which the next run can mend least.

        4 if too many calls vanished; that of what failed after the calls were loaded, 70 for a view, 73 for
        publishing; 3 if a window could not be proved or a campaign was not found.
        """
        return self._end[0]

    @property
    def outcome(self) -> str:
        """The same in a word."""
        return outcomes.STOPPED if self.is_stopped else self._end[1]

    @property
    def _end(self) -> tuple[int, str]:
        if self.suspicious:
            return SUSPICIOUS, outcomes.SUSPICIOUS
        if self.failure:
            return self.failure.exit_code, self.failure.outcome
        if self.doubts:
            return INCOMPLETE, outcomes.INCOMPLETE
        return COMPLETE, outcomes.WARNINGS if self.has_surprises else outcomes.OK

    @property
    def doubts(self) -> tuple[str, ...]:
        """What could not be proved: campaigns that were not found, then windows."""
        return (*self.missing, *self.unproved)

    @property
    def trouble(self) -> str | None:
        """What is wrong, in a line or two."""
        others = len(self.doubts) - 1
        more = f" And {others:,} more; see analytics.windows_in_doubt." if others > 0 else ""
        surprises = [self.surprise] if self.has_surprises else []
        failures = [str(self.failure)] if self.failure else []
        doubt = [f"{line}{more}" for line in self.doubts[:1]]
        return "\n".join([*self.suspicious, *failures, *doubt, *surprises]) or None

    @property
    def surprise(self) -> str:
        """What is not as the API document says, now or before; empty where all is."""
        said = [f"Not as the API document says: {', '.join(self.drifts)}; see altur.schema_drift."]
        rejected = [f"{self.rejected_calls:,} calls can't be rows; see altur.rejected_calls."]
        return "\n".join([*(rejected if self.rejected_calls else []), *(said if self.drifts else [])])
