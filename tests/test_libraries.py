import gc
import subprocess
import sys

import pytest

from harness.libraries import lasting, versions


def test_a_library_that_is_not_installed_is_absent_not_an_error():
    found = versions(("numpy", "no-such-library-anywhere"))
    assert found["numpy"][0].isdigit() and found["no-such-library-anywhere"] == "absent"


def test_asking_for_versions_imports_nothing():
    code = (
        "import sys; from harness.libraries import versions; versions(('torch', 'numpy'));"
        "assert not {'torch', 'numpy', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.medium
def test_special_functions_are_imported_at_their_first_use():
    code = (
        "import sys; from harness.judge import verdict; import harness.alarm.alarm;"
        "from harness.libraries import special;"
        "assert 'scipy' not in sys.modules; assert special.ndtr(0.0) == 0.5;"
        "assert 'scipy.special' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.long
def test_what_comes_in_for_good_is_not_looked_through_again():
    before = gc.get_freeze_count()
    with lasting():
        assert not gc.isenabled()
        kept = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)
    gc.unfreeze()


def test_who_has_switched_the_collector_off_finds_it_off():
    gc.disable()
    try:
        with lasting():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
