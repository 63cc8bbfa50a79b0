"""Every alert has a runbook that exists and helps: its parts are there, its links lead somewhere, its queries run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stacks.catalogues.alerts import all_alerts
from stacks.catalogues.log_tables import log_tables
from stacks.catalogues.vault_events import vault_events
from tests.harness import ROOT

FOLDER = ROOT / "docs/runbooks"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.name != "README.md")
PARTS = ["Symptom", "First look", "Decide", "Act", "Tell", "Keep", "HIPAA"]
PROCEDURES = {
    "incident-response", "breach-notification", "disaster-recovery", "data-recovery", "communication",
    "key-compromise", "credential-leak", "key-rotation", "revoke-access", "database-unreachable", "failed-deployment",
    "break-glass", "lost-lock", "lost-state", "lost-key",
}  # fmt: skip


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_every_alert_has_page_and_every_page_reason() -> None:
    named = {entry.runbook for entry in [*all_alerts().values(), *vault_events().values()]}
    assert named | PROCEDURES == {page.stem for page in PAGES}


@pytest.mark.parametrize("page", [p for p in PAGES if p.stem != "communication"], ids=lambda page: page.stem)
def test_page_has_its_parts_in_order_none_empty(page: Path) -> None:
    parts = re.split(r"(?m)^## (.+)$", text(page))
    assert parts[1::2] == PARTS
    assert all(body.strip() for body in parts[2::2])


@pytest.mark.parametrize("page", [*PAGES, FOLDER / "README.md"], ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", text(page))
    assert links or page.stem in ("cost", "communication")
    for link in links:
        assert (page.parent / link).is_file(), link


def test_the_index_names_every_page() -> None:
    assert set(re.findall(r"\]\(([a-z-]+)\.md\)", text(FOLDER / "README.md"))) == {page.stem for page in PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_first_look_asks_tables_that_exist(page: Path) -> None:
    for query in re.findall(r"(?m)^logs '([^']+)'", text(page)):
        first = query.split("|")[0].removeprefix("union withsource=Table ")
        for table in first.split(","):
            assert table.strip() in log_tables(), f"{page.stem}: {table}"


def test_breach_notification_states_outer_limit_and_its_rules() -> None:
    page = text(FOLDER / "breach-notification.md")
    assert "60 calendar days" in page
    for rule in ("164.402", "164.404", "164.406", "164.408", "164.410", "164.412", "164.414"):
        assert rule in page


def test_no_page_names_secret_or_real_identity() -> None:
    for page in PAGES:
        assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", text(page)), page.stem
