import unittest

from sample import RuleTest
from tidy_rules.words import words


class WordsTest(RuleTest):
    def verdict(self, path, text):
        return self.found(words, {path: text})

    def assert_banned(self, text, path="base/a.cpp"):
        self.assertEqual(self.verdict(path, "\n" + text), [path + ":2"], text)

    def assert_fine(self, text, path="base/a.cpp"):
        self.assertEqual(self.verdict(path, text), [], text)

    def test_sleeping_is_banned(self):
        self.assert_banned("std::this_thread::sleep_for(1ms);")
        self.assert_banned("std::this_thread::sleep_until(then);")
        self.assert_banned("usleep(10);")
        self.assert_banned("sleep(1);")

    def test_the_wall_clock_is_read_in_one_place(self):
        self.assert_banned("std::chrono::system_clock::now();")
        self.assert_fine("std::chrono::system_clock::now();",
                         "base/clock.cpp")

    def test_new_and_delete_are_banned(self):
        self.assert_banned("auto p = new int;")
        self.assert_banned("delete p;")
        self.assert_banned("delete[] p;")

    def test_an_object_with_an_owner_at_once_is_fine(self):
        self.assert_fine("std::unique_ptr<x> out{new x(1)};")
        self.assert_fine("return std::shared_ptr<a::x>(new x);")
        self.assert_banned("std::unique_ptr<x> a; x* b{new x};")

    def test_deleted_functions_and_operators_are_fine(self):
        self.assert_fine("x(const x&) = delete;")
        self.assert_fine("void* operator new(std::size_t);")
        self.assert_fine("void operator delete(void*);")
        self.assert_fine("#include <new>")
        self.assert_fine("auto renew = newest + deleted;")

    def test_comments_and_strings_may_say_anything(self):
        self.assert_fine('// a new one, delete it\nauto s = "delete";')

    def test_headers_do_not_open_namespaces(self):
        self.assert_banned("using namespace std;", "base/a.hpp")
        self.assert_fine("using namespace std;", "base/a.cpp")

    def test_work_left_is_not_kept_in_comments(self):
        self.assert_banned("// TODO: later")
        self.assert_banned("# FIXME", "scripts/a.sh")
        self.assert_fine("mktemp XXXXXX", "scripts/a.sh")

    def test_paths_of_a_machine_are_banned(self):
        self.assert_banned("cd /work/main", "docs/a.md")
        self.assert_banned('x = "/root/.cache"', "scripts/a.py")
        self.assert_banned("/tmp/bash_jobs.0", "docs/a.md")
        self.assert_fine("docs/work/a.md ${x}/root/", "docs/a.md")

    def test_registries_are_banned(self):
        self.assert_banned("deb http://deb.debian.org/debian sid main",
                           "scripts/a.sh")
        self.assert_banned('"resolved": "https://registry.npmjs.org/x"',
                           "web/package-lock.json")


if __name__ == "__main__":
    unittest.main()
