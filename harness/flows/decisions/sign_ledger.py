"""Sign the decisions of a ledger that were recorded before the project asked for signatures.

Tested in tests/flows/decisions/test_signed.py.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

from harness.errors import LedgerChanged, RequestError
from harness.flows.decisions.promoted_file import write_promoted_file
from harness.flows.project import Project
from harness.flows.store import open_store
from harness.records import Decision
from harness.store.decisions import broken_links
from harness.workspace.adapters.decision_keys import signer


def sign_ledger(project: Project, key: Path, store_url: str | None = None) -> list[Decision]:
    """Sign every decision that none of the project's keys has signed, and return them.

    The ledger's owner vouches with this for what it holds; a broken chain is refused.
    """
    sign = signer(key)
    with closing(open_store(project, store_url)) as store, store.decisions.held():
        decisions = store.decisions.unchecked()
        for wrong in broken_links(decisions):
            raise LedgerChanged(f"the ledger was changed by hand ({wrong}), nothing is signed")
        fault = store.decisions.fault
        lacking = [d for d in decisions if (fault(d) if fault else d.signature is None)]
        signed = [replace(decision, signature=sign(decision)) for decision in lacking]
        for decision in signed:
            if fault and fault(decision):
                raise RequestError(f"{key}: is the key of none of [tool.harness.promotion] `keys`")
            store.decisions.add_signature(decision)
    with closing(open_store(project, store_url)) as store:
        write_promoted_file(project, store)
    return signed
