#include "actors/node_frames.hpp"
#include "tests/actors/support.hpp"

#include <doctest/doctest.h>

namespace node_frames_test {

using namespace iris;
using namespace iris::actors;
using namespace iris::actors::test;

namespace {

const auto alice = user("alice");
const auto bob = user("bob");
const auto phone = device("phone");
const auto talk = direct_conversation(alice, bob);
const connection_key somebody{0x0102030405060708, 9};

std::string hex(std::string_view bytes) {
  std::string out;
  for (unsigned char c : bytes) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

node_frame decoded(const std::string& bytes) {
  auto out = decode_node_frame(bytes);
  REQUIRE_MESSAGE(out, (out ? "" : out.failure().context));
  return *out;
}

/// What arrives of a command, which was sent from `somebody` to shard 3.
template <class Command>
Command there(Command what) {
  auto bytes = encode(command_frame{{3}, somebody, std::move(what)});
  auto frame = std::get<command_frame>(decoded(bytes));
  CHECK(frame.where == shard_id{3});
  CHECK(frame.from == somebody);
  // Nothing was lost on the way that the bytes hold.
  CHECK(encode(frame) == bytes);
  return std::get<Command>(frame.what);
}

template <class Answer>
Answer back(Answer what) {
  auto bytes = encode(answer_frame{somebody, std::move(what)});
  auto frame = std::get<answer_frame>(decoded(bytes));
  CHECK(frame.to == somebody);
  CHECK(encode(frame) == bytes);
  return std::get<Answer>(frame.what);
}

submission full_submission() {
  submission out;
  out.id = id_at(1'700'000'000'000, 1);
  out.kind = protocol::item_kind::members_added;
  out.body = std::string{"body\0with a null", 16};
  out.to = bob;
  out.after = id_at(1'600'000'000'000, 2);
  out.users = {alice, bob};
  out.title = "title";
  out.trace = "trace";
  return out;
}

std::string fault_of(std::string_view bytes) {
  auto out = decode_node_frame(bytes);
  REQUIRE_FALSE(out);
  CHECK(out.failure().code == errc::bad_frame);
  return out.failure().context;
}

template <class T>
std::string fault_of_command(T what) {
  return fault_of(encode(command_frame{{3}, somebody, std::move(what)}));
}

fan_out one_item() {
  return {talk, {3}, {5}, {bytes_of("five")}, {{alice, {5}, {5}}}};
}

} // namespace

TEST_CASE("a submit arrives as it was sent") {
  submission bare;
  bare.id = id_at(1'700'000'000'000, 3);

  auto it =
    there(submit{talk, {alice, phone}, {full_submission(), bare}, 77, {}});

  CHECK(it.conversation == talk);
  CHECK(it.from.user == alice);
  CHECK(it.from.device == phone);
  CHECK(it.tag == 77);
  REQUIRE(it.list.size() == 2);
  const auto& first = it.list[0];
  auto expected = full_submission();
  CHECK(first.id == expected.id);
  CHECK(first.kind == expected.kind);
  CHECK(first.body == expected.body);
  CHECK(first.to == expected.to);
  CHECK(first.after == expected.after);
  CHECK(first.users == expected.users);
  CHECK(first.title == "title");
  CHECK(first.trace == "trace");
  CHECK(it.list[1].id == bare.id);
  CHECK_FALSE(it.list[1].to);
  CHECK_FALSE(it.list[1].after);
  CHECK(it.list[1].users.empty());
}

TEST_CASE("what is asked of a conversation arrives as it was sent") {
  auto page = there(read_history{alice, talk, {7, talk, {8}, 9, true}, 10, {}});
  CHECK(page.reader == alice);
  CHECK(page.conversation == talk);
  CHECK(page.request == protocol::history{7, talk, {8}, 9, true});
  CHECK(page.tag == 10);

  auto roster = there(read_roster{bob, talk, 11, {}});
  CHECK(roster.reader == bob);
  CHECK(roster.conversation == talk);
  CHECK(roster.tag == 11);

  auto done = there(fanned_out{talk, {4}, {1ULL << 40}});
  CHECK(done.conversation == talk);
  CHECK(done.by == shard_id{4});
  CHECK(done.upto == sequence{1ULL << 40});
}

TEST_CASE("a comparison is asked for and answered as it was sent") {
  auto of_control = encode(command_frame{cluster::control_shard, somebody,
                                         compare_shard{1ULL << 50, 12, {}}});
  CHECK(std::get<command_frame>(decoded(of_control)).where
        == cluster::control_shard);
  auto it = there(compare_shard{1ULL << 50, 12, {}});
  CHECK(it.number == 1ULL << 50);
  CHECK(it.tag == 12);

  using cluster::standing;
  cluster::comparison found{9,
                            true,
                            {{{1}, standing::same, ""},
                             {{2}, standing::different, "a key"},
                             {{3}, standing::undecided, ""},
                             {{4}, standing::silent, ""}}};
  auto answer = back(shard_compared{13, {errc::not_leader, "why", 7}, found});
  CHECK(answer.tag == 13);
  CHECK(answer.why.code == errc::not_leader);
  CHECK(answer.found == found);
}

TEST_CASE("a fan_out arrives as it was sent") {
  auto it = there(fan_out{talk,
                          {3},
                          {5},
                          {bytes_of("five"), bytes_of("six")},
                          {{alice, {5}, {6}}, {bob, {6}, {6}}}});

  CHECK(it.conversation == talk);
  CHECK(it.destination == shard_id{3});
  CHECK(it.first == sequence{5});
  REQUIRE(it.items.size() == 2);
  CHECK(*it.items[0] == "five");
  CHECK(*it.items[1] == "six");
  REQUIRE(it.recipients.size() == 2);
  CHECK(it.recipients[0].user == alice);
  CHECK(it.recipients[0].from == sequence{5});
  CHECK(it.recipients[0].to == sequence{6});
  CHECK(it.recipients[1].user == bob);
  CHECK(it.recipients[1].from == sequence{6});
}

TEST_CASE("what is asked of a user arrives as it was sent") {
  auto open = there(open_inbox{alice, phone, {}, {{2}, 5, 6, 7}});
  CHECK(open.user == alice);
  CHECK(open.device == phone);
  CHECK(open.age.node == node_id{2});
  CHECK(open.age.number == 5);
  CHECK(open.age.rank == 6);
  CHECK(open.age.waited_ms == 7);

  CHECK(there(close_inbox{bob, 0}).user == bob);

  auto read = there(read_inbox{alice, {}, {12}, 13, 14, true});
  CHECK(read.user == alice);
  CHECK(read.after == inbox_offset{12});
  CHECK(read.items_max == 13);
  CHECK(read.sync == 14);
  CHECK(read.at_once);

  auto ack = there(acknowledge{alice, {}, {15}});
  CHECK(ack.user == alice);
  CHECK(ack.upto == inbox_offset{15});

  auto statuses = there(read_statuses{{bob, alice}, 16, {}});
  CHECK(statuses.users == std::vector{bob, alice});
  CHECK(statuses.tag == 16);

  auto list = there(list_conversations{alice, {17, talk, 18}, 19, {}});
  CHECK(list.user == alice);
  CHECK(list.request == protocol::conversations{17, talk, 18});
  CHECK(list.tag == 19);

  auto devices = there(list_devices{alice, 20, {}});
  CHECK(devices.user == alice);
  CHECK(devices.tag == 20);

  auto removal = there(remove_device{alice, phone, 21, {}});
  CHECK(removal.user == alice);
  CHECK(removal.device == phone);
  CHECK(removal.tag == 21);
}

namespace {

/// The same to the control group, which alone takes it.
template <class Change>
Change changed(Change what) {
  auto bytes = encode(command_frame{cluster::control_shard, somebody,
                                    change_cluster{std::move(what), 22, {}}});
  auto frame = std::get<command_frame>(decoded(bytes));
  CHECK(encode(frame) == bytes);
  auto it = std::get<change_cluster>(frame.what);
  CHECK(it.tag == 22);
  return std::get<Change>(it.what);
}

} // namespace

TEST_CASE("what is asked of the controller arrives as it was sent") {
  auto added = changed(add_node{{4}, "10.0.0.4:7703", "cellar"});
  CHECK(added.id == node_id{4});
  CHECK(added.address == "10.0.0.4:7703");
  CHECK(added.zone == "cellar");
  CHECK(changed(remove_node{{5}}).id == node_id{5});
  auto drained = changed(drain_node{{6}, false});
  CHECK(drained.id == node_id{6});
  CHECK_FALSE(drained.on);
  auto moved = changed(move_shard{{7}, {1}, {300}});
  CHECK(moved.shard == shard_id{7});
  CHECK(moved.from == node_id{1});
  CHECK(moved.to == node_id{300});
  auto transferred = changed(transfer_shard{{8}, {2}});
  CHECK(transferred.shard == shard_id{8});
  CHECK(transferred.to == node_id{2});
  auto told =
    changed(shard_reached{cluster::control_shard, {{1}, {2}}, 300, 3});
  CHECK(told.shard == cluster::control_shard);
  CHECK(told.voters == std::vector<node_id>{{1}, {2}});
  CHECK(told.index == 300);
  CHECK(told.revision == 3);
}

TEST_CASE("the control group is asked nothing else, and nobody else is") {
  CHECK(fault_of_command(change_cluster{remove_node{{5}}, 1, {}})
          .find("for the control group")
        != std::string::npos);
  CHECK(fault_of(encode(command_frame{cluster::control_shard, somebody,
                                      list_devices{alice, 1, {}}}))
          .find("for the control group")
        != std::string::npos);
}

TEST_CASE("what a connection is told arrives as it was sent") {
  protocol::sent yes{id_at(1, 2), talk, {3}, {4}, true};
  protocol::failed no;
  no.code = errc::not_a_member;
  no.text = "expected a member";
  no.retry_after_ms = 5;
  no.id = id_at(6, 7);
  auto answers = back(submitted{8, {yes, no}});
  CHECK(answers.tag == 8);
  REQUIRE(answers.answers.size() == 2);
  CHECK(std::get<protocol::sent>(answers.answers[0]) == yes);
  CHECK(std::get<protocol::failed>(answers.answers[1]) == no);

  auto open = back(attached{{}, {1}, {2}, {3}, 4});
  CHECK_FALSE(open.refused);
  CHECK(open.cursor == inbox_offset{1});
  CHECK(open.floor == inbox_offset{2});
  CHECK(open.head == inbox_offset{3});
  CHECK(open.rank == 4);
  error why{errc::too_many_devices, "expected fewer", 9};
  CHECK(back(attached{why, {}, {}, {}, 0}).refused == why);

  auto page = back(inbox_page{4, {5}, {bytes_of("item")}, {6}});
  CHECK(page.sync == 4);
  CHECK(page.first == inbox_offset{5});
  REQUIRE(page.items.size() == 1);
  CHECK(*page.items[0] == "item");
  CHECK(page.head == inbox_offset{6});

  CHECK(back(cut_off{why}).why == why);
  static_cast<void>(back(detached{}));
  auto gone = back(lost{10, why});
  CHECK(gone.tag == 10);
  CHECK(gone.why == why);
}

TEST_CASE("each answer to a request arrives as it was sent") {
  auto check = [](auto frame) {
    auto it = back(answered{7, frame, {bytes_of("item")}});
    CHECK(it.tag == 7);
    REQUIRE(it.items.size() == 1);
    CHECK(*it.items[0] == "item");
    CHECK(std::get<decltype(frame)>(it.answer) == frame);
  };

  check(protocol::history_page{1, talk, {}, {2}});
  check(protocol::conversation_list{1, {{talk, {2}}}, true});
  check(protocol::members{
    1, talk, "title", {{alice, protocol::role::owner, {2}}}, {3}});
  check(protocol::device_list{1, {{phone, {2}, true, {3}}}});
  check(protocol::user_status{alice, true, {4}});
  check(protocol::done{1});
  protocol::failed no;
  no.code = errc::not_found;
  no.n = 5;
  no.fatal = true;
  check(no);
}

TEST_CASE("frames between nodes are these bytes") {
  auto command = [](auto what) {
    return hex(encode(command_frame{{3}, somebody, std::move(what)}));
  };
  CHECK(command(list_devices{alice, 300, {}})
        == "010c"
           "0003"
           "0102030405060708"
           "0000000000000009"
           "05616c696365"
           "ac02");
  CHECK(command(read_inbox{bob, {}, {1}, 2, 3, true})
        == "0108"
           "0003"
           "0102030405060708"
           "0000000000000009"
           "03626f62"
           "01"
           "02"
           "03"
           "01");
  CHECK(hex(encode(
          command_frame{cluster::control_shard, somebody,
                        change_cluster{move_shard{{7}, {1}, {300}}, 22, {}}}))
        == "010e"
           "ffff"
           "0102030405060708"
           "0000000000000009"
           "03"
           "07"
           "01"
           "ac02"
           "16");
  CHECK(hex(encode(command_frame{
          cluster::control_shard, somebody,
          change_cluster{shard_reached{{7}, {{1}, {2}}, 300, 3}, 22, {}}}))
        == "010e"
           "ffff"
           "0102030405060708"
           "0000000000000009"
           "05"
           "07"
           "020102"
           "ac02"
           "03"
           "16");
  CHECK(hex(encode(answer_frame{somebody, detached{}}))
        == "0146"
           "0102030405060708"
           "0000000000000009");
  CHECK(hex(encode(answer_frame{somebody, attached{{}, {1}, {2}, {3}, 4}}))
        == "0142"
           "0102030405060708"
           "0000000000000009"
           "00"
           "00"
           "00"
           "01"
           "02"
           "03"
           "04");
}

TEST_CASE("a frame that makes no sense is refused with what was expected") {
  auto good = encode(command_frame{{3}, somebody, list_devices{alice, 1, {}}});
  auto with = [&](std::size_t at, char what) {
    auto out = good;
    out.at(at) = what;
    return out;
  };

  CHECK(fault_of("") == "a frame of kind 0 between nodes: expected more bytes");
  CHECK(fault_of(with(0, 2))
        == "a frame of kind 12 between nodes: expected version 1");
  CHECK(fault_of(with(1, 0))
        == "a frame of kind 0 between nodes: expected a known alternative");
  CHECK(fault_of(with(1, 64))
        == "a frame of kind 64 between nodes: expected a known alternative");
  CHECK(fault_of(with(1, 99))
        == "a frame of kind 99 between nodes: expected a known alternative");
  CHECK(fault_of(good + "x")
        == "a frame of kind 12 between nodes: expected nothing behind the last "
           "field");
  for (std::size_t n = 2; n < good.size(); ++n)
    CHECK(fault_of(good.substr(0, n)).find("expected") != std::string::npos);
  CHECK(fault_of(with(21, '!'))
        == "a frame of kind 12 between nodes: expected a name");
  CHECK(fault_of(std::string(node_frame_bytes_max + 1, 'x'))
        == "a frame between nodes: expected at most 1048576 bytes");
  CHECK(fault_of(encode(command_frame{{3}, {}, list_devices{alice, 1, {}}}))
        == "a frame of kind 12 between nodes: expected the connection that it "
           "is from");
}

TEST_CASE("a count is believed only as far as the bytes go") {
  std::string bytes =
    encode(command_frame{{3}, somebody, read_statuses{{}, 1, {}}});
  bytes.resize(bytes.size() - 2);
  bytes += "\xff\xff\xff\xff\x0f"; // and nothing behind it

  CHECK(fault_of(bytes)
        == "a frame of kind 10 between nodes: expected a shorter list");
}

TEST_CASE("what an actor relies on is checked before it gets it") {
  auto expected = [](const std::string& what) {
    return " between nodes: expected " + what;
  };
  auto has = [](const std::string& text, const std::string& part) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  };
  has(fault_of_command(submit{talk, {alice, phone}, {}, 1, {}}),
      expected("submissions"));
  has(fault_of_command(read_inbox{alice, {}, {}, 0, 0}),
      expected("to read 1 to 1024 items"));
  has(fault_of_command(read_history{alice, talk, {1, talk, {1}, 0}, 1, {}}),
      expected("a limit of 1 to 256"));
  there(one_item());
  auto elsewhere = one_item();
  elsewhere.destination = {4};
  has(fault_of_command(elsewhere),
      expected("items for the shard that the frame is for"));
  for (auto [from, to] : {std::pair{4, 5}, {5, 6}, {6, 5}}) {
    auto what = one_item();
    what.recipients[0].from = {static_cast<std::uint64_t>(from)};
    what.recipients[0].to = {static_cast<std::uint64_t>(to)};
    has(fault_of_command(what),
        expected("recipients of the items that are there"));
  }
  auto none = one_item();
  none.items.clear();
  has(fault_of_command(none),
      expected("items, numbered from 1 on, and recipients"));
}

TEST_CASE("what a node leads comes back as it was") {
  leading_frame what;
  what.list = {{{0}, 1}, {{65'535}, 1ULL << 60U}};
  auto bytes = encode(what);
  auto out = decode_node_frame(bytes);
  REQUIRE(out);
  const auto& found = std::get<leading_frame>(*out);
  REQUIRE(found.list.size() == 2);
  CHECK(found.list[1].shard == shard_id{65'535});
  CHECK(found.list[1].term == 1ULL << 60U);
  CHECK_FALSE(decode_node_frame(bytes + "x"));
  CHECK_FALSE(decode_node_frame(bytes.substr(0, bytes.size() - 1)));
}

} // namespace node_frames_test
