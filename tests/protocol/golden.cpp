#include "tests/protocol/golden.hpp"

#include "protocol/codec.hpp"

namespace iris::vectors {

using namespace protocol;

namespace {

user_id user(std::string_view name) {
  return *user_id::parse(name);
}

device_id device_named(std::string_view name) {
  return *device_id::parse(name);
}

/// Ids that differ in their last byte only.
message_id id(std::uint8_t last) {
  auto out = *message_id::parse("0190163d-8694-739b-aea5-966c26f8ad00");
  out.octets.back() = last;
  return out;
}

const auto alice = user("alice");
const auto bob = user("bob");
const auto carol = user("carol");
const auto phone = device_named("phone");
const auto laptop = device_named("laptop");
const auto direct = direct_conversation(alice, bob);
const auto group = group_conversation(alice, id(0x10));
constexpr timestamp noon{1718360049300};
constexpr timestamp later{1718360050000};
constexpr std::string_view trace = "4bf92f3577b34da6a3ce929d0e0e4736";

item message_item() {
  return {.conversation = direct,
          .seq = {1},
          .at = noon,
          .from = alice,
          .device = phone,
          .id = id(1),
          .body = "Hello, Bob",
          .to = bob};
}

item group_item(item_kind kind, std::uint64_t seq) {
  return {.conversation = group,
          .seq = {seq},
          .at = noon,
          .from = alice,
          .device = phone,
          .id = id(static_cast<std::uint8_t>(0x10 + seq)),
          .kind = kind};
}

item created_item() {
  auto x = group_item(item_kind::group_created, 1);
  x.id = id(0x10);
  x.members = {bob, carol};
  x.title = "Chess club";
  return x;
}

item change_item(item_kind kind, std::uint64_t seq,
                 std::vector<user_id> members) {
  auto x = group_item(kind, seq);
  x.members = std::move(members);
  return x;
}

class collection {
public:
  std::vector<golden> out;

  template <class T>
  void client(std::string name, std::string description, T frame) {
    client_frame x{std::move(frame)};
    std::string type{type_name(x)};
    add(type, std::move(name), std::move(description), std::move(x));
  }

  template <class T>
  void node(std::string name, std::string description, T frame) {
    server_frame x{std::move(frame)};
    std::string type{type_name(x)};
    add(type, std::move(name), std::move(description), std::move(x));
  }

  void log(std::string name, std::string description, item x) {
    add("item", std::move(name), std::move(description), std::move(x));
  }

private:
  template <class T>
  void add(std::string file, std::string name, std::string description, T x) {
    out.push_back(
      {std::move(file), std::move(name), std::move(description), std::move(x)});
  }
};

void add_opening(collection& to) {
  to.client("usual", "the first frame of a connection",
            hello{1, 1, {"x-example"}, "iris-cpp/0.1"});
  to.client("shortest", "no capabilities and no agent", hello{1, 1, {}, {}});
  to.client("several versions",
            "max in a uint 16; an agent of 32 bytes takes a str 8",
            hello{1, 300, {"a", "b"}, std::string(32, 'x')});
  to.node("usual", "version 1 and no capability in common",
          welcome{1, {}, noon, 262144, 1024, 25000});
  to.node("with a capability", "a capability that both sides have",
          welcome{1, {"x-example"}, noon, 262144, 1024, 25000});
  to.client("usual", "a token is text of at most 4096 bytes",
            auth{"eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", phone});
  to.client("longest names",
            "a token of 256 bytes takes a str 16, a device "
            "name of 64 bytes a str 8",
            auth{std::string(256, 't'), device_named(std::string(64, 'd'))});
  to.node("usual", "the inbox has entries 3 to 42, all but one acknowledged",
          ready{alice, phone, {41}, {2}, {42}});
  to.node("new user", "offset 0 is the one before the first",
          ready{alice, phone, {0}, {0}, {0}});
}

void add_reading(collection& to) {
  to.client("usual", "from the start, with the window that absence means",
            sync{{0}, 256});
  to.client("small window", "one item at a time", sync{{41}, 1});
  to.client("widest window", "the widest window", sync{{41}, 4096});
  to.node("one message", "one message of a 1:1 conversation at offset 1",
          items{{1}, {message_item()}});
  to.node("all kinds",
          "offsets 7 to 11: a group is created, a member added, "
          "removed, one leaves, and a message",
          items{{7},
                {created_item(),
                 change_item(item_kind::members_added, 2, {user("dave")}),
                 change_item(item_kind::members_removed, 3, {carol}),
                 group_item(item_kind::member_left, 4), message_item()}});
  to.node("sixteen", "16 elements take an array 16", [] {
    items x{{100}, {}};
    for (std::uint64_t i = 1; i <= 16; ++i) {
      x.list.push_back(group_item(item_kind::message, i));
      x.list.back().body = std::to_string(i);
    }
    return x;
  }());
  to.node("empty", "no items; never sent, and harmless", items{{1}, {}});
  to.node("usual", "all up to offset 42 was sent", live{{42}});
  to.client("usual", "all up to offset 42 is safe with the client", ack{{42}});
}

void add_items(collection& to) {
  to.log("message",
         "kind 0 is not written; to names the other user of a 1:1 "
         "conversation",
         message_item());
  auto bare = message_item();
  bare.body.clear();
  bare.to.reset();
  to.log("shortest", "what every item has", bare);
  auto traced = group_item(item_kind::message, 128);
  traced.body = "\xf0\x9f\x91\x8b";
  traced.trace = trace;
  to.log("traced", "sequence 128 takes a uint 8", traced);
  to.log("group created", "m: those besides the creator", created_item());
  to.log("members added", "m: who came",
         change_item(item_kind::members_added, 2,
                     {user("dave"), user("erin@example.org")}));
  to.log("members removed", "m: who had to go",
         change_item(item_kind::members_removed, 3, {carol}));
  to.log("member left", "u left by itself",
         group_item(item_kind::member_left, 4));
  auto unknown = group_item(static_cast<item_kind>(200), 5);
  unknown.body = "later";
  to.log("unknown kind",
         "of a later version: count its offset and sequence, "
         "show nothing",
         unknown);
}

void add_sends(collection& to) {
  to.client("to a user", "the first message to bob",
            send{.id = id(1), .to = bob, .body = "Hello, Bob"});
  to.client("to a conversation", "with all optional fields",
            send{.id = id(2),
                 .conversation = direct,
                 .body = "Are you there?",
                 .after = id(1),
                 .trace = std::string{trace}});
  to.client("empty body", "a body may be empty, but not absent",
            send{.id = id(3), .to = bob});
  to.client("body of 255 bytes", "the longest bin 8",
            send{.id = id(4), .to = bob, .body = std::string(255, 'x')});
  to.client("body of 256 bytes", "the shortest bin 16",
            send{.id = id(5), .to = bob, .body = std::string(256, 'x')});
  to.client(
    "body of any bytes", "a body need not be text",
    send{.id = id(6), .to = bob, .body = std::string("\x00\xff\xc1\x80", 4)});
  to.client(
    "two", "the second follows the first",
    batch{{send{.id = id(7), .to = bob, .body = "one"},
           send{.id = id(8), .to = bob, .body = "two", .after = id(7)}}});
  to.client("one", "the smallest batch",
            batch{{send{.id = id(9), .to = carol, .body = "!"}}});
}

void add_groups(collection& to) {
  to.client("usual", "alice becomes the owner",
            group_create{id(0x10), "Chess club", {bob, carol}});
  to.client("alone", "no title and nobody else",
            group_create{id(0x11), {}, {}});
  to.client("title not in ASCII", "title is UTF-8, limits count its bytes",
            group_create{id(0x12), "Schach\xc3\xbcler", {bob}});
  to.client("usual", "one user more",
            group_add{id(0x13), group, {user("dave")}});
  to.client("usual", "two users less",
            group_remove{id(0x14), group, {carol, user("dave")}});
  to.client("usual", "the sender leaves", group_leave{id(0x15), group});
  to.node("usual", "the first message of the conversation",
          sent{id(1), direct, {1}, noon});
  to.node("duplicate", "the answer to a retry: all but dup is as before",
          sent{id(1), direct, {1}, noon, true});
  to.node("largest numbers", "the largest integer of the protocol, 2^53 - 1",
          sent{id(1), direct, {9007199254740991}, timestamp{9007199254740991}});
}

void add_reads(collection& to) {
  to.client("usual", "the first 256", history{1, group, {1}});
  to.client("backwards", "50 from sequence 400 towards older ones",
            history{2, group, {400}, 50, true});
  to.node("usual", "oldest first",
          history_page{1, group, {created_item()}, {1}});
  to.node("empty", "nothing from there on", history_page{2, group, {}, {1}});
  to.client("usual", "two users", status{3, {bob, carol}});
  to.node(
    "usual", "bob is there, carol was, dave never",
    statuses{
      3,
      {{bob, true, later}, {carol, false, noon}, {user("dave"), false, {0}}}});
  to.client("usual", "from the start", conversations{4});
  to.client("next", "behind one, 10 at most", conversations{5, direct, 10});
  to.node("last", "the last page",
          conversation_list{4, {{direct, {7}}, {group, {4}}}, false});
  to.node("more", "ask again with after",
          conversation_list{5, {{direct, {7}}}, true});
  to.client("usual", "who is in the group", roster{6, group});
  to.node("usual", "role 0 is not written",
          members{6,
                  group,
                  "Chess club",
                  {{alice, role::owner, {1}},
                   {bob, role::admin, {1}},
                   {carol, role::member, {2}}},
                  {4}});
}

void add_devices(collection& to) {
  to.client("usual", "the user's own devices", devices{7});
  to.node(
    "usual", "one is connected, one was",
    device_list{7, {{phone, {42}, true, later}, {laptop, {7}, false, noon}}});
  to.client("usual", "cut off at once", device_remove{8, laptop});
  to.node("usual", "carried out and durable", done{8});
}

void add_either(collection& to) {
  to.client("from a client", "n comes back", ping{1});
  to.node("from a node", "n comes back", ping{300});
  to.client("from a client", "the n of the ping", pong{300});
  to.node("from a node", "the n of the ping", pong{1});
  to.node("of a submission", "named by id, and for good",
          failed{.code = errc::id_reused,
                 .text = "expected the content that was sent with this id",
                 .id = id(1)});
  to.node("of a request", "named by n, to be retried in a second",
          failed{.code = errc::overloaded,
                 .text = "expected fewer requests",
                 .retry_after_ms = 1000,
                 .n = 7});
  to.node("fatal", "the connection is closed behind it",
          failed{.code = errc::bad_frame,
                 .text = "expected a MessagePack map, found 1",
                 .fatal = true});
  to.node("unknown code", "a code of a later version: go by its hundreds",
          failed{.code = static_cast<errc>(499), .retry_after_ms = 70000});
  to.node("usual", "the node is stopping", goaway{"restart", 2000});
  to.node("shortest", "no reason and no hint", goaway{});
  to.node("elsewhere", "other nodes take the client at once",
          goaway{"drain",
                 1000,
                 {"tls://chat2.example.org:7301",
                  "wss://chat3.example.org:7303/iris"}});
}

} // namespace

std::string golden::from() const {
  constexpr const char* senders[] = {"client", "node", "log"};
  return senders[content.index()];
}

std::string golden::encoded() const {
  std::string out;
  std::visit([&](const auto& x) { encode(x, out); }, content);
  return out;
}

const std::vector<golden>& goldens() {
  static const auto all = [] {
    collection to;
    add_opening(to);
    add_reading(to);
    add_items(to);
    add_sends(to);
    add_groups(to);
    add_reads(to);
    add_devices(to);
    add_either(to);
    return to.out;
  }();
  return all;
}

const std::vector<golden>& session() {
  static const auto all = [] {
    auto echoed = message_item();
    collection to;
    to.client("hello", "alice's phone opens the connection",
              hello{1, 1, {}, "iris-cpp/0.1"});
    to.node("welcome", "version 1", welcome{1, {}, noon, 262144, 1024, 25000});
    to.client("auth", "a token, cut short here",
              auth{"eyJhbGciOiJFUzI1NiJ9.e30.c2lnbmF0dXJl", phone});
    to.node("ready", "an empty inbox", ready{alice, phone, {0}, {0}, {0}});
    to.client("sync", "read it from the start", sync{{0}});
    to.node("live", "there was nothing to catch up with", live{{0}});
    to.client("send", "a message to bob",
              send{.id = id(1), .to = bob, .body = "Hello, Bob"});
    to.node("sent", "durable, the first of its conversation",
            sent{id(1), direct, {1}, noon});
    to.node("items", "alice's own message, as her other devices get it too",
            items{{1}, {echoed}});
    to.client("ack", "safe on the phone", ack{{1}});
    to.client("send again", "the phone did not see the answer in time",
              send{.id = id(1), .to = bob, .body = "Hello, Bob"});
    to.node("sent again", "the same answer, marked",
            sent{id(1), direct, {1}, noon, true});
    to.client("ping", "nothing to say for a while", ping{1});
    to.node("pong", "still there", pong{1});
    to.node("goaway", "the node stops", goaway{"restart", 2000});
    for (auto& x : to.out)
      x.file = "session";
    return to.out;
  }();
  return all;
}

} // namespace iris::vectors
