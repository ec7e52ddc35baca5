"""A dashboard for Apache Superset, made from what the views of ``analytics`` say of themselves."""
