"""What each command does: thin, between the command line and the modules that do the work."""
