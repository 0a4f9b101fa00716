import unittest

from sample import RuleTest
from tidy_rules.links import anchors, links

GUIDE = "# The guide\n\n## Set up, and `run`\n\n## Again\n\n## Again\n"


class LinksTest(RuleTest):
    def verdict(self, text):
        return self.found(links, {"docs/a.md": text, "docs/guide.md": GUIDE,
                                  "base/codec.hpp": ""})

    def test_files_folders_and_headings_are_found(self):
        self.assertEqual(self.verdict(
            "# A\n[x](guide.md) [y](../base/codec.hpp) ![z](../base)\n"
            "[a](#a) [b](guide.md#set-up-and-run) [c](/docs/guide.md)\n"
            "[d](guide.md#again-1 'title') [`e`](guide.md \"title\")\n"
            "[f]: guide.md\n"), [])

    def test_a_missing_file_is_a_problem(self):
        self.assertEqual(self.verdict("\n[x](gone.md)"), ["docs/a.md:2"])
        self.assertEqual(self.verdict("[x]: gone.md"), ["docs/a.md:1"])
        self.assertEqual(self.verdict("![x](gone.png)"), ["docs/a.md:1"])

    def test_a_missing_heading_is_a_problem(self):
        self.assertEqual(self.verdict("[x](guide.md#gone)"), ["docs/a.md:1"])
        self.assertEqual(self.verdict("[x](#gone)"), ["docs/a.md:1"])

    def test_links_do_not_leave_the_tree(self):
        self.assertEqual(self.verdict("[x](../../etc)"), ["docs/a.md:1"])

    def test_the_web_is_not_asked(self):
        self.assertEqual(self.verdict(
            "[x](https://example.org/y) [z](mailto:a@example.org)"), [])

    def test_code_holds_no_links(self):
        self.assertEqual(self.verdict(
            "`[x](gone.md)`\n```\n[x](gone.md)\n```\n"), [])

    def test_anchors_are_made_of_headings_and_given_by_hand(self):
        self.assertEqual(
            anchors(GUIDE + '<a id="mine"></a>\n### [Link](x) `a_b`: c/d\n'),
            {"the-guide", "set-up-and-run", "again", "again-1", "mine",
             "link-a_b-cd"})


if __name__ == "__main__":
    unittest.main()
