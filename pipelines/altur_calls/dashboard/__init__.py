"""The built-in dashboard: one page of HTML that holds its figures, its charts and nothing of a person.

``figures`` asks a published file, ``shown`` decides what is told by name, ``periods`` and ``cubes`` make it
small, ``page`` writes HTML around it, ``building`` a file, and ``serving`` shows it on loopback. What is
counted under a filter is counted in the page: sums of the integers that lie in it.
"""
