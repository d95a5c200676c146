"""Tests of what people and programs read.

Modules without a test file of their name are tested through the text or page that they are part of:
`changes`, `gain_over_base` and `metric_table` in `test_verdict.py`, `sidebyside` in
`test_compare.py`, `plan` in `test_monitor.py`, `benchmark_import` in `test_benchmark.py`.
`test_holds.py` checks that every string of a shown record says what it holds.
"""
