"""Numbered migrations, applied by `database.py` when a store is older than the code."""
