#include "tests/actors/conversation_harness.hpp"

namespace conversation_members_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;
using protocol::item_kind;
using protocol::role;

namespace {

const auto alice = user("alice");
const auto bob = user("bob");
const auto carol = user("carol");
const auto dave = user("dave");

using lines = std::vector<std::string>;

conversation_options at_most(std::size_t members) {
  conversation_options out;
  out.members_max = members;
  return out;
}

/// A group of alice, its owner, with bob and carol.
struct group : conversation_harness {
  explicit group(conversation_options with = {})
    : conversation_harness(group_conversation(alice, id_at(1)), with) {
    auto create = change(item_kind::group_created, {bob, carol});
    create.title = "friends";
    ok(alice, create);
  }

  /// There is no command for it yet.
  void make_admin(const user_id& who) {
    auto key = keys.of(record::member, who.str());
    auto member = *decode_member(**db.reader().get(key));
    member.role = role::admin;
    persistence::writes out;
    out.put(key, encode(member));
    db.apply(out);
    reload();
  }
};

} // namespace

TEST_CASE("who creates a group owns it") {
  group it;

  CHECK(roster(it) == lines{"alice owner 1", "bob member 1", "carol member 1"});
  auto about = it->members();
  CHECK(about.title == "friends");
  CHECK(about.conversation == it.id);
  CHECK(about.head == sequence{1});
  auto created = log(it)[0];
  CHECK(created.kind == item_kind::group_created);
  CHECK(created.members == std::vector{bob, carol});
  CHECK(created.title == "friends");
  CHECK_FALSE(created.to);
}

TEST_CASE("a group is the same after a reload") {
  group it;
  auto before = it->members();

  it.reload();

  CHECK(it->members() == before);
  CHECK(it->head() == sequence{1});
}

TEST_CASE("a retried create is a duplicate, with other members it is not") {
  conversation_harness it{group_conversation(alice, id_at(1))};
  auto create = it.change(item_kind::group_created, {bob});
  it.ok(alice, create);

  CHECK(it.ok(alice, create).duplicate);
  create.users.push_back(carol);
  CHECK(it.refused(alice, create) == errc::id_reused);
  CHECK(it.refused(alice, it.change(item_kind::group_created, {bob}))
        == errc::already_exists);
}

TEST_CASE("a group is at most as large as the operator allows") {
  conversation_harness it{group_conversation(alice, id_at(1)), at_most(3)};

  CHECK(
    it.refused(alice, it.change(item_kind::group_created, {bob, carol, dave}))
    == errc::too_many_members);
  CHECK(it.db.keys(it.keys.prefix()).empty());
  // The creator counts once, named or not.
  it.ok(alice, it.change(item_kind::group_created, {alice, bob, carol}));
  CHECK(roster(it) == lines{"alice owner 1", "bob member 1", "carol member 1"});
  CHECK(it.refused(alice, it.change(item_kind::members_added, {dave}))
        == errc::too_many_members);
  it.ok(alice, it.change(item_kind::members_removed, {bob}));
  it.ok(alice, it.change(item_kind::members_added, {dave}));
}

TEST_CASE("an added member sees what comes from its addition on") {
  group it;
  it.ok(bob, it.message("before"));

  CHECK(it.ok(alice, it.change(item_kind::members_added, {dave})).seq.value
        == 3);

  CHECK(roster(it)[3] == "dave member 3");
  CHECK(it->readable_from(dave) == sequence{3});
  CHECK(it->readable_from(bob) == sequence{1});
  CHECK(log(it)[2].members == std::vector{dave});
  it.ok(dave, it.message("hi"));
}

TEST_CASE("only admins and the owner change members") {
  group it;
  CHECK(it.refused(bob, it.change(item_kind::members_added, {dave}))
        == errc::forbidden);
  CHECK(it.refused(bob, it.change(item_kind::members_removed, {carol}))
        == errc::forbidden);
  CHECK(it.refused(dave, it.change(item_kind::members_added, {dave}))
        == errc::not_a_member);

  it.make_admin(bob);

  it.ok(bob, it.change(item_kind::members_added, {dave}));
  it.ok(bob, it.change(item_kind::members_removed, {carol}));
  CHECK(roster(it) == lines{"alice owner 1", "bob admin 1", "dave member 2"});
}

TEST_CASE("a change of members happens as a whole or not at all") {
  group it;

  CHECK(it.refused(alice, it.change(item_kind::members_added, {dave, bob}))
        == errc::already_exists);
  CHECK(it.refused(alice, it.change(item_kind::members_removed, {bob, dave}))
        == errc::not_found);

  CHECK(roster(it) == lines{"alice owner 1", "bob member 1", "carol member 1"});
  CHECK(it->head() == sequence{1});
}

TEST_CASE("nobody removes the owner, or themselves") {
  group it;
  it.make_admin(bob);

  CHECK(it.refused(bob, it.change(item_kind::members_removed, {alice}))
        == errc::forbidden);
  CHECK(it.refused(bob, it.change(item_kind::members_removed, {bob}))
        == errc::forbidden);
  CHECK(it.refused(alice, it.change(item_kind::members_removed, {alice}))
        == errc::forbidden);
}

TEST_CASE("who was removed may neither write nor read") {
  group it;
  auto before = it.message("before");
  it.ok(bob, before);
  it.ok(alice, it.change(item_kind::members_removed, {bob}));

  CHECK(it.refused(bob, it.message("still here?")) == errc::not_a_member);
  CHECK(it->refuse_reader(bob).code == errc::not_a_member);
  CHECK_FALSE(it->refuse_reader(carol));
  // What was committed before is still what it was.
  CHECK(it.ok(bob, before).duplicate);
}

TEST_CASE("an outsider is not told whether a conversation exists") {
  group it;
  conversation_harness nothing{group_conversation(bob, id_at(2))};

  CHECK(it->refuse_reader(dave) == nothing->refuse_reader(dave));
}

TEST_CASE("who comes back sees nothing of the time between") {
  group it;
  it.ok(alice, it.change(item_kind::members_removed, {bob}));
  it.ok(alice, it.message("about bob"));

  it.ok(alice, it.change(item_kind::members_added, {bob}));

  CHECK(roster(it)[1] == "bob member 4");
  CHECK(it->readable_from(bob) == sequence{4});
  it.reload();
  CHECK(it->readable_from(bob) == sequence{4});
}

TEST_CASE("a member who leaves and comes back is an ordinary member") {
  group it;
  it.make_admin(bob);
  it.ok(bob, it.change(item_kind::member_left, {}));

  it.ok(alice, it.change(item_kind::members_added, {bob}));

  CHECK(roster(it)[1] == "bob member 3");
}

TEST_CASE("an admin follows the owner, else who has been there longest") {
  group it;
  it.ok(alice, it.change(item_kind::members_added, {dave}));
  it.make_admin(dave);

  it.ok(alice, it.change(item_kind::member_left, {}));
  CHECK(roster(it) == lines{"bob member 1", "carol member 1", "dave owner 2"});

  it.ok(dave, it.change(item_kind::members_removed, {bob}));
  it.ok(dave, it.change(item_kind::members_added, {bob}));
  it.ok(dave, it.change(item_kind::member_left, {}));
  CHECK(roster(it) == lines{"bob member 5", "carol owner 1"});
  it.reload();
  CHECK(roster(it) == lines{"bob member 5", "carol owner 1"});
}

TEST_CASE("a member who leaves changes nobody's role") {
  group it;

  it.ok(bob, it.change(item_kind::member_left, {}));

  CHECK(roster(it) == lines{"alice owner 1", "carol member 1"});
}

TEST_CASE("the last one out leaves an empty group that nobody can enter") {
  group it;
  for (const auto& x : {alice, bob, carol})
    it.ok(x, it.change(item_kind::member_left, {}));

  CHECK(roster(it).empty());
  CHECK(it.refused(alice, it.message("hello?")) == errc::not_a_member);
  it.reload();
  CHECK(it.refused(alice, it.change(item_kind::members_added, {bob}))
        == errc::not_a_member);
}

TEST_CASE("the members of a 1:1 conversation never change") {
  conversation_harness it{direct_conversation(alice, bob)};
  auto first = it.message("hello");
  first.to = bob;
  it.ok(alice, first);

  CHECK(it.refused(alice, it.change(item_kind::members_added, {carol}))
        == errc::forbidden);
  CHECK(it.refused(alice, it.change(item_kind::members_removed, {bob}))
        == errc::forbidden);
  CHECK(it.refused(alice, it.change(item_kind::member_left, {}))
        == errc::forbidden);
  CHECK(it.refused(alice, it.change(item_kind::group_created, {carol}))
        == errc::already_exists);
  CHECK(it->members().list.size() == 2);
}

} // namespace conversation_members_test
