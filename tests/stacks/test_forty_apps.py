"""Forty apps in one stack: entries in the stack file and nothing else; a limit of Azure is told by its name."""

from __future__ import annotations

import json
from datetime import date

import pytest

from assurance.check.audit import audit
from assurance.reach.report import reach
from policies.exceptions import Register
from stacks.settings.reading.parse import SettingsError, parse
from tests.harness import project_record
from tests.projects import Config, stack_config

COUNT = 40


def config(count: int = COUNT, hosts: int = 1) -> Config:
    """Production with ``count`` apps in place of its own four: APIs, web sites and marketing sites."""
    made = stack_config("prod")
    template = made["medspasync:apps"]["marketing"]
    made["medspasync:apps"] = {
        f"app{n}": {
            **template,
            "hostNames": [f"h{host}-app{n}.medspasyncpro.com" for host in range(hosts)],
            "exposure": "api" if n % 10 == 0 else ("web", "marketing")[n % 2],
            "staticPaths": [] if n % 10 == 0 else ["/static/*"],
        }
        for n in range(count)
    }
    made["medspasync:eventBus"] = {"tier": "none"}
    made["medspasync:slo"] = {}
    made["medspasync:monitoring"]["availabilityTests"] = {}
    return made


def test_the_record_holds_and_every_app_is_there() -> None:
    wanted = config()
    made = project_record(wanted)
    assert made.problems == []
    for type_ in ("web:WebApp", "web:WebAppSlot", "cdn:AFDOrigin", "cdn:AFDCustomDomain"):
        assert len(made.of_type(type_)) == COUNT, type_
    with_static_paths = [app for app in wanted["medspasync:apps"].values() if app["staticPaths"]]
    assert len(made.of_type("cdn:RuleSet")) == COUNT + len(with_static_paths)
    assert len(made.of_type("cdn:AFDEndpoint", "frontdoor:Policy")) == 6
    found = reach(made)
    assert found.report.with_status("fail") == []
    assert {host.name for host in found.hosts} == {
        host for app in wanted["medspasync:apps"].values() for host in app["hostNames"]
    }


def test_every_rule_holds_on_every_app() -> None:
    report = audit(project_record(config()), Register(trusted=Register.load().trusted), date(2027, 1, 1))
    # Service levels (medspasync:slo) and tests from outside are left out: the floor says so of every app, and once.
    failed = {(f.rule, f.name) for f in report.with_status("fail")}
    assert {rule for rule, _ in failed} == {"FLOOR-AVAILABILITY", "FLOOR-SLO"}
    assert len(failed) == 41


@pytest.mark.parametrize(
    ("count", "hosts", "told"),
    [
        (101, 5, "at most 500 custom domains; the apps need 505"),
        (201, 1, "at most 200 origin groups; the apps need 201"),
        (130, 1, "private endpoints"),
    ],
)
def test_a_limit_is_told_by_its_name(count: int, hosts: int, told: str) -> None:
    text = {k: v if isinstance(v, str) else json.dumps(v) for k, v in config(count, hosts).items()}
    with pytest.raises(SettingsError) as error:
        parse(text, "Pulumi.prod.yaml")
    assert told in str(error.value)
