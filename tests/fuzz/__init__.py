"""Readers under arbitrary input: one registry of targets, asked by hypothesis and by atheris.

`targets` says what is read, `strategies` makes likely nonsense for the ordinary suite, and
`python tests/fuzz/run.py --seconds 20` lets atheris look for more in a process per target.
"""
