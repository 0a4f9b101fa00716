#include "observability/expose.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace iris::observability {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double seconds(std::chrono::nanoseconds x) {
  return std::chrono::duration<double>{x}.count();
}

/// Turns one entry of the catalog into what prometheus-cpp serializes.
struct reader {
  const description& about;
  MetricFamily out{};

  void operator()(const counter* x) { counted({}, *x); }
  void operator()(const gauge* x) { measured({}, *x); }
  void operator()(const family<counter>* x) {
    out.type = MetricType::Counter;
    x->each([this](auto label, const counter& y) { counted(label, y); });
  }
  void operator()(const family<gauge>* x) {
    out.type = MetricType::Gauge;
    x->each([this](auto label, const gauge& y) { measured(label, y); });
  }

  void operator()(const histogram* x) {
    out.type = MetricType::Histogram;
    auto now = x->value();
    auto& to = series({}).histogram;
    for (std::size_t i = 0; i <= histogram::bounds; ++i) {
      to.sample_count += now.counts[i];
      if (i < histogram::bounds)
        to.bucket.push_back({to.sample_count, seconds(histogram::bound(i))});
    }
    to.sample_sum = seconds(now.sum);
  }

  void counted(std::string_view label, const counter& x) {
    out.type = MetricType::Counter;
    series(label).counter.value = static_cast<double>(x.value());
  }

  void measured(std::string_view label, const gauge& x) {
    out.type = MetricType::Gauge;
    series(label).gauge.value = static_cast<double>(x.value());
  }

  ClientMetric& series(std::string_view label) {
    auto& result = out.metric.emplace_back();
    if (!about.label.empty())
      result.label.push_back({std::string{about.label}, std::string{label}});
    return result;
  }
};

MetricFamily read(const catalog::entry& x) {
  reader result{x.about};
  std::visit(result, x.from);
  result.out.name = x.about.name;
  result.out.help = x.about.help;
  return std::move(result.out);
}

std::string_view kind(const catalog::source& x) {
  struct {
    std::string_view operator()(const counter*) { return "counter"; }
    std::string_view operator()(const gauge*) { return "gauge"; }
    std::string_view operator()(const histogram*) { return "histogram"; }
    std::string_view operator()(const family<counter>*) { return "counter"; }
    std::string_view operator()(const family<gauge>*) { return "gauge"; }
  } name;
  return std::visit(name, x);
}

std::string_view label_of(unit x) {
  switch (x) {
  case unit::seconds:
    return "seconds";
  case unit::bytes:
    return "bytes";
  case unit::none:
    break;
  }
  return "";
}

} // namespace

std::string expose(const metrics& all) {
  std::vector<MetricFamily> families;
  for (const auto& x : all.all().entries())
    if (auto read_now = read(x); !read_now.metric.empty())
      families.push_back(std::move(read_now));
  return prometheus::TextSerializer{}.Serialize(families);
}

std::string render_docs(const metrics& all) {
  std::string out =
    "# Metrics\n\n"
    "Served at `/metrics` of the admin listener, in Prometheus' text "
    "format.\nRendered from `observability/metrics.hpp`; a test keeps the "
    "two equal.\nHistograms have the buckets 1, 2 and 5 times the powers of "
    "ten from 10 µs to\n100 s.\n\n"
    "| name | kind | unit | label | meaning |\n|---|---|---|---|---|\n";
  for (const auto& [about, from] : all.all().entries()) {
    out.append("| `").append(about.name).append("` | ").append(kind(from));
    out.append(" | ").append(label_of(about.of)).append(" | ");
    if (!about.label.empty())
      out.append("`").append(about.label).append("`");
    out.append(" | ").append(about.help).append(" |\n");
  }
  return out;
}

} // namespace iris::observability
