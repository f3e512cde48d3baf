"""Settings of all tests."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings

IN_CI = bool(os.environ.get("CI"))

settings.register_profile(
    "default",
    deadline=None,
    derandomize=IN_CI,  # there, what fails must fail again; new examples are for the desk
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", parent=settings.get_profile("default"), max_examples=1000)
settings.register_profile("unshrunk", parent=settings.get_profile("default"), phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def _fail_if_a_program_is_missing(report):
    """
    Turn a skip for want of a program or a file into a failure in CI, which has them all.

    The reason of such a skip, and of no other, begins with "needs": ``skipif(not which("dot"), reason="needs dot")``.
    """
    if IN_CI and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("needs "):
            report.outcome = "failed"
            report.longrepr = f"skipped, but in CI nothing may be missing: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _fail_if_a_program_is_missing((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _fail_if_a_program_is_missing((yield))
