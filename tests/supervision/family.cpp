#include "tests/supervision/family.hpp"

#include <caf/scheduler/test_coordinator.hpp>

namespace iris::supervision::test {

namespace {

class child : public bounded<caf::event_based_actor> {
public:
  explicit child(caf::actor_config& config) : bounded(config) {}

  caf::behavior make_behavior() override {
    return {
      [this](fail) { quit(caf::sec::runtime_error); },
      [this](finish) { quit(); },
      [this](cling) { set_exit_handler([](caf::exit_msg&) {}); },
      [this](mute) { mute_ = true; },
      [this](read_tree) -> caf::result<tree_node> {
        if (mute_) {
          owed_.push_back(make_response_promise<tree_node>());
          return owed_.back();
        }
        tree_node out;
        out.name = "its own name";
        out.type = "child";
        out.state = "busy";
        out.mailbox_depth = 7;
        return out;
      },
    };
  }

protected:
  void bounce(caf::mailbox_element&) override {}

private:
  bool mute_ = false;
  std::vector<caf::typed_response_promise<tree_node>> owed_;
};

class asker : public caf::event_based_actor {
public:
  asker(caf::actor_config& config, supervisor_actor whom,
        std::shared_ptr<std::optional<tree_node>> out)
    : caf::event_based_actor(config), whom_(std::move(whom)),
      out_(std::move(out)) {}

  caf::behavior make_behavior() override {
    request(whom_, caf::infinite, read_tree{})
      .then([out = out_](tree_node& x) { *out = std::move(x); },
            [](caf::error&) {});
    return {};
  }

private:
  supervisor_actor whom_;
  std::shared_ptr<std::optional<tree_node>> out_;
};

} // namespace

family::family(supervisor_options with, lines names)
  : options(std::move(with)) {
  // Virtual time for the time-outs of requests; no thread runs an actor.
  config_.set("scheduler.policy", caf::atom("testing"));
  system.emplace(config_);
  home.emplace(*system);
  options.name = "family";
  for (const auto& x : names)
    specs.push_back(spec(x));
}

family::~family() {
  if (top)
    caf::anon_send_exit(top, caf::exit_reason::kill);
  for (auto& x : children)
    caf::anon_send_exit(x.second, caf::exit_reason::kill);
  home->run();
}

child_spec family::spec(const std::string& name) {
  child_spec out;
  out.name = name;
  out.type = "child";
  out.start = [this, name] {
    log.push_back("+" + name);
    auto made = caf::actor_cast<caf::actor>(spawn_on<child>(*home));
    made->attach_functor(
      [this, name](const caf::error&) { log.push_back("-" + name); });
    children[name] = made;
    return made;
  };
  return out;
}

void family::begin() {
  top = spawn_on<supervisor>(*home, options, specs, *home);
  top->attach_functor([this](const caf::error& why) {
    log.push_back(why == caf::exit_reason::user_shutdown ? "end" : "failed");
  });
  home->run();
}

void family::shut_down_all() {
  caf::anon_send(top, shut_down{});
  home->run();
}

lines family::take() {
  home->run();
  return std::exchange(log, {});
}

std::optional<tree_node> family::tree(std::chrono::nanoseconds patience) {
  auto out = std::make_shared<std::optional<tree_node>>();
  spawn_on<asker>(*home, top, out);
  home->run();
  if (patience.count() > 0) {
    dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler())
      .advance_time(patience);
    home->run();
  }
  return *out;
}

} // namespace iris::supervision::test
