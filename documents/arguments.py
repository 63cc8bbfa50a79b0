"""Command lines of modules that people run by ``python -m``: help that only helps, and wrong arguments told."""

import argparse
import sys
from collections.abc import Mapping, Sequence


def read_arguments(
    module: str, about: str | None, names: Mapping[str, str] | None = None, arguments: Sequence[str] | None = None
) -> list[str]:
    """The values of a module's arguments, in their order; those left out are not among them.

    module: as people run it; about: its docstring; names: of the arguments, each with how many there may be: ``1``, or
    as argparse says it ``?`` (one or none), ``*`` (any number), ``+`` (at least one). Exits with 0 after ``--help``,
    before anything is written, and with 2 for an argument that there is not.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=about, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, count in (names or {}).items():
        parser.add_argument(name, nargs=None if count == "1" else count)
    parsed = vars(parser.parse_args(sys.argv[1:] if arguments is None else arguments))
    values: list[str] = []
    for value in parsed.values():
        values += value if isinstance(value, list) else [value] if value is not None else []
    return values
