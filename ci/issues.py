"""Issues that the clock opens: what was found, and what is due. One open issue for each subject."""

import re
from pathlib import Path

from assurance.errors import UsageError
from ci.github import GitHub

LABEL = "by-the-clock"
QUARTERLY = Path(__file__).parents[1] / "docs" / "maintenance.md"
LIMIT = 60_000
"""Characters of an issue; GitHub takes 65,536."""


def open_issue(github: GitHub, title: str, body: str) -> str:
    """Open an issue, or add to the open one of this title; says which."""
    text = body if len(body) <= LIMIT else f"{body[:LIMIT]}\n\n… cut off; the run's artifact has all of it"
    for issue in github.pages("issues", state="open", labels=LABEL):
        if issue["title"] == title:
            github.send("POST", f"issues/{issue['number']}/comments", {"body": text})
            return f"added to issue {issue['number']}"
    made = github.send("POST", "issues", {"title": title, "body": text, "labels": [LABEL]})
    return f"opened issue {made['number']}"


def assessment(page: str, quarter: str) -> tuple[str, str]:
    """Title and checklist of the quarter's assessment, from docs/maintenance.md. Raises UsageError without a list."""
    found = re.search(r"(?ms)^## Quarterly assessment\n(.*?)(?=^## |\Z)", page)
    items = re.findall(r"(?ms)^\d+\. (.*?)(?=^\d+\. |\Z)", found[1]) if found else []
    if not items:
        raise UsageError("docs/maintenance.md: no numbered list under `## Quarterly assessment`")
    lines = "\n".join(f"- [ ] {' '.join(item.split())}" for item in items)
    text = (
        f"The assessment of {quarter} is due (docs/maintenance.md; 45 CFR 164.308(a)(8)). Tick what is done, write "
        f"what was found and decided below, and close this: the closed issue is the record.\n\n{lines}\n"
    )
    return f"Quarterly assessment {quarter}", text
