"""Lines and files. clang-tidy counts functions and parameters."""

import statistics

from tidy_rules.tree import CPP, Problem

FILE_MAX = 700
SOURCES = CPP + (".py", ".awk", ".sh", ".ts", ".tsx", ".js", ".css", ".html",
                 ".cmake", "CMakeLists.txt")
COLUMNS_MAX = {**{end: 80 for end in CPP}, ".ts": 100, ".tsx": 100}
MEDIAN_AIM = 110
P95_AIM = 450


def lines(tree):
    for path in tree.texts:
        limit = next((n for end, n in COLUMNS_MAX.items()
                      if path.endswith(end)), None)
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            if limit and len(line) > limit:
                yield Problem(path, number, f"{len(line)} columns",
                              f"at most {limit}")


def files(tree):
    for path in tree.texts:
        count = len(tree.text(path).splitlines())
        if path.endswith(SOURCES) and count > FILE_MAX:
            yield Problem(path, count, f"{count} lines",
                          f"at most {FILE_MAX}")


def aims(tree):
    """Not problems, but told: what the tree as a whole aims at."""
    counts = sorted(len(tree.text(p).splitlines()) for p in tree.cpp)
    if not counts:
        return
    median = int(statistics.median(counts))
    p95 = counts[int(0.95 * (len(counts) - 1))]
    if median > MEDIAN_AIM:
        yield f"half of all C++ files have {median} lines or more, " \
              f"aim at {MEDIAN_AIM}"
    if p95 > P95_AIM:
        yield f"one C++ file in 20 has {p95} lines or more, aim at {P95_AIM}"
