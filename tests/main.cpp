// The entry of every test program. A run that selects no test is a failure:
// a filter with a typing error must not look like success.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

namespace {

struct run_counter : doctest::IReporter {
  explicit run_counter(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData& query) override {
    listed = query.data != nullptr || query.num_data > 0;
  }
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& stats) override {
    ran = stats.numTestCasesPassingFilters;
  }
  void test_case_start(const doctest::TestCaseData&) override {}
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData&) override {}
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}

  static inline unsigned ran = 0;
  static inline bool listed = false;
};

REGISTER_LISTENER("run_counter", 1, run_counter);

} // namespace

/// What LeakSanitizer is not to report: LevelDB forgets files that it has open
/// when a read or an opening fails, and CAF keeps a request that is never
/// answered with the actor that made it.
extern "C" const char* __lsan_default_suppressions() {
  return "leak:leveldb::\nleak:iris::supervision::test::family\n";
}

int main(int argc, char** argv) {
  doctest::Context context{argc, argv};
  int failed = context.run();
  if (context.shouldExit())
    return failed;
  if (run_counter::ran == 0 && !run_counter::listed) {
    std::fputs("no test matches the filter: expected at least one\n", stderr);
    return 1;
  }
  return failed;
}
