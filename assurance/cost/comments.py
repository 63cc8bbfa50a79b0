"""Prices in the comments of stack files: ``python -m assurance.cost.comments`` writes them from facts/prices.yaml.

A comment says ``$33 a month [nat-gateway]``: the meter names the row, and the number follows it, in two digits. What is
charged by use has no number in a comment.
"""

import re
from pathlib import Path

from documents.arguments import read_arguments
from facts.prices import HOURS, price_of

ROOT = Path(__file__).parents[2]
PRICED = re.compile(r"\$(?P<number>[\d,.]*\d) a month(?P<gap>(?:\n\s*#)? )\[(?P<meter>[\w-]+)\]")


def with_prices(text: str, region: str) -> str:
    """The text of a stack file with today's prices. A meter without a price keeps its number."""

    def write(match: re.Match[str]) -> str:
        number = monthly(match["meter"], region) or match["number"]
        return f"${number} a month{match['gap']}[{match['meter']}]"

    return PRICED.sub(write, text)


def monthly(meter: str, region: str) -> str | None:
    """What a month of a meter costs, in two digits; None where that is not known."""
    price = price_of(meter, region)
    if price is None or price.unit not in ("hour", "month"):
        return None
    amount = price.amount * (HOURS if price.unit == "hour" else 1)
    digits = f"{float(f'{amount:.2g}'):,.2f}"
    return digits.removesuffix(".00")


def region_of(text: str) -> str:
    """The region that a stack file names."""
    found = re.search(r"^\s+location: (\w+)", text, re.M)
    return found[1] if found else ""


def main() -> None:
    """Write the prices into every stack file."""
    for file in sorted(ROOT.glob("Pulumi.*.yaml")):
        text = file.read_text(encoding="utf-8")
        file.write_text(with_prices(text, region_of(text)), encoding="utf-8")


if __name__ == "__main__":
    read_arguments("assurance.cost.comments", __doc__)
    main()
