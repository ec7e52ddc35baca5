"""A call on its way from the API's JSON to rows of tables. None of it asks the API or the warehouse."""
