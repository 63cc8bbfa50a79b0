"""The placeholder answers a health check, and nothing else."""

from __future__ import annotations

import importlib.util
from urllib.request import Request, urlopen

from tests.harness import ROOT
from tests.loopback import serving


def test_placeholder_answers_every_path() -> None:
    spec = importlib.util.spec_from_file_location("placeholder", ROOT / "samples/placeholder/server.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with serving(module.Placeholder) as address:
        for method, path in (("GET", "/healthz"), ("GET", "/"), ("HEAD", "/any")):
            with urlopen(Request(f"{address}{path}", method=method)) as answer:
                assert answer.status == 200
                assert answer.headers["Cache-Control"] == "no-store"
