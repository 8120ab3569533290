"""Self-contained HTML reports of data sets, evaluations, and fonts."""
