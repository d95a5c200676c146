import subprocess
import sys

from harness.libraries import versions


def test_a_library_that_is_not_installed_is_absent_not_an_error():
    found = versions(("numpy", "no-such-library-anywhere"))
    assert found["numpy"][0].isdigit() and found["no-such-library-anywhere"] == "absent"


def test_asking_for_versions_imports_nothing():
    code = (
        "import sys; from harness.libraries import versions; versions(('torch', 'numpy'));"
        "assert not {'torch', 'numpy', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
