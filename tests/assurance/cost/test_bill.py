"""What a record costs, and where prices come from."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from assurance.compare.cost import Cost, Limit, compare_bills, read_limit, too_dear
from assurance.cost import bill as bills
from assurance.cost.bill import bill_of, meters
from assurance.cost.refresh import refreshed
from assurance.errors import UsageError
from documents.reading import parse_document
from facts.prices import Price, head_comment, price_of, prices, row_text
from tests.assurance.cli import run
from tests.assurance.compare.samples import record, resource
from tests.assurance.compare.seeded import SEEDED, base, changed
from tests.harness import STACKS, shared_record

PLAN = "azure-native:web:AppServicePlan"
DAY = date(2026, 12, 1)


def plan(sku: str = "P1v3", workers: Any = 3) -> Any:
    return record(resource("plan", PLAN, inputs={"location": "eastus2", "sku": {"name": sku, "capacity": workers}}))


@pytest.mark.parametrize("stack", STACKS)
def test_every_line_of_a_stack_has_a_price(stack: str) -> None:
    bill = bill_of(shared_record(stack))
    assert bill.unknown == []
    assert bill.total == pytest.approx(sum(line.amount or 0 for line in bill.lines))


def test_every_price_is_charged_and_unique() -> None:
    keys = [(each.meter, each.region) for each in prices()]
    assert len(keys) == len(set(keys))
    assert {each.source.split(":")[0] for each in prices()} <= {"https", "github", "estimate"}


def test_a_quantity_is_hours_of_workers() -> None:
    (line,) = bill_of(plan()).lines
    price = price_of("app-service-linux-P1v3", "eastus2")
    assert price is not None
    assert (line.quantity, line.unit, line.amount) == (3 * 730, "hour", round(3 * 730 * price.amount, 2))


def test_a_standby_doubles_the_server() -> None:
    server = {"sku": {"name": "Standard_D4ds_v5"}, "storage": {"storageSizeGB": 128}}
    one, two = (
        bill_of(
            record(resource("db", "azure-native:dbforpostgresql:Server", inputs={**server, "highAvailability": mode}))
        )
        for mode in ({"mode": "Disabled"}, {"mode": "ZoneRedundant"})
    )
    assert two.total == pytest.approx(2 * one.total, abs=0.02)


@pytest.mark.parametrize(
    "unpriced",
    [
        plan("P9v9"),
        plan(workers="[unknown]"),
        plan(workers="many"),
        record(resource("new", "azure-native:new:Thing")),
    ],
)
def test_what_has_no_price_is_unknown(unpriced: Any) -> None:
    bill = bill_of(unpriced)
    assert (bill.total, len(bill.unknown)) == (0, 1)


def test_a_region_comes_before_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [price("x", 1), price("x", 2, region="eastus2")]
    monkeypatch.setattr("facts.prices.prices", lambda: rows)
    assert [price_of("x", region).amount for region in ("eastus2", "westus")] == [2, 1]  # type: ignore[union-attr]
    assert price_of("y", "westus") is None


def test_a_mistake_in_the_meters_is_told() -> None:
    with pytest.raises(Exception, match="free or meter, one of them"):
        parse_document("- {types: [a]}\n", list[bills.Meter], "meters.yaml")


def test_no_type_is_charged_and_free() -> None:
    free = {type_ for row in meters() if row.free and not row.where for type_ in row.types}
    charged = {type_ for row in meters() if row.meter for type_ in row.types}
    assert free & charged == set()


def test_the_command_writes_every_line(tmp_path: Path) -> None:
    result, report = run("cost", plan(), tmp_path)
    assert result.exit_code == 0
    (stack,) = report["stacks"]
    (line,) = stack["lines"]
    assert (stack["total"], stack["unknown"], line["unit"]) == (line["amount"], [], "hour")
    assert "a month" in result.stdout


def test_a_raised_sku_costs_more() -> None:
    cost = compare_bills(base(), changed(SEEDED["a SKU raised"][0]))
    assert cost is not None
    assert cost.after is not None
    assert cost.before is not None
    assert cost.after > cost.before
    assert compare_bills(changed(SEEDED["a vault opened"][0]), base()) is None
    assert compare_bills(base(), base()) is None


@pytest.mark.parametrize(
    ("limit", "after", "expected"),
    [("100", 1100.0, False), ("100", 1100.5, True), ("10%", 1100.0, False), ("10%", 1101.0, True), ("0", 900.0, False)],
)
def test_a_bill_may_rise_by_the_limit(limit: str, after: float, expected: bool) -> None:
    read = read_limit(limit)
    assert isinstance(read, Limit)
    assert bool(too_dear(Cost(1000.0, after, "USD"), read)) is expected


def test_a_bill_may_not_pass_the_budget() -> None:
    assert too_dear(Cost(90.0, 110.0, "USD", budget=100.0), None)
    assert not too_dear(Cost(105.0, 110.0, "USD", budget=100.0), None)


@pytest.mark.parametrize("text", ["", "%", "much", "-5", "1e9"])
def test_a_wrong_limit_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="an amount like 100"):
        read_limit(text)


def price(meter: str, amount: float, **more: Any) -> Price:
    values = {"meter": meter, "unit": "hour", "amount": amount, "currency": "USD", "region": "global",
              "date": date(2026, 11, 29), "source": "estimate", **more}  # fmt: skip
    return Price.model_validate(values)


class Api(ThreadingHTTPServer):
    """Azure's price API on loopback: answers pages of what it is given and keeps what it was asked."""

    pages: list[Any]
    asked: list[dict[str, list[str]]]
    next_page: str = ""


@pytest.fixture
def api() -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server: Any = self.server
            query = parse_qs(urlsplit(self.path).query)
            server.asked.append(query)
            number = int(query.get("page", ["0"])[0])
            more = server.next_page or f"http://127.0.0.1:{server.server_port}/prices?page={number + 1}"
            page = server.pages[number]
            body = {"Items": page, "NextPageLink": more if number + 1 < len(server.pages) else None}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = Api(("127.0.0.1", 0), Handler)
    server.pages, server.asked = [[]], []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def item(amount: float, unit: str = "1 Hour", type_: str = "Consumption") -> dict[str, Any]:
    return {"retailPrice": amount, "unitOfMeasure": unit, "type": type_}


ROW = {"query": {"serviceName": "Azure App Service", "skuName": "P1 v3"}}


def refresh(server: Api, *rows: Price) -> tuple[list[Price], list[str]]:
    return refreshed(rows, ["eastus2"], DAY, f"http://127.0.0.1:{server.server_port}/prices")


def test_a_price_is_found_on_a_later_page(api: Api) -> None:
    api.pages = [[item(9, "1 GB"), item(8, type_="Reservation")], [item(0.155)]]
    rows, notes = refresh(api, price("plan", 1, **ROW))
    assert notes == []
    (known,) = [each for each in rows if each.region == "eastus2"]
    assert (known.amount, known.date, known.query) == (0.155, DAY, {})
    assert known.source.startswith("http")


def test_the_query_is_a_filter(api: Api) -> None:
    api.pages = [[item(1)]]
    refresh(api, price("plan", 1, query={"skuName": "it's"}), price("other", 1))
    (asked,) = api.asked
    assert asked["$filter"] == ["skuName eq 'it''s' and armRegionName eq 'eastus2' and priceType eq 'Consumption'"]
    assert asked["currencyCode"] == ["'USD'"]


@pytest.mark.parametrize("page", [[], [item(1), item(2)]])
def test_an_unclear_answer_changes_nothing(api: Api, page: list[Any]) -> None:
    api.pages = [page]
    rows, notes = refresh(api, price("plan", 1, **ROW))
    assert [each.amount for each in rows] == [1]
    assert "the row stays as it is" in notes[0]


def test_a_next_page_elsewhere_is_refused(api: Api) -> None:
    api.pages, api.next_page = [[], []], "http://elsewhere.example/prices?page=1"
    with pytest.raises(UsageError, match="elsewhere"):
        refresh(api, price("plan", 1, **ROW))


def test_no_answer_is_a_message() -> None:
    with pytest.raises(UsageError, match="no answer that can be read"):
        refreshed([price("plan", 1, **ROW)], ["eastus2"], DAY, "http://127.0.0.1:1/prices")


def test_the_file_is_written_as_it_is_read() -> None:
    text = head_comment() + "".join(row_text(each) for each in prices())
    assert parse_document(text, list[Price], "facts/prices.yaml") == prices()
