import unittest

from sample import RuleTest
from tidy_rules.tree import Problem, strip


class TreeTest(RuleTest):
    def test_comments_and_strings_are_blank_and_lines_stay(self):
        code = 'a; // new\nb("new \\" new"); /* new\nnew */ c;\nR"(new\n)" d'

        stripped = strip(code)

        self.assertNotIn("new", stripped)
        self.assertEqual(stripped.count("\n"), code.count("\n"))
        self.assertEqual(stripped.split(),
                         ["a;", "b(", ");", "c;", "d"])

    def test_digit_separators_are_not_characters(self):
        self.assertIn("new", strip("f(1'000, new int, 'x');"))

    def test_bytes_are_not_text(self):
        tree = self.tree({"base/a.cpp": "", "base/b.bin": b"\0\1",
                          "tests/vectors/c.txt": "data"})

        self.assertEqual(tree.paths, ["base/a.cpp", "base/b.bin"])
        self.assertEqual(tree.texts, ["base/a.cpp"])

    def test_build_folders_are_not_looked_at(self):
        tree = self.tree({"build/dev/a.cpp": "", "base/a.cpp": ""})

        self.assertEqual(tree.cpp, ["base/a.cpp"])

    def test_a_problem_is_one_line_that_says_what_was_expected(self):
        self.assertEqual(str(Problem("a.cpp", 7, "90 columns", "at most 80")),
                         "a.cpp:7: 90 columns, expected at most 80")


if __name__ == "__main__":
    unittest.main()
