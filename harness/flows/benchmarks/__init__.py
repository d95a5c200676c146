"""Looking after the fixed benchmarks: check, compare, import."""
