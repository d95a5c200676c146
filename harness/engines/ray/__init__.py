"""Spread the work of the local engine over the machines of a Ray cluster."""
