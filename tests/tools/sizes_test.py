import unittest

from sample import RuleTest
from tidy_rules.sizes import aims, files, lines


class SizesTest(RuleTest):
    def test_a_line_of_cpp_has_80_columns(self):
        self.assertEqual(self.found(lines, {
            "base/a.cpp": "x" * 80 + "\n" + "x" * 81,
            "base/b.hpp": "…" * 80}), ["base/a.cpp:2"])

    def test_a_line_of_typescript_has_100_columns(self):
        self.assertEqual(self.found(lines, {
            "web/a.ts": "x" * 100 + "\n" + "x" * 101,
            "docs/a.md": "x" * 200}), ["web/a.ts:2"])

    def test_a_file_has_700_lines(self):
        self.assertEqual(self.found(files, {
            "base/a.cpp": "\n" * 701, "base/b.cpp": "\n" * 700,
            "scripts/c.py": "\n" * 701, "docs/d.md": "\n" * 900}),
            ["base/a.cpp:701", "scripts/c.py:701"])

    def test_a_tree_of_long_files_is_warned(self):
        self.assertEqual(list(aims(self.tree({"base/a.cpp": "\n" * 110}))),
                         [])
        self.assertEqual(len(list(aims(self.tree({
            "base/a.cpp": "\n" * 460, "base/b.cpp": "\n" * 460})))), 2)


if __name__ == "__main__":
    unittest.main()
