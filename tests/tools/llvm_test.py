import json
import os
import unittest

from sample import ROOT, RuleTest
from tidy_rules.includes import Includes
from tidy_rules.lint import COROUTINES, flags, lint
from tidy_rules.llvm import find, formatting, parse
from tidy_rules.tree import Tree

CLEAN = "int f() {\n  return 1;\n}\n"


def house(name):
    with open(os.path.join(ROOT, name)) as file:
        return file.read()


class LlvmTest(RuleTest):
    def setUp(self):
        if not find("clang-tidy") or not find("clang-format"):
            self.skipTest("another version of LLVM")

    def compiled(self, code):
        tree = self.tree({
            ".clang-tidy": house(".clang-tidy"), "base/a.cpp": code,
            "build/dev/compile_commands.json": "[]"})
        with open(tree.at("build/dev/compile_commands.json"), "w") as out:
            json.dump([{"file": tree.at("base/a.cpp"),
                        "command": f"c++ -I{tree.root} -std=c++20 -c a.cpp"}],
                      out)
        return tree

    def linted(self, code):
        return [str(p) for p in lint(self.compiled(code), True)]

    def test_another_format_is_a_problem(self):
        self.assertEqual(self.found(formatting, {
            ".clang-format": house(".clang-format"), "base/a.cpp": CLEAN,
            "base/b.cpp": CLEAN + "int  g( );\n"}), ["base/b.cpp:4"])

    def test_clean_code_is_clean(self):
        self.assertEqual(self.linted(CLEAN), [])

    def test_a_function_of_71_lines_is_a_problem(self):
        body = "  f(1);\n" * 71
        problems = self.linted("int f(int);\nvoid g() {\n" + body + "}\n")
        self.assertEqual(len(problems), 1)
        self.assertRegex(problems[0], r"^base/a.cpp:2: .*at most 70 lines")

    def test_a_sixth_parameter_is_a_problem(self):
        problems = self.linted(
            "int f(int a, int b, int c, int d, int e, int g) {\n"
            "  return a + b + c + d + e + g;\n}\n")
        self.assertEqual(len(problems), 1)

    def test_other_names_are_a_problem(self):
        problems = self.linted("struct BadName {};\n")
        self.assertRegex(problems[0], r"^base/a.cpp:1: .*snake_case")

    def test_a_folder_that_is_left_out_is_not_looked_at(self):
        tree = self.compiled("int F();\n")

        self.assertEqual(list(lint(tree, True, ("base/",))), [])
        self.assertEqual(len(list(lint(tree, True, ("tests/",)))), 1)

    def test_answers_are_remembered_until_the_code_changes(self):
        tree = self.compiled(CLEAN)
        list(lint(tree, True))
        cache = tree.at("build/tidy-cache")
        (answer,) = os.listdir(cache)
        with open(os.path.join(cache, answer), "w") as out:
            out.write("base/a.cpp:9:1: error: remembered [x]\n")

        again = [p.what for p in lint(tree, True)]
        with open(tree.at("base/a.cpp"), "a") as out:
            out.write("int g();\n")
        changed = list(lint(Tree(tree.root), True))

        self.assertEqual(again, ["remembered"])
        self.assertEqual(changed, [])

    def test_files_that_are_compiled_as_one_are_all_looked_at(self):
        one = "build/dev/Unity/unity_0_cxx.cxx"
        tree = self.tree({
            ".clang-tidy": house(".clang-tidy"),
            "base/a.cpp": CLEAN, "base/b.cpp": "int G();\n", one: "",
            "build/dev/compile_commands.json": "[]"})
        with open(tree.at(one), "w") as out:
            for path in ("base/a.cpp", "base/b.cpp"):
                out.write(f'/* part */\n#include "{tree.at(path)}"\n')
        with open(tree.at("build/dev/compile_commands.json"), "w") as out:
            json.dump([{"file": tree.at(one),
                        "command": f"c++ -I{tree.root} -c {one}"}], out)

        problems = [str(p) for p in lint(tree, True)]

        self.assertEqual(len(problems), 1)
        self.assertRegex(problems[0], r"^base/b.cpp:1: .*snake_case")

    def test_code_that_no_target_compiles_is_a_problem(self):
        tree = self.tree({
            ".clang-tidy": house(".clang-tidy"), "base/a.cpp": CLEAN,
            "build/dev/compile_commands.json": "[]"})

        self.assertEqual([p.path for p in lint(tree, True)], ["base/a.cpp"])


class CommandTest(RuleTest):
    def test_what_only_gcc_understands_is_left_out(self):
        self.assertEqual(
            flags(["ccache", "c++", "-DX=1", "-I/a", "-isystem", "/b", "-Wall",
                   "-Werror", "-fpch-preprocess", "-Winvalid-pch", "-include",
                   "/c/cmake_pch.hxx", "-std=c++20", "-o", "a.o", "-c",
                   "a.cpp"]),
            ["-DX=1", "-I/a", "-isystem", "/b", "-Wall", "-std=c++20",
             *COROUTINES])

    def test_diagnostics_are_read_with_their_names(self):
        tree = self.tree({"a.cpp": ""})
        self.assertEqual(list(parse(tree, (
            f"{tree.root}/a.cpp:3:5: error: bad [x-y,-warnings-as-errors]\n"
            "note\nb.hpp:1:1: warning: odd [z]\n"))),
            [("a.cpp", 3, "bad", "x-y"), ("b.hpp", 1, "odd", "z")])

    def test_a_file_is_made_of_all_it_includes(self):
        includes = Includes(self.tree({
            "base/a.hpp": '#include "base/b.hpp"\n',
            "base/b.hpp": '#include "base/a.hpp"\n#include <string>\n',
            "base/c.cpp": '#include "base/a.hpp"\n'}))
        self.assertEqual(includes.closure(("base/c.cpp",)),
                         ["base/a.hpp", "base/b.hpp", "base/c.cpp"])


if __name__ == "__main__":
    unittest.main()
