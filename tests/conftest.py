"""How property tests run, and what the tests tell beside passing and failing."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import RUN_FOLDER
from tests.measure import start

COVERAGE = start()  # before anything of ours is imported

# A recording makes much and drops little: searching it for garbage at the usual pace is half of its time.
gc.set_threshold(1_000_000, 20, 100)

# A busy machine is no failure: no deadline, and no complaint about slow examples. `make test` tries the same examples
# in every run; `make test-long` (`--hypothesis-profile=long`) looks for new ones.
settings.register_profile(
    "test",
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("long", settings.get_profile("test"), derandomize=False, max_examples=1000)
settings.load_profile("test")


def pytest_configure(config: pytest.Config) -> None:
    """A folder of this run's own, which all its processes share (`tests.harness.once`)."""
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="medspasync-tests-")
    if COVERAGE:
        config.pluginmanager.register(COVERAGE)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """All that is imported and collected stays: nothing searches it again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    gc.unfreeze()  # what was set aside goes at the end too: DuckDB tells what is left as leaks
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(RUN_FOLDER), ignore_errors=True)


TOLD = {
    "attack": "run on what it looks for",
    "ordinary": "run on ordinary data",
    "analysed": "analysed by Microsoft's language service",
}
"""What a test can do with a query: the first word of its property ``kql``, then the query's use and id."""


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many queries of each use were run, on what, and which were not (tests/queries)."""
    done: dict[tuple[str, str], set[str]] = defaultdict(set)
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "kql":
                how, use, query = value
                done[how, use].add(query)
    if not done:
        return
    from tests.queries.inventory import every_query

    for use, queries in every_query().items():
        told = []
        for how, words in TOLD.items():
            missing = sorted(set(queries) - done[how, use])
            names = "all" if len(missing) == len(queries) else ", ".join(missing)
            told.append(f"{words}: {len(done[how, use])}" + (f" (not: {names})" if missing else ""))
        terminalreporter.write_line(f"queries of {use}: {len(queries)}; {'; '.join(told)}")
