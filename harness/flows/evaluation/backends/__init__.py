"""The backends: this process, an engine of another package, a server, Ray, recorded files."""

from harness.flows.evaluation.backends.local import LocalBackend, ThirdPartyBackend, open_device
from harness.flows.evaluation.backends.opening import ENGINES, open_backend
from harness.flows.evaluation.backends.ray import RayBackend
from harness.flows.evaluation.backends.recorded import RecordedBackend, is_about_recorded
from harness.flows.evaluation.backends.server import UNKNOWN, OpenAIBackend

__all__ = [
    "ENGINES",
    "UNKNOWN",
    "LocalBackend",
    "OpenAIBackend",
    "RayBackend",
    "RecordedBackend",
    "ThirdPartyBackend",
    "is_about_recorded",
    "open_backend",
    "open_device",
]
