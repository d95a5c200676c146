"""The first rule's ways in: `harness.judge` judges by the second unless asked."""

from __future__ import annotations

from functools import partial

import harness.judge as judge

verdict = partial(judge.verdict, rule=1)
verdict_from_paired = partial(judge.verdict_from_paired, rule=1)
verdict_from_rows = partial(judge.verdict_from_rows, rule=1)
