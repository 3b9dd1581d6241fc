"""What all tests share: the profiles of hypothesis, the folder of outside material, and what a skip means.

A test that lacks something (a server, a browser, the outside material) skips and says so. On a machine that
is meant to have everything (TIPOFF_CI=1, set by `.ci/run`) such a skip is a failure, for otherwise nobody
would notice that a check has stopped running. Only the outside material may be missing there too.
"""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("TIPOFF_SHARED", ROOT.parent / "shared"))
SHARED_IS_ABSENT = "no outside material: "
MEANT_TO_HAVE_EVERYTHING = os.environ.get("TIPOFF_CI") == "1"

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "mutants",
    settings.get_profile("ci"),
    max_examples=50,
    phases=(
        Phase.explicit,
        Phase.generate,
    ),  # that it fails is all that is asked for; no time for the smallest
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of outside material (recorded evenings, specifications); a test without it skips."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED_IS_ABSENT}{SHARED} is not a folder")
    return SHARED


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return ROOT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where everything is meant to be present."""
    report = yield
    if MEANT_TO_HAVE_EVERYTHING and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if not reason.startswith(SHARED_IS_ABSENT):
            report.outcome = "failed"
            report.longrepr = f"skipped where nothing may be missing (TIPOFF_CI=1): {reason}"
    return report
