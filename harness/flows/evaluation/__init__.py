"""Run an adapter on a benchmark, compare it with the promoted one, and judge it."""
