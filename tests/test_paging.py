"""What ends paging, and what proves that nothing is missing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from altur_calls.errors import ApiChanged
from altur_calls.reading.paging import Page, distinct, doubt, goes_on, last_index, page_from


def calls(*ids: Any) -> list[Any]:
    """Return as much of calls as paging looks at."""
    return [{"id": call_id} for call_id in ids]


def body(pagination: Any = None, **others: Any) -> dict[str, Any]:
    """Return the body of an answer with two calls."""
    return {"calls": calls("a", "b"), "pagination": pagination, **others}


@pytest.mark.parametrize(
    ("answer", "page"),
    [
        pytest.param(
            body({"page_size": 2, "has_next": True, "next_page": 1}, total_count=5),
            Page(calls("a", "b"), 5, 2, has_next=True),
            id="all of it",
        ),
        pytest.param({"calls": []}, Page([]), id="nothing but calls"),
        pytest.param(body([], total_count=0), Page(calls("a", "b"), 0), id="a list in pagination's place"),
        pytest.param(body(total_count="5"), Page(calls("a", "b")), id="a count that is a text"),
        pytest.param(body(total_count=5.0), Page(calls("a", "b")), id="a count that is a fraction"),
        pytest.param(body(total_count=True), Page(calls("a", "b")), id="a count that is a truth value"),
        pytest.param(body(total_count=-1), Page(calls("a", "b")), id="a count below nothing"),
        pytest.param(body({"page_size": 0}), Page(calls("a", "b")), id="a page of no size"),
        pytest.param(body({"page_size": None}), Page(calls("a", "b")), id="a page of null size"),
        pytest.param(body({"has_next": None}), Page(calls("a", "b")), id="has_next null"),
        pytest.param(
            body({"has_next": "no", "next_page": 1}),
            Page(calls("a", "b"), has_next=True),
            id="has_next a text: next_page decides",
        ),
        pytest.param(
            body({"next_page": None}), Page(calls("a", "b"), has_next=False), id="next_page null: the end"
        ),
        pytest.param(
            body({"next_page": 1, "has_next": False}),
            Page(calls("a", "b"), has_next=False),
            id="has_next before next_page",
        ),
        pytest.param({"calls": [None, 5]}, Page([None, 5]), id="items that are no calls"),
    ],
)
def test_a_page_is_what_an_answer_says_and_none_where_it_says_nothing_usable(answer, page):
    """The document requires no property, so a missing one is no error: it only proves nothing."""
    assert page_from(answer, "/campaigns/7/calls") == page


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        ([], "list"),
        (None, "NoneType"),
        ("<html>", "str"),
        ({}, "'calls' of type NoneType"),
        ({"calls": {"id": "a"}}, "'calls' of type dict"),
    ],
)
def test_an_answer_without_a_list_of_calls_is_no_page(answer, what):
    """Taken for an empty page, it would count as proof that there are no calls."""
    with pytest.raises(ApiChanged, match=rf"^GET /campaigns/7/calls answered 200 with {what} where"):
        page_from(answer, "/campaigns/7/calls")


def test_an_answer_that_is_no_page_is_not_repeated_in_the_message():
    """It may hold names and numbers."""
    with pytest.raises(ApiChanged) as refused:
        page_from({"calls": {"phone_number": "+525512345678"}}, "/campaigns/7/calls")

    assert "+52" not in str(refused.value)


@pytest.mark.parametrize(
    ("page", "index"),
    [
        pytest.param(Page([], total=0, size=100), 0, id="no calls"),
        pytest.param(Page([], total=1, size=100), 0, id="one call"),
        pytest.param(Page([], total=100, size=100), 0, id="a full page"),
        pytest.param(Page([], total=101, size=100), 1, id="one more"),
        pytest.param(Page([], total=2_500_100, size=100), 25_000, id="as deep as the document allows"),
        pytest.param(Page(calls("a", "b"), total=5), 2, id="no size: by the calls that came"),
        pytest.param(Page(calls("a", "b"), total=5, size=50), 0, id="a size: the calls don't count"),
        pytest.param(Page([], total=5), 4, id="neither: the worst case"),
        pytest.param(Page(calls("a", "b"), size=2), None, id="no count"),
    ],
)
def test_the_last_index_is_where_the_first_page_says_the_calls_end(page, index):
    """Pages are asked for all at once, so their number must be known after the first."""
    assert last_index(page) == index


@pytest.mark.parametrize(
    ("page", "more"),
    [
        pytest.param(Page(calls("a", "b")), True, id="full, says nothing"),
        pytest.param(Page(calls("a")), False, id="short, says nothing"),
        pytest.param(
            Page(calls("a", "b"), 2, has_next=False), False, id="full and counted, says it is the last"
        ),
        pytest.param(Page(calls("a", "b"), has_next=False), True, id="full and not counted: not believed"),
        pytest.param(Page(calls("a"), has_next=True), True, id="short, says there are more"),
        pytest.param(Page([]), False, id="empty, says nothing"),
        pytest.param(Page([], 5, has_next=True), False, id="empty, but counted: no endless walk"),
        pytest.param(Page([], has_next=True), True, id="empty and not counted, says there are more"),
    ],
)
def test_paging_goes_on_while_the_api_says_so_or_pages_are_full(page, more):
    """A full page holds two calls here. Past an empty one there is nothing to find."""
    assert goes_on([page], 2) is more


@pytest.mark.parametrize(
    ("pages", "count"),
    [
        pytest.param([], 0, id="no page"),
        pytest.param([Page(calls("a", "b")), Page(calls("b", "c"))], 3, id="one twice: a page that shifted"),
        pytest.param([Page(calls(1, 2)), Page(calls(2))], 2, id="numbers"),
        pytest.param([Page([{}, {}, None, 5, "a", []])], 6, id="without an id: each for itself"),
        pytest.param([Page(calls(None, None, ["a"], ["a"]))], 4, id="with an id that is none: the same"),
    ],
)
def test_calls_are_counted_by_their_ids(pages, count):
    """The API counts them too, those it garbles included; so both counts can agree."""
    assert distinct(pages) == count


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param([Page([], 0, 2, has_next=False)], id="an empty window"),
        pytest.param([Page([])], id="an empty window that says nothing"),
        pytest.param([Page(calls("a"), 1, 2, has_next=False)], id="a page"),
        pytest.param([Page(calls("a"))], id="a page that says nothing: a snapshot"),
        pytest.param(
            [Page(calls("a", "b"), 3, 2, has_next=True), Page(calls("c"), 3, 2, has_next=False)],
            id="two pages",
        ),
        pytest.param([Page(calls("a", "b"), 3), Page(calls("c"))], id="a count on the first page only"),
        pytest.param([Page(calls("a", "b"), 3), Page(calls("b", "c"), 3)], id="a call twice, but all there"),
        pytest.param([Page([{}, {}], 2)], id="calls without an id"),
    ],
)
def test_a_window_is_proved_when_as_many_calls_came_as_the_api_counts(pages):
    """Proof moves the cursor: the window is not asked for as new again."""
    assert doubt(pages) is None


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        pytest.param([Page(calls("a"), 2)], "1 distinct calls arrived where total_count is 2", id="too few"),
        pytest.param([Page(calls("a", "b"), 1)], "2 distinct calls .* is 1", id="too many"),
        pytest.param([Page([], 1)], "0 distinct calls .* is 1", id="none"),
        pytest.param(
            [Page(calls("a", "b"), 4), Page(calls("b", "c"), 4)], "3 distinct calls .* is 4", id="a repeat"
        ),
        pytest.param(
            [Page(calls("a", "b"), 3), Page(calls("c"), 4)], "total_count moved from 3 to 4", id="one more"
        ),
        pytest.param(
            [Page(calls("a", "b"), 3), Page(calls("c"), 2)], "total_count moved from 3 to 2", id="one less"
        ),
        pytest.param(
            [Page(calls("a", "b")), Page(calls("c"))], "gave no total_count", id="several pages, no count"
        ),
    ],
)
def test_a_window_is_doubted_when_its_pages_do_not_add_up(pages, why):
    """Calls shift from page to page while they are read; what was skipped shows in the count alone."""
    assert re.search(why, doubt(pages) or "")


@pytest.mark.parametrize("came", [[], ["a"]], ids=["empty", "one call"])
def test_a_page_without_a_count_proves_nothing_while_the_api_goes_on(came):
    """An empty page is not the end when the API says that there is more."""
    assert doubt([Page(calls(*came), has_next=True)]) is not None


@given(st.integers(1, 60), st.integers(1, 7), st.data())
def test_pages_of_a_list_at_rest_prove_it_and_without_one_of_them_they_do_not(total, size, data):
    """Nothing less than all of the pages will do, and nothing more is needed."""
    pages = [
        Page(calls(*range(start, min(start + size, total))), total, size) for start in range(0, total, size)
    ]
    lost = data.draw(st.integers(0, len(pages) - 1))

    assert doubt(pages) is None
    assert len(pages) == 1 or doubt(pages[:lost] + pages[lost + 1 :]) is not None


def test_an_empty_page_after_the_first_ends_a_walk():
    """However often the API says that there are more."""
    lie = Page([], has_next=True)

    assert not goes_on([lie, lie], 2)
    assert doubt([lie, lie]) is None
    assert doubt([Page(calls("a"), has_next=True), lie]) is None
