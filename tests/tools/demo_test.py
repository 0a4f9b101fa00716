from show import ShowTest, free_ports, main


class DemoTest(ShowTest):
    def test_two_users_chat_and_lose_nothing_when_the_node_is_killed(self):
        first = free_ports(2)

        out = self.show("demo", {"IRIS_DEMO_PORT": first,
                                 "IRIS_DEMO_ADMIN_PORT": first + 1})

        self.assertEqual(
            self.said(self.section(out, "what bob sees")),
            ["alice: hello bob", "alice: are you there?", "bob: here I am",
             "alice: still here after the crash"])


if __name__ == "__main__":
    main()
