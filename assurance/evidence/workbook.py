"""The tables of all stacks as one workbook, byte for byte the same for the same tables and time."""

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime

import xlsxwriter

from assurance.evidence.tables import Table

WIDEST = 60
"""Characters; a longer cell is broken into lines."""
SAMPLED = 200
"""Rows that a column's width is worked out from."""


def workbook(stacks: Sequence[Mapping[str, Table]], title: str, time: datetime) -> bytes:
    """The workbook: a sheet for each table, the rows of all stacks below each other. time: as when it was made."""
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": title, "created": time.replace(tzinfo=None)})
    head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    day, broken = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"text_wrap": True, "valign": "top"})
    for name, table in stacks[0].items():
        sheet, columns = book.add_worksheet(table.sheet), table.columns
        rows = [row for tables in stacks for row in tables[name].rows]
        for number, column in enumerate(columns):
            longest = max([len(str(row[number] or "")) for row in rows[:SAMPLED]] + [len(column)])
            sheet.set_column(number, number, min(longest + 2, WIDEST))
            sheet.write_string(0, number, column, head)
        for row_number, row in enumerate(rows, start=1):
            for number, value in enumerate(row):
                if isinstance(value, int | float):
                    sheet.write_number(row_number, number, value)
                elif isinstance(value, date):
                    sheet.write_datetime(row_number, number, datetime(value.year, value.month, value.day), day)
                elif value:
                    sheet.write_string(row_number, number, value, broken if len(value) > WIDEST else None)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)
    book.close()
    return target.getvalue()
