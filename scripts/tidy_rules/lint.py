"""clang-tidy on what build/dev compiles."""

import concurrent.futures
import json
import os
import re
import shlex
import sys
import time
import typing

from tidy_rules.includes import Includes
from tidy_rules.lint_cache import Cache
from tidy_rules.llvm import find, parse
from tidy_rules.tree import Problem

EXPECTED = {
    "readability-function-size": "at most 70 lines and 5 parameters",
    "readability-identifier-naming":
        "snake_case, name_ for private members, CamelCase in templates",
}
# clang 14 has coroutines with libstdc++ but does not say so, and Boost 1.74
# then leaves its own out.
COROUTINES = ["-D__cpp_impl_coroutine=201902L", "-DBOOST_ASIO_HAS_CO_AWAIT=1"]


def lint(tree, everything, left_out=()):
    """Of everything or of what was changed, without the folders left out."""
    tool = find("clang-tidy")
    if not tool:
        return
    units = compiled(tree)
    includes = Includes(tree)
    known = set().union(*(unit.members for unit in units))
    for path in tree.cpp:
        if path.endswith((".cpp", ".c")) and path not in known:
            yield Problem(path, 1, "not compiled in build/dev",
                          "it in a SOURCES list, and cmake --preset dev run")
    if not everything:
        changed = changes(tree)
        units = [unit for unit in units
                 if changed.intersection(includes.closure(unit.members))]
    units = [unit for unit in units
             if not all(path.startswith(left_out) for path in unit.members)]
    cache = Cache(tree, includes, tool)
    seen = set()
    at_once = int(os.environ.get("IRIS_JOBS") or os.cpu_count())
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        jobs = [pool.submit(cache.run, unit) for unit in units]
        for job in told(jobs):
            yield from filter_new(seen, parse(tree, job.result()))


def told(jobs):
    """The jobs, and each 20 s on stderr how many of them are behind us."""
    last = time.monotonic()
    for done, job in enumerate(jobs):
        if time.monotonic() - last > 20:
            last = time.monotonic()
            print(f"tidy: clang-tidy: {done} of {len(jobs)} files …",
                  file=sys.stderr, flush=True)
        yield job


def filter_new(seen, diagnostics):
    """A header's problems appear once, however many files include it."""
    for path, line, text, name in diagnostics:
        if (path, line, text) not in seen:
            seen.add((path, line, text))
            yield Problem(path, line, text, EXPECTED.get(name, f"no {name}"))


class Unit(typing.NamedTuple):
    """What build/dev compiles as one: `path`, with the sources of ours that it
    consists of."""
    path: str
    members: tuple
    flags: tuple


def compiled(tree):
    try:
        with open(tree.at("build/dev/compile_commands.json")) as file:
            entries = json.load(file)
    except FileNotFoundError:
        raise SystemExit("tidy: build/dev is not configured, expected "
                         "cmake --preset dev to have run (or use --quick)")
    units = {}
    for entry in entries:
        path = os.path.relpath(entry["file"], tree.root)
        members = tuple(os.path.relpath(x, tree.root)
                        for x in sources(entry["file"]))
        members = tuple(filter(tree.has, members))
        if members:
            units[path] = Unit(path, members,
                               tuple(flags(shlex.split(entry["command"]))))
    return list(units.values())


def sources(file):
    """A file, or those that CMake has made one of (CMAKE_UNITY_BUILD)."""
    if not os.path.basename(file).startswith("unity_"):
        return [file]
    with open(file) as unity:
        return re.findall(r'^#include "(.*)"$', unity.read(), re.MULTILINE)


def flags(command):
    """What clang understands of a command for g++, precompiled header left
    out."""
    kept, words = [], iter(command)
    for word in words:
        if word in ("-o", "-include", "-Xclang", "-MF", "-MT"):
            next(words)
        elif word.startswith(("-I", "-D", "-std=", "-W")):
            kept.append(word)
        elif word == "-isystem":
            kept += [word, next(words)]
    kept = [f for f in kept if f not in ("-Werror", "-Winvalid-pch")]
    return kept + COROUTINES


def changes(tree):
    """Files that differ from the branch main, or are new."""
    base = "HEAD"
    for branch in ("origin/main", "main"):
        found = tree.git("merge-base", "HEAD", branch)
        if found:
            base = found.strip()
            break
    changed = tree.git("diff", "--name-only", base)
    new = tree.git("ls-files", "-o", "--exclude-standard")
    if changed is None or new is None:
        return set(tree.paths)
    return set((changed + new).splitlines())
