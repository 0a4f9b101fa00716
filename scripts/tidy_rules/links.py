"""Links in Markdown that lead to files and headings of the tree."""

import os
import re
import urllib.parse

from tidy_rules.tree import Problem

FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
CODE_SPAN = re.compile(r"(`+).*?\1")
LINK = re.compile(
    r"""!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)""")
DEFINITION = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)")
HEADING = re.compile(r"^ {0,3}#{1,6}\s+(.*?)\s*#*\s*$")
ANCHOR = re.compile(r"""<[^>]+\b(?:id|name)=["']([^"']+)["']""")
ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:|^//")


def links(tree):
    for path in tree.texts:
        if path.endswith(".md"):
            for number, line in prose(tree.text(path)):
                for target in targets(line):
                    yield from follow(tree, path, number, target)


def prose(text):
    """Numbered lines outside of code fences."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        mark = FENCE.match(line)
        if mark and fence is None:
            fence = mark[1]
        elif mark and mark[1].startswith(fence):
            fence = None
        elif fence is None:
            yield number, line


def targets(line):
    line = CODE_SPAN.sub("", line)
    return LINK.findall(line) + DEFINITION.findall(line)


def follow(tree, path, number, target):
    if ELSEWHERE.match(target):
        return
    name, _, anchor = urllib.parse.unquote(target).partition("#")
    folder = "" if name.startswith("/") else os.path.dirname(path)
    file = os.path.normpath(os.path.join(folder, name.lstrip("/")))
    file = file if name else path
    if file.startswith("..") or not os.path.exists(tree.at(file)):
        yield Problem(path, number, f"link to '{target}'",
                      "a file or folder of the tree")
    elif anchor and file.endswith(".md"):
        if anchor not in anchors(tree.text(file)):
            yield Problem(path, number, f"link to '{target}'",
                          f"a heading of {file}")


def anchors(text):
    """As GitHub makes them of headings."""
    found, seen = set(), {}
    for _, line in prose(text):
        found.update(ANCHOR.findall(line))
        heading = HEADING.match(line)
        if heading:
            slug = slug_of(heading[1])
            count = seen.get(slug, 0)
            seen[slug] = count + 1
            found.add(f"{slug}-{count}" if count else slug)
    return found


def slug_of(heading):
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"[^\w\- ]", "", text.lower())
    return text.replace(" ", "-")
