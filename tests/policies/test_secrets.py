"""What looks like a secret: one adapter over detect-secrets and our own detectors."""

from __future__ import annotations

from datetime import date

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

from assurance.check.audit import audit
from assurance.record import Record, Resource
from facts.secret_inputs import is_secret_input, says_secret
from policies.exceptions import Register
from policies.secrets import MARKS, is_random, shapes

SECRETS = (
    "AKIA" + "0123456789ABCDEF",
    "xoxb-" + "0123456789-abcdefghij",
    "glpat-" + "0123456789abcdefghij",
    "https://hooks.slack.com/services/T0000/B0000/" + "abcdefghijklmnop",
    "-----BEGIN RSA PRIVATE KEY-----",
    "npm//registry.npmjs.org/:_authToken=" + "npm_0123456789abcdef",
    "Server=db;User=a;Pwd='correct-horse'",
    '{"adminPassword": "correct-horse"}',
    "curl -H 'Authorization: Bearer 0123456789abcdef'",
    "https://discord.com/api/webhooks/123456/abc",
)
NO_SECRETS = (
    "",
    "Reset your password = see the help page.".replace("= see", "on"),
    "postgresql://db.internal/medspasync?sslmode=verify-full",
    "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/DB-PASSWORD)",
    "/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-password",
    "Password={password}",
)


@pytest.mark.parametrize("text", SECRETS)
def test_secret_has_a_shape_that_is_known(text: str) -> None:
    assert list(shapes(text))


@pytest.mark.parametrize("text", NO_SECRETS)
def test_plain_text_has_no_shape(text: str) -> None:
    assert list(shapes(text)) == []


def test_every_detector_of_the_package_is_decided() -> None:
    theirs = get_mapping_from_secret_type_to_class().values()
    assert {each.__name__ for each in theirs if issubclass(each, RegexBasedDetector)} == MARKS.keys()


def test_random_text_is_told_from_identifiers() -> None:
    assert is_random("q3Vf8kPz0LmX7rTn2WcYb5JdHs9GaE4u")
    assert is_random("0f1e2d3c4b5a69788796a5b4c3d2e1f0")
    for text in ("id-mss-prod-backend-and-much-more", "4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "20261129", "a" * 40):
        assert not is_random(text)


def test_names_say_secret_or_take_it_back() -> None:
    assert all(
        map(says_secret, ("jwtSecret", "DB_PASSWORD", "api-key", "redisUrl", "STORAGE_SAS", "INTERNAL_API_KEYS"))
    )
    assert not any(
        map(
            says_secret,
            ("TOKEN_TTL_MINUTES", "PASSWORD_MIN_LENGTH", "KEY_VAULT_NAME", "COMPASS", "disableAccessKeyAuth"),
        )
    )
    assert is_secret_input("sourceServerPassword")
    assert not is_secret_input("passwordAuth")


@pytest.mark.parametrize(
    ("outputs", "status"),
    [
        ({"url": "https://x.example"}, "pass"),
        ({"databasePassword": "[secret]"}, "pass"),
        ({"jobs": {"credentials": "job-credentials"}}, "pass"),
        ({"databasePassword": "correct-horse"}, "fail"),
        ({"keys": [{"primaryKey": "correct-horse"}]}, "fail"),
        ({"note": "sk_live_" + "0123456789abcdefghijklmnop"}, "fail"),
        ({"seed": "q3Vf8kPz0LmX7rTn2WcYb5JdHs9GaE4u"}, "fail"),
    ],
)
def test_output_in_plain_text_is_judged(outputs: dict[str, object], status: str) -> None:
    job = Resource("u", "i", "azure-native:app:Job", "j", "", {"jobName": "job-credentials"}, {})
    report = audit(Record("x", "deployed", [job], outputs), Register(), date(2026, 11, 29), rules=())
    assert [finding.status for finding in report.findings if finding.rule == "SEC-OUTPUTS"] == [status]
