"""Check, compare and import benchmarks."""
