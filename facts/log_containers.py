"""The containers that Azure chooses for logs which are sent to a storage account; their names are in lower case.

Source: learn.microsoft.com/azure/azure-monitor/logs/logs-data-export (``am-<table>``) and
azure-monitor/essentials/resource-logs (``insights-logs-<category>``, ``insights-activity-logs``), read 2026-11-29.
"""

ACTIVITY_LOG_CONTAINER = "insights-activity-logs"
"""Where a subscription's activity log arrives."""
LOG_CONTAINERS = ("am-", "insights-")
"""How the names of all such containers begin."""


def table_container(table: str) -> str:
    """Container that a data export rule writes a table to."""
    return f"am-{table.lower()}"


def category_container(category: str) -> str:
    """Container that a diagnostic setting writes a log category to."""
    return f"insights-logs-{category.lower()}"
