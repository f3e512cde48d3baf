"""
How long ``import autograd`` takes: the median of several fresh interpreters, over that of bare ones.

Run it with ``python -I benchmarks/import_time.py``, so that it measures what is installed rather than what is near by.
"""

import argparse
import statistics
import subprocess
import sys
import time

RUNS = 21


def milliseconds(statement):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-I", "-c", statement], check=True)
    return 1000.0 * (time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser(description="Time `import autograd`.")
    parser.add_argument("--limit", type=float, help="fail if it takes more milliseconds than this")
    limit = parser.parse_args().limit
    milliseconds("import autograd")  # the first run finds cold files
    bare, importing = [], []
    for _ in range(RUNS):  # in turns, so that a busy machine slows both
        bare.append(milliseconds("pass"))
        importing.append(milliseconds("import autograd"))
    took = statistics.median(importing) - statistics.median(bare)
    print(f"import autograd: {took:.1f} ms over a bare interpreter (median of {RUNS})")
    return limit is not None and took > limit


if __name__ == "__main__":
    sys.exit(main())
