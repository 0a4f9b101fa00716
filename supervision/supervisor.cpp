#include "supervision/supervisor.hpp"

#include <algorithm>

namespace iris::supervision {

namespace {

/// How long a child may take to describe itself.
constexpr auto describe_timeout = std::chrono::seconds{1};

bool is_fault(const caf::error& reason) {
  return reason && reason != caf::exit_reason::user_shutdown;
}

/// Answers of children arrive in any order; their places are kept.
struct collector {
  tree_node node;
  std::size_t waiting = 0;
  caf::typed_response_promise<tree_node> promise;

  void arrived() {
    if (--waiting == 0)
      promise.deliver(std::move(node));
  }
};

} // namespace

supervisor::supervisor(caf::actor_config& config, supervisor_options options,
                       std::vector<child_spec> children,
                       const iris::clock& time)
  : bounded(config), options_(std::move(options)), time_(time) {
  for (auto& x : children)
    children_.push_back(
      {std::move(x), nullptr, phase::stopped, 0, {}, false, false});
}

supervisor::behavior_type supervisor::make_behavior() {
  set_down_handler([this](caf::down_msg& x) { on_down(x); });
  // From a supervisor above, as from anybody else: children end first.
  set_exit_handler([this](caf::exit_msg& x) {
    end(is_fault(x.reason) ? std::move(x.reason) : caf::error{});
  });
  start_all();
  return {
    [this](read_tree&) { return describe(); },
    [this](add_child& x) { add(x.what); },
    [this](end_child& x) { end_one(x.name); },
    [this](shut_down&) { end(); },
  };
}

// -- starting -----------------------------------------------------------------

void supervisor::start_all() {
  restarting_ = false;
  for (auto& x : children_)
    if (x.now == phase::stopped && !x.gone)
      start(x);
}

void supervisor::start(child& which) {
  which.handle = which.spec.start();
  which.now = phase::running;
  monitor(which.handle);
}

std::vector<supervisor::child>::iterator
supervisor::find(const std::string& name) {
  return std::find_if(children_.begin(), children_.end(),
                      [&](const child& x) { return x.spec.name == name; });
}

void supervisor::add(child_spec& what) {
  if (ending_)
    return;
  auto known = find(what.name);
  if (known != children_.end()) {
    if (known->now == phase::leaving) {
      known->spec = std::move(what);
      known->again = true;
    }
    return;
  }
  children_.push_back(
    {std::move(what), nullptr, phase::stopped, 0, {}, false, false});
  // Else it is started with the others.
  if (!restarting_)
    start(children_.back());
}

void supervisor::end_one(const std::string& name) {
  auto which = find(name);
  if (which == children_.end())
    return;
  which->again = false;
  if (which->now == phase::stopped) {
    children_.erase(which);
  } else {
    auto was = which->now;
    if (was == phase::running)
      stop(*which);
    which->now = phase::leaving;
  }
}

/// A child that was ended by its name has ended.
void supervisor::left(std::size_t index) {
  auto& which = children_[index];
  if (which.again && !ending_) {
    which.again = false;
    if (!restarting_)
      start(which);
  } else {
    children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(index));
  }
  if (restarting_)
    stop_next();
}

bool supervisor::may_restart() {
  auto now = time_.steady_now();
  restarts_.push_back(now);
  while (restarts_.front() + options_.period < now)
    restarts_.pop_front();
  return restarts_.size() <= options_.restarts_max;
}

void supervisor::on_down(const caf::down_msg& what) {
  auto which =
    std::find_if(children_.begin(), children_.end(), [&](const child& x) {
      return x.handle && x.handle.address() == what.source;
    });
  if (which == children_.end())
    return;
  which->handle = nullptr;
  auto was = std::exchange(which->now, phase::stopped);
  if (was == phase::leaving)
    return left(static_cast<std::size_t>(which - children_.begin()));
  if (was == phase::stopping) {
    which->gone = which->spec.when == restart::temporary;
    return stop_next();
  }
  auto fault = is_fault(what.reason);
  if (fault)
    which->last_fault = to_string(what.reason);
  which->gone = which->spec.when == restart::temporary
                || (which->spec.when == restart::transient && !fault);
  if (which->gone || ending_)
    return;
  ++which->restarts;
  if (!may_restart())
    return end(fault ? what.reason : caf::exit_reason::kill);
  auto index = static_cast<std::size_t>(which - children_.begin());
  switch (options_.how) {
  case strategy::one_for_one:
    if (!restarting_)
      start(*which);
    return;
  case strategy::one_for_all:
    return stop_from(0);
  case strategy::rest_for_one:
    return stop_from(index);
  }
}

// -- ending -------------------------------------------------------------------

void supervisor::stop_from(std::size_t first) {
  stop_first_ = restarting_ ? std::min(stop_first_, first) : first;
  restarting_ = true;
  stop_next();
}

void supervisor::end(caf::error why) {
  if (!ending_)
    failed_ = std::move(why);
  ending_ = true;
  stop_from(0);
}

/// One at a time, the last started first; then goes on with what is next.
void supervisor::stop_next() {
  for (auto i = children_.size(); i > stop_first_; --i) {
    auto& x = children_[i - 1];
    if (x.now == phase::stopping || x.now == phase::leaving)
      return;
    if (x.now == phase::running)
      return stop(x);
  }
  if (ending_)
    return quit(failed_ ? failed_ : caf::exit_reason::user_shutdown);
  start_all();
}

void supervisor::stop(child& which) {
  which.now = phase::stopping;
  caf::anon_send_exit(which.handle, caf::exit_reason::user_shutdown);
  home().after(which.spec.shutdown,
               [weak = caf::actor_cast<caf::weak_actor_ptr>(which.handle)] {
                 if (auto late = weak.lock())
                   caf::anon_send_exit(late, caf::exit_reason::kill);
               });
}

void supervisor::on_exit() {
  for (auto i = children_.rbegin(); i != children_.rend(); ++i)
    if (i->now == phase::running)
      stop(*i);
  children_.clear();
}

// -- the live tree ------------------------------------------------------------

caf::result<tree_node> supervisor::describe() {
  auto all = std::make_shared<collector>();
  all->promise = make_response_promise<tree_node>();
  all->node.name = options_.name;
  all->node.type = name();
  all->node.state = ending_       ? "stopping"
                    : restarting_ ? "restarting"
                                  : "running";
  all->waiting = 1;
  for (auto& x : children_) {
    tree_node line;
    line.name = x.spec.name;
    line.type = x.spec.type;
    line.state = x.now == phase::running   ? "running"
                 : x.now == phase::stopped ? "stopped"
                                           : "stopping";
    line.restarts = x.restarts;
    line.last_fault = x.last_fault;
    auto place = all->node.children.size();
    all->node.children.push_back(std::move(line));
    if (!x.spec.inspectable || !x.handle)
      continue;
    ++all->waiting;
    request(x.handle, describe_timeout, read_tree{})
      .then(
        [all, place](tree_node& found) {
          auto& known = all->node.children[place];
          found.name = known.name;
          found.restarts += known.restarts;
          if (found.last_fault.empty())
            found.last_fault = known.last_fault;
          known = std::move(found);
          all->arrived();
        },
        [all, place](caf::error&) {
          all->node.children[place].state = "not answering";
          all->arrived();
        });
  }
  auto promise = all->promise;
  all->arrived();
  return promise;
}

} // namespace iris::supervision
