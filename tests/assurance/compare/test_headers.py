"""What a header's new value means to a browser: weaker, stronger or the same."""

from __future__ import annotations

import pytest

from assurance.compare.posture.headers import judge_header

CSP = "default-src 'self'; script-src 'self' https://js.stripe.com; object-src 'none'; frame-ancestors 'none'"
HSTS = "max-age=63072000; includeSubDomains; preload"


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("Strict-Transport-Security", HSTS, HSTS.replace("63072000", "94608000"), None),
        ("Strict-Transport-Security", HSTS, HSTS.replace("63072000", "300"), "max-age=63072000 → max-age=300"),
        ("Strict-Transport-Security", HSTS, HSTS.replace("; includeSubDomains", ""), "no includesubdomains"),
        ("Content-Security-Policy", CSP, CSP + "; upgrade-insecure-requests", None),
        ("Content-Security-Policy", CSP + "; upgrade-insecure-requests", CSP, "no upgrade-insecure-requests"),
        ("Content-Security-Policy", CSP, CSP.replace(" https://js.stripe.com", ""), None),
        ("Content-Security-Policy", CSP, CSP.replace("'self' https", "'self' 'unsafe-eval' https"), "'unsafe-eval'"),
        ("Content-Security-Policy", CSP, CSP.replace("; object-src 'none'", ""), "object-src 'self'"),
        ("Content-Security-Policy", CSP, CSP.replace("; frame-ancestors 'none'", ""), "frame-ancestors anything"),
        ("Content-Security-Policy", CSP, CSP.replace("'none'; frame", "*; frame"), "object-src anything"),
        ("Content-Security-Policy", "object-src 'none'", "default-src 'self'; object-src 'none'", None),
        ("Permissions-Policy", "camera=(self)", "camera=()", None),
        ("Permissions-Policy", "camera=(), usb=()", "camera=()", "usb for self"),
        ("Permissions-Policy", "camera=()", "camera=*", "camera for *"),
        ("X-Frame-Options", "SAMEORIGIN", "DENY", None),
        ("X-Frame-Options", "DENY", "SAMEORIGIN", "DENY → SAMEORIGIN"),
        ("Referrer-Policy", "strict-origin-when-cross-origin", "unsafe-url", "unsafe-url"),
        ("Cache-Control", "no-store", "private, max-age=60", "no-store → private"),
        ("Cross-Origin-Resource-Policy", "cross-origin", "same-site", None),
        ("X-Own", "a", "b", "a → b"),
    ],
)
def test_header_is_judged_by_its_meaning(name: str, old: str, new: str, told: str | None) -> None:
    """told: what makes it weaker; None: it is stronger, and back again it is weaker."""
    verdict, what = judge_header(name, old, new)
    assert verdict == ("weaker" if told else "stronger"), what
    assert told is None or told in what
    assert judge_header(name, old, old)[0] is None
    if name != "X-Own":
        assert judge_header(name, new, old)[0] == ("stronger" if told else "weaker")
