"""``assurance cost``: what a stack costs, line by line."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from assurance.cli.options import JsonFile, ModeName, RecordFile, Stacks, console_beside, write_report
from assurance.cli.recording import checked_mode
from assurance.cost import terminal
from assurance.cost.bill import bill_of
from assurance.cost.refresh import API, refreshed
from assurance.json_text import json_text
from assurance.stacks import records_for
from facts.prices import FILE, head_comment, prices, row_text

Refresh = Annotated[
    bool, typer.Option("--refresh", help="First write facts/prices.yaml anew from Azure's public Retail Prices API.")
]
PricesUrl = Annotated[str, typer.Option("--prices-url", metavar="URL", help="Where the Retail Prices API answers.")]


def cost(
    stacks: Stacks = None,
    mode: ModeName = "deployed",
    record: RecordFile = None,
    refresh: Refresh = False,
    prices_url: PricesUrl = API,
    json_file: JsonFile = None,
) -> None:
    """Tell what a stack costs a month as declared: a bill of materials with quantities, units and prices.

    Prices are rows of facts/prices.yaml, each with its source and date; what has no row is unknown, counted and named,
    never zero. What is charged by use (requests, data, messages) is named and not in the total.
    """
    records = records_for(list(stacks or ()), checked_mode(mode), record)
    out = console_beside(json_file)
    if refresh:
        regions = {str(each.inputs["location"]) for one in records for each in one.of_type("resources:ResourceGroup")}
        rows, notes = refreshed(prices(), regions, datetime.now(UTC).date(), prices_url)
        Path(FILE).write_text(head_comment() + "".join(map(row_text, rows)), encoding="utf-8")
        prices.cache_clear()
        for note in notes:
            out.print(note, style="yellow", soft_wrap=True, markup=False)
    bills = [bill_of(each) for each in records]
    for bill in bills:
        terminal.show(out, bill)
    content = {"stacks": [bill.as_dict() for bill in bills], "basis": bills[0].basis if bills else {}}
    write_report(json_file, json_text, content)
