"""From the API to windows that are proved: the only HTTP, at one pace, by many threads."""
