"""Tests of the report's three forms.

`cases`, `grid`, `material`, `metrics` and `origin` are tested through the page, in `test_page.py`
and `test_browser.py`; `materials.py` makes the reports that are tested.
"""
