"""The schema ``analytics``: views that analysts start from, kept up with each load, checked, described."""
