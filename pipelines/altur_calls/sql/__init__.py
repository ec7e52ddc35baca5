"""SQL on the published file: a query and its rows in many formats, or a prompt."""
