from show import ShowTest, free_ports, main

ROUNDS = ["good morning", "still here without node 2", "all three again"]


class ClusterTest(ShowTest):
    def test_three_users_chat_at_three_nodes_and_lose_nothing(self):
        out = self.show("cluster", {"IRIS_CLUSTER_PORT": free_ports(9)})

        started = self.section(out, "three nodes")
        for node in 1, 2, 3:
            self.assertRegex(started[node - 1], f"^node {node} is process ")
        for title in ("alice to bob, at node 1", "bob to carol, at node 2",
                      "carol to alice, at node 3"):
            self.assertIn("✓ good morning", self.section(out, title), title)
        counted = [f"{i} of 40" for i in range(1, 41)]
        written = {"alice and bob": ROUNDS[:1] + counted + ROUNDS[1:],
                   "bob and carol": ROUNDS,
                   "carol and alice": ROUNDS}
        found = self.section(out, "what each of them has, at each node")
        heads = [f"-- {pair}:" for pair in written]
        self.assertEqual([x for x in found if x in heads], heads)
        for head, end in zip(heads, heads[1:] + [None]):
            lines = found[found.index(head):found.index(end) if end else None]
            writer = head.split()[1]
            self.assertEqual(
                self.said(lines),
                [f"{writer}: {x}" for x in written[head[3:-1]]])


if __name__ == "__main__":
    main()
