"""What holds for all tests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

# The machine that runs the tests may be small and busy: neither an example's time nor that to make one says anything.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

# Nothing of the developer's own settings, keys or caches takes part.
for name in [name for name in os.environ if name.startswith("TWOLANE_")]:
    if name not in {
        "TWOLANE_FULL",
        "TWOLANE_EXAMPLES",
        "TWOLANE_KILLS",
        "TWOLANE_KILL_POINTS",
        "TWOLANE_RACES",
        "TWOLANE_REPLIES",
        "TWOLANE_CACHE_DIR",
        "TWOLANE_LEAKS",
        "TWOLANE_LEAKS_INSIDE",
        "TWOLANE_VLLM",
    }:
        del os.environ[name]
os.environ.pop("HOLYSHEEP_API_KEY", None)

# To compile the scanner's rules takes seconds: once for all tests, and not in each one's own cache.
os.environ["KF_RULE_CACHE_DIR"] = str(Path(tempfile.gettempdir()) / "twolane-tests-secrets")
