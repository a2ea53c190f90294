"""A test that a clock, a process or a port let down is run once more, and shown with why.

A full run is most of an hour on a machine that others may use, and holds thousands of waits for real
processes: one that came too late says nothing of the product. What failed first is printed with its
traceback and counted: more than `MOST` of them fail the run. A test of the border is never run
again, since what crosses it by chance has crossed it; nor does it help a property that was refuted,
since its example is kept and tried first.
"""

from __future__ import annotations

import re

import pytest

__all__ = ["MOST", "pytest_collection_modifyitems", "pytest_configure", "pytest_sessionfinish"]

MOST = 3
_NEVER = re.compile(
    r"border|leak|diffs_stay|malicious|trust|secret|ledger|policy|label|taint|rules/|recognition/"
)


def pytest_configure(config: pytest.Config) -> None:
    """Ask for the tracebacks of first failures."""
    config.option.rerun_show_tracebacks = True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test but the border's fail once."""
    for item in items:
        if not _NEVER.search(item.path.as_posix().rpartition("/tests/")[2]):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which too many tests failed first."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    again: list[object] = [] if reporter is None else reporter.stats.get("rerun", [])
    if len(again) > MOST:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
