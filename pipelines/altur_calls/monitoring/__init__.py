"""What whoever put the runs on a schedule wants to know: how things stand, and what is wrong."""
