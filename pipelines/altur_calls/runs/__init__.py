"""A run as others are told of it: while it lasts, in the warehouse, in the journal, by a message."""
