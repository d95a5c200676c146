"""The rule of version 1.0.0, kept unchanged so that verdicts made by it can be judged again."""
