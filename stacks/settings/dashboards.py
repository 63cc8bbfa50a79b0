"""Dashboards: which a stack has, and the catalogue of what they show."""

from typing import Annotated

from documents.sections import Section
from documents.words import Text


class ManagedGrafanaSettings(Section):
    """An Azure Managed Grafana instance: about $70 a month, and $6 for each person who uses it.

    Its dashboards, data sources and people are data plane, which no deployment reaches: docs/dashboards.md says how.
    """

    version: Annotated[str, Text(r"^\d{2}$", "a major version in quotes, like 11")] = "11"
    """Major version of Grafana, one that Azure offers."""
    zone_redundant: bool = True
    """Survive the loss of a zone; needs a region with zones. Fixed at creation."""
    public_network: bool = False
    """true: anybody in the Internet reaches its sign-in page, and Entra decides. false: by private endpoint only, about
    $7 a month."""
    logs: bool = False
    """Its identity may read the workspace. Whoever may open a dashboard then reads every log through it, and the log of
    who read what (LAQueryLogs) names Grafana instead of them. false: metrics only; a data source for logs signs in as
    the person who looks."""


class DashboardSettings(Section):
    """Dashboards of the stack. Workbooks and the portal's Grafana show what is recorded anyway, and cost nothing."""

    workbooks: bool = True
    """Azure workbooks: security events, alerting, performance and service levels, compliance."""
    grafana: bool = False
    """The same log queries as dashboards in the portal's own Grafana. Free (no Managed Grafana instance)."""
    managed_grafana: ManagedGrafanaSettings | None = None
    """A Grafana instance of its own; left out, the stack has none."""
