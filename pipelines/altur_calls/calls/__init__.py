"""A call on its way from the API's JSON to rows of tables. All of it pure."""
