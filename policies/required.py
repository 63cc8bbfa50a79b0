"""Rules that ask an input for a value: the rows of policies/data/required.yaml."""

from collections.abc import Iterator

from policies.data import Required, table
from policies.resource import Resource
from policies.rule import Rule, at_least, must, must_have, rule


def required_rules() -> Iterator[Rule]:
    """A rule for each row. Raises DocumentError with every mistake in the table."""
    for area, rows in table("required").items():
        for id_, row in rows.items():
            yield _rule(area, id_, row)


def _rule(area: str, id_: str, row: Required) -> Rule:
    def judge(resource: Resource) -> Iterator[str]:
        for path, allowed in row.get("must", {}).items():
            yield from must(resource, path, *allowed)
        yield from must_have(resource, *row.get("mustHave", ()))
        for path, days in row.get("atLeastDays", {}).items():
            yield from at_least(resource, path, days, "days")

    declare = rule(
        id_,
        row["title"],
        on=row["on"],
        severity=row["severity"],
        controls=row["controls"],
        remediation=row["remediation"],
        source=row["source"],
        area=area,
    )
    return declare(judge)
