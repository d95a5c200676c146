"""From scores to a verdict. Pure: no disk, no clock, no print; README.md has the statistics.

`verdict` judges runs, `verdict_from_rows` a score file; both follow one rule and one policy.
"""

from harness.judge.from_scores import Labels, verdict_from_paired, verdict_from_rows
from harness.judge.paired import Paired, paired_from_runs
from harness.judge.policy import check_policy, check_rules, default_rules, effective_rules
from harness.judge.score_file import paired_from_rows
from harness.judge.terms import changed_terms
from harness.judge.verdict import verdict

__all__ = [
    "Labels",
    "Paired",
    "changed_terms",
    "check_policy",
    "check_rules",
    "default_rules",
    "effective_rules",
    "paired_from_rows",
    "paired_from_runs",
    "verdict",
    "verdict_from_paired",
    "verdict_from_rows",
]
