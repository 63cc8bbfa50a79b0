"""Tests of every room. How records are made and shared: tests/harness.py; what is long: tests/long.py."""

RUN_FOLDER = "MEDSPASYNC_TEST_RUN"
"""The variable that names the folder of this run (tests/conftest.py): nothing in it is older than the run."""
