"""Who may include whom, judged by the #include lines."""

import re

from tidy_rules.tree import Problem

# From the bottom up. A folder includes itself and the rows before its own.
ROWS = [
    ["base"],
    ["observability", "config", "security", "protocol", "net"],
    ["persistence"],
    ["cluster", "supervision"],
    ["actors", "sdk"],
    ["edge", "admin"],
]
# Rows whose folders don't know each other.
STRANGERS = [ROWS[1], ROWS[3]]
EVERY = [folder for row in ROWS for folder in row]
BESIDE = {
    "clients": ["base", "protocol", "net"],
    "examples": ["base", "protocol", "net", "sdk", "clients"],
    "apps": EVERY + ["clients"],
    "tests": EVERY + ["clients", "apps", "examples"],
}
# Libraries that only some folders may know.
LIBRARIES = {
    "caf/": ["supervision", "cluster", "actors", "sdk", "edge", "admin",
             "apps", "tests"],
    "leveldb/": ["persistence", "tests"],
    "raft.h": ["cluster/raft"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def table():
    """Folder to the folders it may include."""
    allowed, below = dict(BESIDE), []
    for row in ROWS:
        for folder in row:
            peers = [folder] if row in STRANGERS else row
            allowed[folder] = below + peers
        below = below + row
    for folder in BESIDE:
        allowed[folder] = allowed[folder] + [folder]
    return allowed


TABLE = table()


def layers(tree):
    for path in tree.cpp:
        folder = path.split("/")[0]
        if folder not in TABLE:
            yield Problem(path, 1, f"'{folder}' has no place in the layers",
                          "a row in scripts/tidy_rules/layers.py")
            continue
        for number, line in enumerate(tree.text(path).splitlines(), 1):
            match = INCLUDE.match(line)
            if match:
                yield from judge(tree, path, number, match[1], match[2])


def judge(tree, path, number, quote, header):
    folder, target = path.split("/")[0], header.split("/")[0]
    if quote == "<":
        yield from judge_library(tree, path, number, header)
    elif not tree.has(header) and not tree.has(header + ".in"):
        yield Problem(path, number, f'"{header}" is not in the tree',
                      "the path from the root, or <> for a library")
    elif target not in TABLE[folder]:
        yield Problem(path, number, f"{folder}/ includes {target}/",
                      "only " + " ".join(sorted(TABLE[folder])))


def judge_library(tree, path, number, header):
    if tree.has(header):
        yield Problem(path, number, f"<{header}> is ours", f'"{header}"')
    for library, folders in LIBRARIES.items():
        if header.startswith(library) and not any(
                path.startswith(f + "/") for f in folders):
            yield Problem(path, number, f"<{header}> outside of its place",
                          "it only in " + " ".join(folders))
