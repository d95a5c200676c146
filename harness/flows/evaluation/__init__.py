"""Run an adapter on a benchmark, compare it with the promoted adapter, and judge it."""
