"""The pages: their structure, that they stand alone, that every link leads somewhere, that data is never markup."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from assurance.cli import app
from assurance.evidence.report import report_page
from assurance.evidence.review import review
from tests.assurance.evidence.made import STACKS, altered, evidence, evidence_of, files, text
from tests.harness import ROOT, shared_record

PAGES = [path for stack in STACKS for path in (f"{stack}/report.html", f"{stack}/review.html")] + ["index.html"]
VOID = {"meta", "input", "br", "link", "img"}


class Page(HTMLParser):
    """What a page is made of. open: elements that were not closed."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()
        self.links: list[str] = []
        self.tags: Counter[str] = Counter()
        self.headings: list[str] = []
        self.labelled: list[dict[str, Any]] = []
        self.open: list[str] = []
        self._heading = False
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        given = dict(attrs)
        self.tags[tag] += 1
        if given.get("id"):
            self.ids[given["id"]] += 1
        self.links += [given[name] for name in ("href", "src") if given.get(name)]
        if tag == "h2":
            self._heading = True
            self.headings.append("")
        if tag in ("table", "label", "input") or given.get("role") == "region":
            self.labelled.append({"tag": tag, **given})
        if tag not in VOID and not tag.startswith("path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._heading = self._heading and tag != "h2"
        if tag in self.open:
            self.open.reverse()
            self.open.remove(tag)
            self.open.reverse()

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings[-1] += data


@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_alone_and_is_whole(path: str) -> None:
    page = Page(text(path))
    assert [id_ for id_, count in page.ids.items() if count > 1] == []
    loaded = [link for link in page.links if re.match(r"(https?:)?//", link)]
    assert loaded == []
    folder = path.rpartition("/")[0]
    for link in page.links:
        target, _, place = link.partition("#")
        file = "/".join(part for part in (folder, target) if part) if target else path
        assert file in files(), f"{path}: {link}"
        assert not place or f'id="{place}"' in text(file), f"{path}: {link}"
    assert page.open in ([], ["html"])
    assert page.tags["main"] == page.tags["h1"] == 1
    assert 'lang="en"' in text(path)
    assert all(each.get("aria-label") for each in page.labelled if each.get("role") == "region")


def test_the_report_has_every_section_in_order() -> None:
    assert Page(text("prod/report.html")).headings == [
        "The Security Rule, from top to bottom",
        "What to look at",
        "What holds, and what there was nothing to examine for",
        "Inventory",
        "Where patients' data enters, rests, moves and leaves",
        "What depends on what",
        "Logs, alerts, encryption, access",
        "Registers: what people sign",
        "What an audit usually asks for first",
        "The proposed Security Rule: not law",
        "Run it again",
    ]


def test_every_printed_page_names_stack_commit_and_basis() -> None:
    basis = evidence("prod").report.basis
    head = re.search(r'@top-left \{ content: "([^"]*)"', text("prod/report.html"))
    assert head is not None
    for part in ("prod", (basis["commit"] or "no commit")[:12], "declared configuration, seen offline"):
        assert part in head[1]


def test_each_loud_finding_tells_seen_place_and_control() -> None:
    markup = text("dev/report.html")
    loud = evidence("dev").report.with_status("fail", "warn", "excepted", "unchecked")
    assert loud
    for finding in loud:
        assert f'id="r-{finding.rule}' in markup
        assert f'href="#c-{"-".join(re.findall(r"[0-9a-zA-Z]+", finding.controls[0]))}"' in markup
        if finding.source:
            assert f"{finding.source['file']}:{finding.source['line']}" in markup


def test_every_control_names_the_command_that_reruns_it() -> None:
    markup = text("prod/report.html")
    for row in evidence("prod").controls:
        judged = [rule for rule, counts in row.rules.items() if set(counts) != {"not-applicable"}]
        if judged:
            assert re.search(rf"assurance check --record \S+ --at 2026-11-29[^<]* --only {judged[0]}\b", markup)


def test_text_of_a_record_is_never_markup() -> None:
    evil = "</style><script>alert(1)</script>\"'"

    def change(record: Any) -> None:
        record.resources[30].name = evil
        record.basis["commit"] = evil
        for resource in record.of_type("web:WebApp"):
            resource.inputs["tags"] = {"owner": evil}
            resource.name = evil

    page = report_page(evidence_of(altered("dev", change)))
    assert "<script>alert" not in page
    assert Page(page).tags["script"] == 1


def test_the_review_has_every_setting_with_its_relaxation() -> None:
    settings = {each.key: each for each in review(evidence("dev"), ROOT, "prod").settings}
    protect = settings["medspasync:protection.protect"]
    assert (protect.value, protect.default, protect.elsewhere) == ("false", "true", "true")
    assert any("EXC-DEV-PROTECTION" in each for each in protect.relaxes)
    assert "refuses to delete" in protect.does
    assert any(not each.given for each in settings.values())
    zones = settings["medspasync:plans.main.zoneRedundant"]
    assert "APP-ZONES" in zones.rules
    assert zones.does, "also below a name of one's own"
    assert all(each.line for each in settings.values() if each.given)


def test_check_writes_the_report_of_one_stack(tmp_path: Path) -> None:
    saved, page = tmp_path / "record.json", tmp_path / "report.html"
    saved.write_text(shared_record("dev").to_json(), encoding="utf-8")
    arguments = ["check", "--record", str(saved), "--rules-only", "--html", str(page)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert Page(page.read_text()).headings[0] == "The Security Rule, from top to bottom"
    refused = CliRunner().invoke(app, ["check", "--html", str(page)])
    assert refused.exit_code == 2
    assert "name one" in refused.output


AXE = os.environ.get("AXE_CORE") or ROOT / "lighthouse" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
RUN = """<script>addEventListener("load", () => axe.run().then((found) => {
const told = found.violations.map((each) => each.impact + ":" + each.id).join(" ");
document.documentElement.innerHTML = "<p>" + told + "</p>";
}));</script>"""


@pytest.mark.skipif(not (CHROMIUM and Path(AXE).is_file()), reason="needs Chromium, and axe-core (AXE_CORE=axe.min.js)")
@pytest.mark.parametrize("path", ["index.html", "dev/report.html", "dev/review.html"])
def test_axe_finds_nothing_serious(path: str, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    script = f"<script>{Path(AXE).read_text(encoding='utf-8')}</script>{RUN}"
    page.write_text(text(path).replace("</body>", f"{script}</body>"), encoding="utf-8")
    options = ("--headless", "--no-sandbox", "--virtual-time-budget=60000", "--dump-dom")
    done = subprocess.run([str(CHROMIUM), *options, page.as_uri()], capture_output=True, text=True, check=True)
    found = re.search(r"<p>(.*)</p>", done.stdout)
    assert found is not None
    assert [each for each in found[1].split() if each.startswith(("serious", "critical"))] == []
