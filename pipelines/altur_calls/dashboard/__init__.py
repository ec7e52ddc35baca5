"""The built-in dashboard: one page of HTML that holds its figures, its charts and nothing of a person.

``figures`` asks a published file, ``periods`` and ``cubes`` make what it says small, ``page`` writes the page
around it, ``serving`` shows it on loopback. All counting under a filter is done in the page, by sums of the
integers that lie in it.
"""
