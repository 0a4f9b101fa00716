#include "actors/controller.hpp"

namespace iris::actors {

namespace {

const std::string& map_key() {
  static const auto key =
    keyring{cluster::control_shard, controller_ref()}.all(record::map);
  return key;
}

error other_shards(std::size_t wanted, std::size_t found) {
  return {errc::store_foreign,
          "this node joined with node.shards = " + std::to_string(found)
            + " a cluster whose map has " + std::to_string(wanted)
            + " shards: expected the same; put a new node in its place, with "
              "that number"};
}

} // namespace

persistence::actor_ref controller_ref() {
  return {persistence::actor_kind::controller, persistence::main_tenant,
          "cluster"};
}

result<std::optional<cluster::cluster_map>>
read_map(const persistence::state_store& store, std::uint16_t shards) {
  auto found = store.get(map_key());
  if (!found)
    return found.failure();
  if (!*found)
    return std::optional<cluster::cluster_map>{};
  auto map = cluster::decode_cluster_map(**found);
  if (!map)
    return map.failure();
  if (map->shards.size() != shards)
    return other_shards(map->shards.size(), shards);
  return std::optional{*std::move(map)};
}

bool unfit_for_map(const error& why) {
  return why.code == errc::store_newer || why.code == errc::store_foreign;
}

result<void> check_map(const persistence::state_store& store,
                       std::uint16_t shards) {
  auto found = read_map(store, shards);
  if (!found && unfit_for_map(found.failure()))
    return found.failure();
  return {};
}

controller::controller(caf::actor_config& config, const activation& with)
  : durable(config, with), machine_(with.env.control.arrive_within) {
  // nop
}

controller::behavior_type controller::make_behavior() {
  activate();
  return {
    [this](change_cluster& x) {
      when_ready(x, [this](change_cluster& y) { on_change(y); });
    },
    [](sweep&) {},
    [this](committed& x) { on_committed(x); },
    [](loaded& x) { x.then(); },
    [](rest_query&) {},
    [this](tick&) { on_tick(); },
  };
}

void controller::activate() {
  read_alone(
    [shards = shards()](const persistence::state_store& store) {
      return read_map(store, shards);
    },
    [this](const result<std::optional<cluster::cluster_map>>& found) {
      if (const auto& map = expect(found)) {
        machine_.load(*map);
      } else {
        auto first = env().control.first_map;
        first.version = 1;
        machine_.load(std::move(first));
        store([] {});
      }
      tick_after(env().control.plan_every);
    });
}

void controller::on_change(const change_cluster& what) {
  auto before = machine_.map().version;
  see();
  if (auto made = machine_.change(what.what); !made)
    return decline(what, made.failure());
  if (machine_.map().version == before)
    return answer(what, protocol::done{});
  store(
    [what] {
      caf::anon_send(what.reply_to, answered{what.tag, protocol::done{}, {}});
    },
    refusal_of(what));
}

void controller::on_tick() {
  ticked();
  tick_after(env().control.plan_every);
  auto before = machine_.map().version;
  see();
  machine_.plan();
  if (machine_.map().version != before)
    store([] {});
}

void controller::see() {
  auto now = env().time.steady_now();
  machine_.see(env().control.nodes->health(machine_.map().nodes, now,
                                           env().control.dead_after),
               now);
}

void controller::store(task release, task dropped) {
  persistence::writes out;
  out.put(map_key(), encode(machine_.map()));
  commit(out, std::move(release), std::move(dropped));
}

} // namespace iris::actors
