"""Which logs of which resources go where, and how long they are kept there, as a record has it.

``python -m assurance.coverage STACK`` writes the matrix into docs/monitoring.md.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assurance.check.log_feeds import SUBSCRIPTION_SETTING, has_category, senders, sends, to_workspace
from assurance.record import Record, Resource, short_type
from documents.arguments import read_arguments
from documents.generated import write_part
from facts.log_containers import ACTIVITY_LOG_CONTAINER, category_container, table_container
from facts.log_tables import fed_tables
from policies.rules.monitoring import WORKSPACE

PAGE = Path("docs") / "monitoring.md"
BEGIN, END = "<!-- coverage of prod: begin -->", "<!-- coverage of prod: end -->"
TABLE, EXPORT, WORM = (
    "operationalinsights:Table",
    "operationalinsights:DataExport",
    "storage:BlobContainerImmutabilityPolicy",
)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One log category of one type of resource.

    sending, resources: how many send it, of how many there are. table: where it can be queried; searchable, kept: days
    at full speed and at all; archived: days in the archive that nobody can shorten, None when it is not there.
    """

    type: str
    category: str
    sending: int
    resources: int
    table: str
    searchable: int
    kept: int
    archived: int | None


def matrix(record: Record) -> list[Row]:
    """The coverage of a stack, by type and category."""
    return sorted(_rows(record), key=lambda row: (row.type, row.category))


def _rows(record: Record) -> Iterator[Row]:
    for table, fed_by in fed_tables().items():
        for kind, categories in fed_by.items():
            of_kind = senders(record, kind)
            for type_ in dict.fromkeys(each.type for each in of_kind):
                own = [each for each in of_kind if each.type == type_]
                for category in (each for each in categories if has_category(own[0].logs_of, each)):
                    yield _row(record, table, type_, category, [each.settings for each in own])


def _row(record: Record, table: str, type_: str, category: str, settings: list[list[Resource]]) -> Row:
    sending = [any(sends(each, category) and to_workspace(record, each) for each in own) for own in settings]
    searchable, kept = _retention(record, table)
    return Row(
        type=type_,
        category=category,
        sending=sum(sending),
        resources=len(settings),
        table=table,
        searchable=searchable,
        kept=kept,
        archived=_archived(record, table, category, [s for own in settings for s in own]),
    )


def _retention(record: Record, table: str) -> tuple[int, int]:
    """Days at full speed and at all."""
    for one in record.of_type(TABLE):
        if one.inputs.get("tableName") == table:
            return one.inputs["retentionInDays"], one.inputs["totalRetentionInDays"]
    days = next((one.inputs["retentionInDays"] for one in record.of_type(WORKSPACE)), 0)
    return days, days


def _archived(record: Record, table: str, category: str, settings: list[Resource]) -> int | None:
    """Days of the container that the category or the table is copied to; Azure names it after either."""
    exported = {name for one in record.of_type(EXPORT) for name in one.inputs.get("tableNames") or ()}
    direct = [s for s in settings if s.inputs.get("storageAccountId") and sends(s, category)]
    activity = any(short_type(s) == SUBSCRIPTION_SETTING for s in direct)
    own = ACTIVITY_LOG_CONTAINER if activity else category_container(category)
    container = own if direct else table_container(table) if table in exported else None
    for policy in record.of_type(WORM):
        if container is not None and policy.inputs.get("containerName") == container:
            days: int = policy.inputs["immutabilityPeriodSinceCreationInDays"]
            return days
    return None


def markdown(rows: list[Row]) -> str:
    """The matrix as a table of a page."""
    lines = [
        "| resource | log category | sent by | table | searchable, days | kept, days | archive (WORM), days |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.type}` | {row.category} | {row.sending} of {row.resources} | {row.table} | {row.searchable} "
        f"| {row.kept} | {row.archived or ''} |"
        for row in rows
    ]
    return "\n".join(lines)


def main(stack: str) -> None:
    """Write the matrix of ``stack`` into the page."""
    from assurance.stacks import project_root, records_for

    (record,) = records_for([stack], "deployed")
    write_part(project_root() / PAGE, BEGIN, END, markdown(matrix(record)))


if __name__ == "__main__":
    main(*read_arguments("assurance.coverage", __doc__, {"STACK": "1"}))
