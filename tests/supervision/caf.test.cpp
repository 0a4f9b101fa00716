#include "supervision/caf.hpp"

#include "tests/supervision/queue_unit.hpp"

#include <doctest/doctest.h>

#include <vector>

namespace mailbox_test {

struct item {
  int value = 0;
};
struct control_item {
  int value = 0;
};

} // namespace mailbox_test

IRIS_LOCAL_MESSAGE(mailbox_test::item)
IRIS_LOCAL_MESSAGE(mailbox_test::control_item)

namespace mailbox_test {

using namespace iris::supervision;
using namespace iris::supervision::test;

namespace {

/// Writes down what it handles and what it has to turn away.
class reader : public bounded<caf::event_based_actor> {
public:
  reader(caf::actor_config& config, std::vector<int>& handled,
         std::vector<int>& bounced)
    : bounded(config), handled_(handled), bounced_(bounced) {
    mailbox_state().bound = 3;
  }

  caf::behavior make_behavior() override {
    return {
      [this](item x) { handled_.push_back(x.value); },
      [this](control_item x) { handled_.push_back(x.value); },
    };
  }

protected:
  void bounce(caf::mailbox_element& what) override {
    bounced_.push_back(what.content().get_as<item>(0).value);
  }
  bool control(const caf::type_erased_tuple& what) const noexcept override {
    return what.match_elements<control_item>();
  }

private:
  std::vector<int>& handled_;
  std::vector<int>& bounced_;
};

struct fixture {
  fixture() : home(system) {
    actor =
      caf::actor_cast<caf::actor>(spawn_on<reader>(home, handled, bounced));
    home.run();
  }
  ~fixture() {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    actor = nullptr;
    home.run();
  }

  reader& self() {
    return dynamic_cast<reader&>(*caf::actor_cast<caf::abstract_actor*>(actor));
  }

  caf::actor_system_config config;
  caf::actor_system system{config};
  queue_unit home;
  std::vector<int> handled;
  std::vector<int> bounced;
  caf::actor actor;
};

using numbers = std::vector<int>;

} // namespace

TEST_CASE("a mailbox takes as many messages as its bound, in order") {
  fixture it;

  for (int i = 1; i <= 5; ++i)
    caf::anon_send(it.actor, item{i});

  CHECK(it.bounced == numbers{4, 5});
  CHECK(it.self().mailbox_state().depth == 3);
  CHECK(it.self().mailbox_state().rejected == 2);
  it.home.run();
  CHECK(it.handled == numbers{1, 2, 3});
  CHECK(it.self().mailbox_state().depth == 0);
  caf::anon_send(it.actor, item{6});
  it.home.run();
  CHECK(it.handled == numbers{1, 2, 3, 6});
}

TEST_CASE("what an actor's own subsystem sends always fits") {
  fixture it;
  for (int i = 1; i <= 3; ++i)
    caf::anon_send(it.actor, item{i});

  caf::anon_send(it.actor, control_item{4});
  it.home.run();

  CHECK(it.bounced.empty());
  CHECK(it.handled == numbers{1, 2, 3, 4});
  CHECK(it.self().mailbox_state().depth == 0);
}

TEST_CASE("an exit reaches an actor whose mailbox is full") {
  fixture it;
  bool ended = false;
  it.actor->attach_functor([&](const caf::error&) { ended = true; });
  for (int i = 1; i <= 4; ++i)
    caf::anon_send(it.actor, item{i});

  caf::anon_send_exit(it.actor, caf::exit_reason::user_shutdown);
  it.home.run();

  CHECK(ended);
  CHECK(it.bounced == numbers{4});
}

TEST_CASE("an actor runs on its own unit, whoever sends") {
  fixture it;
  queue_unit elsewhere{it.system};

  it.actor->enqueue(nullptr, caf::make_message_id(), caf::make_message(item{1}),
                    &elsewhere);
  elsewhere.run();
  CHECK(it.handled.empty());
  it.home.run();

  CHECK(it.handled == numbers{1});
}

} // namespace mailbox_test
