"""``make bench``: every benchmark, ratios within one run.

python -m benchmarks            all of them
python -m benchmarks record     one
"""

import importlib
import sys

from documents.arguments import read_arguments

BENCHMARKS = ("record", "judge", "database", "evidence")


def main(names: list[str]) -> int:
    """Run the named benchmarks; 2 for a name that is none."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    for name in names or BENCHMARKS:
        print(f"\n== {name}")
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(read_arguments("benchmarks", f"{__doc__}\n\nBenchmarks: {', '.join(BENCHMARKS)}.", {"NAME": "*"})))
