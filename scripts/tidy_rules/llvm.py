"""clang-format and clang-tidy: which version, and what they print."""

import os
import re
import shutil
import subprocess
import sys

from tidy_rules.tree import Problem

# The version of Debian 12. Others format and warn differently.
VERSION = "14"
DIAGNOSTIC = re.compile(
    r"^(.+?):(\d+):\d+: (?:warning|error): (.+?)(?: \[([\w.-]+)[\w.,-]*\])?$")


def find(tool):
    """The path of `tool` in our version; None, with a note, for another."""
    for name in (f"{tool}-{VERSION}", tool):
        path = shutil.which(name)
        if path and f"version {VERSION}." in version_of(path):
            return path
    if not shutil.which(tool):
        raise SystemExit(f"tidy: {tool} not found, run scripts/setup")
    print(f"tidy: {tool} is not version {VERSION}: not run", file=sys.stderr)
    return None


def version_of(path):
    return subprocess.run([path, "--version"], capture_output=True, text=True,
                          check=True).stdout


def parse(tree, text):
    """The diagnostics in a tool's output, each as (path, line, text, name)."""
    for line in text.splitlines():
        match = DIAGNOSTIC.match(line)
        if match:
            path = os.path.relpath(os.path.join(tree.root, match[1]), tree.root)
            yield path, int(match[2]), match[3], match[4]


def formatting(tree):
    tool = find("clang-format")
    if not tool or not tree.cpp:
        return
    run = subprocess.run([tool, "-n", "-Werror", *tree.cpp], cwd=tree.root,
                         capture_output=True, text=True)
    seen = set()
    for path, line, _, _ in parse(tree, run.stderr):
        if path not in seen:
            seen.add(path)
            yield Problem(path, line, "not formatted",
                          f"what `clang-format -i {path}` makes of it")
