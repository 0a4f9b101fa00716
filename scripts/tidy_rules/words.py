"""Words that must not appear."""

import re
from typing import NamedTuple

from tidy_rules.tree import ABOUT_RULES, Problem


class Ban(NamedTuple):
    pattern: str
    expected: str
    where: str = r".*"
    but: str = r"(?!)"


# In C++, outside of comments and strings.
CODE = [
    Ban(r"\bsleep_(?:for|until)\b|\bu?sleep\s*\(|\bnanosleep\b",
        "a timer, a condition or virtual time"),
    Ban(r"\bsystem_clock::now\b", "base/clock.hpp", but=r"base/clock\."),
    Ban(r"(?<!operator )\bnew\b", "std::make_unique or a container"),
    Ban(r"(?<!operator )(?<!= )(?<!=)\bdelete\b", "an owner that deletes"),
    Ban(r"\busing\s+namespace\b", "names with their namespace",
        where=r".*\.(?:hpp|h)$"),
]

MACHINES = [
    r"deb\.debian\.org", r"security\.debian\.org", r"snapshot\.debian\.org",
    r"registry\.npmjs\.org", r"registry\.yarnpkg\.com", r"\bpypi\.org",
    r"files\.pythonhosted\.org", r"proxy\.golang\.org", r"\bcrates\.io",
    r"docker\.io\b", r"\bghcr\.io", r"\bgcr\.io", r"\bquay\.io", r"pkg\.dev\b",
]

# In every text file.
TEXT = [
    Ban(r"\b(?:TODO|FIXME|XXX)\b", "it done, or an issue",
        but=r".*\.md$"),
    Ban(r"(?<![\w./}])/(?:work|root)/|/tmp/bash_jobs",
        "no path of one machine"),
    Ban("|".join(MACHINES), "no registry: machines choose their own"),
]


def words(tree):
    for path in tree.texts:
        if path.startswith(ABOUT_RULES):
            continue
        yield from search(TEXT, path, tree.text(path))
        if path in tree.cpp:
            yield from search(CODE, path, suspects(tree.code(path)))


def search(bans, path, text):
    for ban in bans:
        if not re.match(ban.where, path) or re.match(ban.but, path):
            continue
        for match in re.finditer(ban.pattern, text):
            yield Problem(path, text.count("\n", 0, match.start()) + 1,
                          f"'{match[0].strip()}'", ban.expected)


# `unique_ptr<x> y{new x(…)}` is how a private constructor is reached.
OWNED = re.compile(r"(_ptr<[^;{}()]*>\s*\w*\s*[({]\s*)new\b")


def suspects(code):
    """`code` without #include lines and without what has an owner at once."""
    code = re.sub(r"(?m)^\s*#\s*include[^\n]*", "", code)
    return OWNED.sub(r"\1", code)
