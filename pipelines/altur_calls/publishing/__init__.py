"""What readers get: a copy of the warehouse, of one whole load, that no load waits for and none disturbs."""
