"""What a newcomer reads of a mistake in a stack file: the line, the key, what stands there and what may, in words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from documents.problems import DocumentError
from stacks.recording import stack_config
from tests.harness import ROOT
from tests.projects import MINIMAL

TEXT = MINIMAL.read_text(encoding="utf-8")
Change = tuple[str, str]

WRONG: dict[str, tuple[Change, str, str]] = {
    # numbers and words that YAML reads as something else
    "leading zero": (("code: min", "code: 0123"), "platform.code = 0123", '"0123" in quotes'),
    "exponent": (("code: min", "code: 1e3"), "platform.code = 1e3", '"1e3" in quotes'),
    "hexadecimal": (("code: min", "code: 0x1f"), "platform.code = 0x1f", '"0x1f" in quotes'),
    "number for text": (("costCenter: tests", "costCenter: 4711"), "platform.costCenter = 4711", 'in quotes: "4711"'),
    "version": (('"17"', "17"), "database.version = 17", 'put it in quotes: "17"'),
    "half a version": (('"17"', "17.2"), "database.version", "did you mean 17?"),
    "no": (("owner: platform-engineering", "owner: no"), "platform.owner = 'no'", '"no" in quotes'),
    "yes": (("dataClassification: test-data", "dataClassification: yes"), "dataClassification = 'yes'", "in quotes"),
    "bare date": (('"2026-11-01"', "2026-11-01"), "vaults.rotatedOn", "a date in quotes"),
    "German date": (('"2026-11-01"', '"1.11.2026"'), "vaults.rotatedOn = '1.11.2026'", 'like "2026-11-01"'),
    "no such month": (('"2026-11-01"', '"2026-13-01"'), "vaults.rotatedOn", 'like "2026-11-01"'),
    "number with comma": (("amount: 100", "amount: 6,000"), "budget.000 = null", "6000 and not 6,000"),
    "number in quotes": (("amount: 100", 'amount: "100"'), "budget.amount = '100'", "without quotes"),
    "dollars": (("amount: 100", "amount: $100"), "budget.amount = '$100'", "a number, more than 0"),
    "nothing": (("owner: platform-engineering", "owner:"), "platform.owner = null", "nothing stands here"),
    "comment": (("owner: platform-engineering", "owner: #1"), "platform.owner = null", "nothing stands here"),
    "variable": (("owner: platform-engineering", "owner: ${OWNER}"), "platform.owner", "nothing replaces"),
    "text for list": (("emails: [ops@example.org]", "emails: ops@example.org"), "emails", "write [ops@example.org]"),
    "number for list": (("sizesGb: [128]", "sizesGb: 128"), "storage.sizesGb = 128", "write [128]"),
    "unit": (("sizesGb: [128]", "sizesGb: [128GB]"), "sizesGb[0] = '128GB'", "a whole number"),
    "no such size": (("sizesGb: [128]", "sizesGb: [100]"), "sizesGb = [100]", "sizes out of 32, 64, 128"),
    "a fraction": (("minimum: 2,", "minimum: 2.5,"), "instances.minimum = 2.5", "a whole number, 1 to 30"),
    # names
    "capitals": (("exposure: api", "exposure: API"), "backend.exposure = 'API'", "did you mean api?"),
    "another word": (("exposure: api", "exposure: public"), "backend.exposure", "one of api, web, marketing"),
    "class in capitals": (("test-data", "TestData"), "platform.dataClassification", "did you mean test-data?"),
    "region's title": (("centralus", "Central US"), "platform.location", "did you mean centralus?"),
    "misspelt plan": (("plan: main", "plan: mian"), "backend.plan = 'mian'", "did you mean main?"),
    "plan size": (("P0v3", "P0V3"), "main.sku = 'P0V3'", "did you mean P0v3?"),
    "runtime": (("22-lts", "22"), "runtime.node = 22", "did you mean 22-lts?"),
    "underscore in secret": (("JWT-SECRET", "JWT_SECRET"), "backend.secrets[1]", "did you mean JWT-SECRET?"),
    "unknown secret": (("JWT-SECRET", "JWT-SECRETS"), "backend.secrets", "did you mean JWT-SECRET?"),
    "too long": (("short: mss", "short: medspasync"), "platform.short", "at most 5 characters"),
    "host as address": (
        ("api.example.org", "https://api.example.org/"),
        "hostNames[0]",
        "did you mean api.example.org?",
    ),
    "host in capitals": (("api.example.org", "API.example.org"), "hostNames[0]", "did you mean api.example.org?"),
    "wildcard": (("[api.example.org]", "['*.example.org']"), "hostNames[0]", "a host name in lower case"),
    "umlaut": (("api.example.org", "bücher.example.org"), "hostNames[0]", "a host name in lower case"),
    "underscore in host": (
        ("api.example.org", "my_api.example.org"),
        "hostNames[0]",
        "did you mean my-api.example.org?",
    ),
    "port in host": (("api.example.org", "api.example.org:443"), "hostNames[0]", "a host name in lower case"),
    "no mailbox": (("[ops@example.org]", "[ops at example.org]"), "emails[0]", "the mailbox of a role, like ops@"),
    "named mailbox": (("[ops@example.org]", "['Ops <ops@example.org>']"), "emails[0]", "the mailbox of a role"),
    # addresses
    "host bits": (("apps: 10.20.0.0/24", "apps: 10.20.0.5/24"), "subnets.apps", "did you mean 10.20.0.0/24?"),
    "no prefix": (("apps: 10.20.0.0/24", "apps: 10.20.0.0"), "subnets.apps", "a private address range, like"),
    "outside": (("apps: 10.20.0.0/24", "apps: 10.21.0.0/24"), "subnets.apps", "inside addressSpace 10.20.0.0/16"),
    "overlap": (("10.20.1.0/24", "10.20.0.0/24"), "subnets.postgres", "does not overlap subnets.apps"),
    # keys
    "key in snake case": (("rotatedOn", "rotated_on"), "vaults.rotated_on", "did you mean rotatedOn?"),
    "key in lower case": (("hostNames", "hostnames"), "backend.hostnames", "did you mean hostNames?"),
    "missing section": (("  medspasync:waf: {}\n", ""), "medspasync:waf = (missing)", "Firewall and rate limits"),
    "misspelt section": (("medspasync:waf", "medspasync:wfa"), "medspasync:wfa", "did you mean waf?"),
    "section without project": (("medspasync:waf", "waf"), "waf = 'waf'", "did you mean medspasync:waf?"),
    "empty section": (("medspasync:waf: {}", "medspasync:waf:"), "medspasync:waf = null", "{} stands for its defaults"),
    "key twice": (
        ("  medspasync:waf: {}", "  medspasync:waf: {}\n  medspasync:waf: {}"),
        "medspasync:waf",
        "each key once",
    ),
    "forgotten --path": (
        ("  medspasync:waf: {}", '  medspasync:waf: {}\n  medspasync:database.backupDays: "30"'),
        "medspasync:database.backupDays",
        "pulumi config set --path 'medspasync:database.backupDays'",
    ),
    "secret without --path": (
        ("  medspasync:waf: {}", "  medspasync:waf: {}\n  medspasync:secrets.LOGIN: {secure: v1:x}"),
        "medspasync:secrets.LOGIN = (not shown)",
        "--secret --path 'medspasync:secrets.LOGIN'",
    ),
    "secret beside its section": (
        ("  medspasync:waf: {}", "  medspasync:waf: {}\n  medspasync:LOGIN: {secure: v1:x}"),
        "medspasync:LOGIN = (not shown)",
        "--secret --path 'medspasync:secrets.LOGIN'",
    ),
    "plain secret beside": (
        ("  medspasync:waf: {}", "  medspasync:waf: {}\n  medspasync:LOGIN: hunter2"),
        "medspasync:LOGIN = (not shown)",
        "--secret --path 'medspasync:secrets.LOGIN'",
    ),
    # what YAML itself refuses
    "tab": (("    short", "\tshort"), "", "no tab"),
    "one space too many": (("    short", "     short"), "", "the same number of spaces"),
    "no space after colon": (("short: mss", "short:mss"), "", "a space behind the colon"),
    "colon in text": (("owner: platform", "owner: team: platform"), "", "text with a colon in it in quotes"),
    "open list": (("[128]", "[128"), "", "ends with ]"),
    "open quotes": (("owner: platform", "owner: 'platform"), "", "at both ends of a text"),
    "star": (("owner: platform", "owner: *platform"), "", "begins with * in quotes"),
    "at": (("owner: platform", "owner: @platform"), "", "special first character in quotes"),
    "two documents": (("    budget:", "---\n    budget:"), "", "no line --- inside"),
    "misspelt config": (("config:", "confg:"), "confg", "did you mean config?"),
}
JARGON = re.compile(r"\^\[|\(\?|Input should|value error|\bNone\b|\bTrue\b|\bFalse\b|pattern|Traceback|NoneType|__")


def told(folder: Path, content: str | bytes) -> list[str]:
    """What is told of a stack file with this content."""
    (folder / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    (folder / "Pulumi.new.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        with stack_config(folder, "new", "%s"):
            return []
    except DocumentError as error:
        return [str(problem) for problem in error.problems]


@pytest.mark.parametrize("name", WRONG)
def test_message_says_what_may_stand(name: str, tmp_path: Path) -> None:
    (old, new), key, allowed = WRONG[name]
    assert old in TEXT
    content = TEXT.replace(old, new, 1)
    messages = told(tmp_path, content)
    (message,) = [each for each in messages if key in each and allowed in each] or [""]
    assert message, messages
    assert re.match(r"Pulumi\.new\.yaml:\d+: ", message) or "(missing)" in message, message
    assert "hunter2" not in message
    for each in messages:
        assert not JARGON.search(each), each


BYTES = {
    "latin-1": (TEXT.replace("platform-engineering", "Müller").encode("latin-1"), "UTF-8: save it in this encoding"),
    "UTF-16": (TEXT.encode("utf-16"), "UTF-16"),
    "UTF-16 unmarked": (TEXT.encode("utf-16-le"), "not UTF-16"),
    "binary": (bytes(range(256)), "UTF-8"),
    "nothing": (b"", "`assurance new` writes a whole file"),
    "a comment": (b"# nothing yet\n", "`assurance new` writes a whole file"),
    "a list": (b"- a\n", "a mapping of keys"),
}


@pytest.mark.parametrize("name", BYTES)
def test_file_that_is_none_is_explained(name: str, tmp_path: Path) -> None:
    content, expected = BYTES[name]
    (message,) = told(tmp_path, content)
    assert expected in message


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + TEXT.encode(), TEXT.replace("\n", "\r\n").encode()])
def test_windows_files_are_read(content: bytes, tmp_path: Path) -> None:
    assert told(tmp_path, content) == []


def test_mistakes_of_every_kind_in_one_round(tmp_path: Path) -> None:
    """Of form, of sections by themselves, and between those sections that are right; then that more may follow."""
    content = TEXT.replace("tier: GeneralPurpose", "tier: Big").replace("plan: main", "plan: mian")
    content = content.replace('rotatedOn: "2026-11-01"', "rotatedOn: 2026-11-01").replace(
        "owner: platform", "owner: no #"
    )
    messages = told(tmp_path, content)
    for part in ("database.tier", "apps.backend.plan", "vaults.rotatedOn", "platform.owner"):
        assert sum(part in message for message in messages) == 1, messages
    assert "(more may follow)" in messages[-1]
