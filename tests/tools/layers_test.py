import unittest

from sample import RuleTest
from tidy_rules.layers import TABLE, layers

HEADERS = {f"{folder}/x.hpp": "" for folder in TABLE}


class LayersTest(RuleTest):
    def verdict(self, path, *includes):
        lines = "".join(f"#include {i}\n" for i in includes)
        return self.found(layers, {**HEADERS, path: lines})

    def test_lower_layers_and_the_own_folder_may_be_included(self):
        self.assertEqual(self.verdict(
            "persistence/a.cpp", '"base/x.hpp"', '"protocol/x.hpp"',
            '"persistence/x.hpp"', "<string>"), [])

    def test_a_higher_layer_may_not(self):
        self.assertEqual(self.verdict(
            "base/a.cpp", "<string>", '"persistence/x.hpp"'),
            ["base/a.cpp:2"])

    def test_strangers_in_a_row_do_not_include_each_other(self):
        self.assertEqual(self.verdict("config/a.cpp", '"security/x.hpp"'),
                         ["config/a.cpp:1"])
        self.assertEqual(self.verdict("cluster/a.cpp", '"supervision/x.hpp"'),
                         ["cluster/a.cpp:1"])

    def test_other_folders_of_a_row_may(self):
        self.assertEqual(self.verdict("sdk/a.cpp", '"actors/x.hpp"'), [])

    def test_clients_know_base_protocol_and_net_only(self):
        self.assertEqual(self.verdict(
            "clients/cpp/a.cpp", '"base/x.hpp"', '"clients/x.hpp"',
            '"protocol/x.hpp"', '"net/x.hpp"', '"config/x.hpp"'),
            ["clients/cpp/a.cpp:5"])

    def test_tests_are_free(self):
        self.assertEqual(self.verdict(
            "tests/a.cpp", '"apps/x.hpp"', '"cluster/x.hpp"', "<caf/all.hpp>",
            "<leveldb/db.h>"), [])

    def test_paths_start_at_the_root(self):
        self.assertEqual(self.verdict("base/a.cpp", '"x.hpp"'),
                         ["base/a.cpp:1"])

    def test_our_headers_do_not_pass_as_those_of_a_library(self):
        self.assertEqual(self.verdict("base/a.cpp", "<base/x.hpp>"),
                         ["base/a.cpp:1"])

    def test_libraries_stay_in_their_folders(self):
        self.assertEqual(self.verdict("protocol/a.cpp", "<caf/all.hpp>"),
                         ["protocol/a.cpp:1"])
        self.assertEqual(self.verdict("cluster/a.cpp", "<raft.h>"),
                         ["cluster/a.cpp:1"])
        self.assertEqual(self.verdict("cluster/raft/a.c", "<raft.h>"), [])

    def test_a_new_folder_needs_a_row(self):
        self.assertEqual(self.verdict("misc/a.cpp"), ["misc/a.cpp:1"])


if __name__ == "__main__":
    unittest.main()
