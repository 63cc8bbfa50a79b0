"""What the tests tell beside passing and failing."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many alert queries were run, and on what (tests/queries)."""
    run: dict[str, set[str]] = {"attack": set(), "ordinary": set()}
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name == "kql":
                run[value[0]].add(value[1])
    if not any(run.values()):
        return
    from tests.queries.engine import queries

    missing = sorted(set(queries()) - set.intersection(*run.values()))
    terminalreporter.write_line(
        f"alert queries: {len(queries())}; fired on an attack: {len(run['attack'])}; silent on ordinary traffic: "
        f"{len(run['ordinary'])}; not run: {', '.join(missing) or 'none'}"
    )
