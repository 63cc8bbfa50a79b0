"""Rows of facts/prices.yaml from Azure's public Retail Prices API.

Source: learn.microsoft.com/rest/api/cost-management/retail-prices/azure-retail-prices (filters, NextPageLink, case of
values since 2023-01-01-preview), read 2026-11-29.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

from assurance.errors import UsageError
from facts.prices import Price

API = "https://prices.azure.com/api/retail/prices"
VERSION = "2023-01-01-preview"
UNITS = {"1 Hour": "hour", "1/Month": "month", "1 GB/Month": "GB-month"}
PAGES = 50
"""Pages of one answer, of 1,000 prices each, at most: a filter that gives more is too wide."""
SECONDS = 30


def refreshed(
    rows: Sequence[Price], regions: Iterable[str], today: date, api: str = API
) -> tuple[list[Price], list[str]]:
    """(all rows, what could not be told): each row with a query is asked for each region; an answer of several prices,
    or of none, leaves what stands there. Raises UsageError where the API does not answer."""
    known = {(row.meter, row.region): row for row in rows}
    notes: list[str] = []
    for row in [each for each in rows if each.query and each.region == "global"]:
        for region in sorted(set(regions)):
            amounts = {float(item["retailPrice"]) for item in _items(row, region, api)}
            if len(amounts) == 1:
                values = {"amount": amounts.pop(), "region": region, "date": today, "source": api, "query": {}}
                known[(row.meter, region)] = row.model_copy(update=values)
            else:
                notes.append(f"{row.meter} in {region}: {len(amounts) or 'no'} prices, the row stays as it is")
    return list(known.values()), notes


def _items(row: Price, region: str, api: str) -> Iterator[dict[str, Any]]:
    """The API's items of a row's query and unit: pay as you go, on page after page."""
    wanted = {**row.query, "armRegionName": region, "priceType": "Consumption"}
    fields = " and ".join(f"{key} eq '{value.replace(chr(39), chr(39) * 2)}'" for key, value in wanted.items())
    query = urlencode({"api-version": VERSION, "currencyCode": f"'{row.currency}'", "$filter": fields})
    url: str | None = f"{api}?{query}"
    for _ in range(PAGES):
        if url is None:
            return
        if urlsplit(url)[:2] != urlsplit(api)[:2]:
            raise UsageError(f"{api}: its next page is elsewhere: {url}")
        page = _read(url)
        for item in page.get("Items") or ():
            if (
                UNITS.get(str(item.get("unitOfMeasure"))) == row.unit
                and item.get("type", "Consumption") == "Consumption"
            ):
                yield item
        url = page.get("NextPageLink")
    raise UsageError(f"{row.meter}: more than {PAGES} pages of prices: its query is too wide")


def _read(url: str) -> dict[str, Any]:
    try:
        with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - the scheme is that of API
            page = json.load(answer)
    except (OSError, URLError, ValueError) as error:
        raise UsageError(f"{url.split('?')[0]}: no answer that can be read: {error}") from error
    if not isinstance(page, dict):
        raise UsageError(f"{url.split('?')[0]}: the answer is no JSON object")
    return page
