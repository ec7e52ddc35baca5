"""The warehouse a pipeline loads into: opened by one run at a time, and put right before it is loaded."""
