"""Say which extra of the package brings a library that is missing.

Tested in tests/test_extras.py.
"""

from __future__ import annotations

from importlib.util import find_spec

from harness.errors import HarnessError, RequestError


def missing(what: str, extra: str, error: type[HarnessError] = RequestError) -> HarnessError:
    """Return the error that says how to install an extra; `what` asks for it."""
    return error(f"{what} needs `pip install 'lora-harness[{extra}]'`")


def refuse_missing(
    what: str, extra: str, *modules: str, error: type[HarnessError] = RequestError
) -> None:
    """Refuse to begin without the modules of an extra, importing none of them."""
    lacking = [name for name in modules if not _is_there(name)]
    if lacking:
        found = "is" if len(lacking) == 1 else "are"
        raise missing(f"{' and '.join(lacking)} {found} missing: {what}", extra, error)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except (ImportError, ValueError):  # `sys.modules[name] = None`, or a module without a spec
        return False
