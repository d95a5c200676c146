"""The pytest plugin: silent until `--model` names an adapter.

Every pytest run on the machine imports this module, so it imports only pytest, which is there
already, and the names of the hooks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from harness.plugin.fixture import Harness


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks of `hooks.py`, which are called only with `--model`."""
    from harness.plugin import hooks

    pluginmanager.add_hookspecs(hooks)


@pytest.fixture(scope="session", name="harness")
def _harness(pytestconfig: pytest.Config) -> Harness:
    """Score texts and judge adapters in your own tests; each loads what it needs when called.

    harness.score(output, ideal).scores["edit_similarity"] scores one text against its ideal,
    harness.evaluate("adapter_v3")["outreach"].outcome is the verdict on an adapter,
    harness.verdict(candidate, promoted, policy) judges two runs that are at hand.
    All take the project (`[tool.harness]`) of the folder in which pytest was started.
    """
    from harness.plugin.fixture import Harness

    return Harness(pytestconfig.invocation_params.dir)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; `--model` turns the plugin on."""
    group = parser.getgroup("harness", "lora-harness: judge LoRA adapters on a fixed benchmark")
    add = group.addoption
    add("--model", action="append", dest="harness_models", metavar="NAME",
        help="adapter on trial; may be given several times")  # fmt: skip
    add("--harness-benchmark", action="append", dest="harness_benchmarks", metavar="B",
        help="only this benchmark; may be given several times")  # fmt: skip
    add("--harness-against", dest="harness_against", metavar="NAME",
        help="compare with this adapter instead of the promoted one")  # fmt: skip
    add("--harness-engine", dest="harness_engine", metavar="E",
        help="transformers, ray, openai:URL, or recorded:FOLDER (made elsewhere)")  # fmt: skip
    add("--harness-store", dest="harness_store", metavar="URL",
        help="store instead of the settings' one")  # fmt: skip
    add("--harness-reports", dest="harness_reports", metavar="DIR",
        help="reports folder instead of the settings' one")  # fmt: skip
    add("--harness-refresh", action="store_true", dest="harness_refresh",
        help="generate again what the store knows")  # fmt: skip
    add("--harness-no-baselines", action="store_false", dest="harness_baselines",
        help="do not run base and base+prompt to say what fine-tuning was worth")  # fmt: skip
    add("--harness-no-reserve", action="store_false", dest="harness_reserve",
        help="leave the verdict open rather than run reserve cases")  # fmt: skip
    add("--harness-no-finals", action="store_false", dest="harness_finals",
        help="do not weigh what people sent")  # fmt: skip
    add("--harness-no-texts", action="store_false", dest="harness_texts",
        help="show no inputs, ideals or outputs, only figures and ids")  # fmt: skip
    add("--harness-mlflow", dest="harness_mlflow", metavar="URI",
        help="log verdicts there too, e.g. sqlite:///mlflow.db (off unless asked for)")  # fmt: skip
    add("--harness-base-ref", dest="harness_base_ref", metavar="REF",
        help="commit that sets the bar: its benchmark, policy, settings and history; CI gives the"
             " base of the pull request")  # fmt: skip
    add("--harness-show", action="store_true", dest="harness_show",
        help="a table of cases and their scores before each verdict")  # fmt: skip
    add("--harness-samples", type=int, dest="harness_samples", metavar="K",
        help="outputs per case")  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Open the gate if an adapter is named; a wrong request ends here, with exit code 4."""
    if config.getoption("harness_models"):
        from harness.libraries import lasting

        with lasting():
            from harness.plugin.session import open_gate

        config.pluginmanager.register(open_gate(config), "harness-gate")
