"""Every catalogue that the program reads, so that mistakes in them are told with all others."""

from collections.abc import Callable

from documents.problems import DocumentError, Problem
from stacks.catalogues.alerts import all_alerts
from stacks.catalogues.database_parameters import parameters
from stacks.catalogues.database_roles import app_roles
from stacks.catalogues.log_tables import log_tables
from stacks.catalogues.network_flows import flow_table
from stacks.catalogues.policy_exemptions import policy_exemptions
from stacks.catalogues.rate_limits import rate_limits
from stacks.catalogues.secrets import catalogue
from stacks.catalogues.security_headers import security_headers
from stacks.catalogues.sentinel import sentinel_catalogue
from stacks.catalogues.slos import slo_catalogue
from stacks.catalogues.vault_events import vault_events
from stacks.catalogues.workbooks import workbook_catalogue

READERS: tuple[Callable[[], object], ...] = (
    all_alerts,
    app_roles,
    catalogue,
    flow_table,
    log_tables,
    parameters,
    policy_exemptions,
    rate_limits,
    security_headers,
    sentinel_catalogue,
    slo_catalogue,
    vault_events,
    workbook_catalogue,
)


def catalogue_problems() -> list[Problem]:
    """Every mistake in every catalogue, each once: a catalogue that reads a wrong one tells its mistakes too."""
    problems: dict[str, Problem] = {}
    for read in READERS:
        try:
            read()
        except DocumentError as error:
            problems |= {str(problem): problem for problem in error.problems}
    return list(problems.values())
