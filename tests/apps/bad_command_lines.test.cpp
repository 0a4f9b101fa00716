#include "tests/apps/command_line.hpp"
#include "tests/apps/working_directory.hpp"
#include "tests/security/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace bad_command_lines_test {

using namespace iris;
using namespace iris::test;
using security::test::temporary_directory;

namespace {

using boost::asio::ip::tcp;

/// As a session at a terminal: what was typed, all that came, the exit code.
struct session {
  std::string typed;
  std::string said;
  int code = -1;
};

/// A port of the loopback where nobody listens, and nobody else can.
class closed_port {
public:
  closed_port() : socket_(io_, {boost::asio::ip::address_v4::loopback(), 0}) {}
  std::string str() const {
    return std::to_string(socket_.local_endpoint().port());
  }

private:
  boost::asio::io_context io_;
  tcp::socket socket_;
};

/// Reads the table: "> file" and "| its lines", "$ iris …", what it says, and
/// "[exit code]".
std::vector<session> read_table(std::istream& from, const std::string& port) {
  std::vector<session> out;
  std::ofstream file;
  session now;
  for (std::string line; std::getline(from, line);) {
    for (std::size_t at; (at = line.find("{closed}")) != line.npos;)
      line.replace(at, 8, port);
    if (line.starts_with("> ")) {
      file.close();
      file.open(line.substr(2));
    } else if (line.starts_with("|")) {
      file << (line.size() > 2 ? line.substr(2) : "") << std::endl;
    } else if (line.starts_with("$ iris")) {
      now.typed = line.substr(6);
    } else if (line.starts_with("[")) {
      now.code = std::stoi(line.substr(1));
      out.push_back(std::exchange(now, {}));
    } else if (!now.typed.empty() || !(line.empty() || line[0] == '#')) {
      now.said += line + "\n";
    }
  }
  return out;
}

/// As a shell would: at spaces, unless in double quotes.
std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> out;
  bool quoted = false, open = false;
  for (char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ' ' && !quoted) {
      open = false;
      continue;
    }
    if (!std::exchange(open, true))
      out.emplace_back();
    if (c != '"')
      out.back() += c;
  }
  return out;
}

/// The last three lines without "iris: ", "why: " and "try: ".
std::vector<std::string> sentences(const std::string& said) {
  std::vector<std::string> lines;
  std::istringstream in{said};
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  REQUIRE(lines.size() >= 3);
  lines.erase(lines.begin(), lines.end() - 3);
  for (auto& x : lines)
    x.erase(0, x.find(": ") + 2);
  return lines;
}

/// What the table can't say as text.
void make_other_files() {
  std::filesystem::create_directory("empty");
  for (const auto* name : {"damaged", "open"}) {
    std::filesystem::create_directory(name);
    security::test::write_secret(
      std::filesystem::path{name} / "signing-key.json", "{}\n");
  }
  std::filesystem::permissions("open/signing-key.json",
                               std::filesystem::perms::group_read
                                 | std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  std::ofstream{"long.jwt"} << std::string(5000, 'a');
}

} // namespace

TEST_CASE("each bad command line gets its exit code and its three lines") {
  temporary_directory scratch;
  working_directory here{scratch.path()};
  closed_port closed;
  make_other_files();
  std::ifstream file{IRIS_SOURCE_DIR "/tests/apps/bad_command_lines.txt"};
  auto table = read_table(file, closed.str());
  REQUIRE(table.size() >= 100);

  for (const auto& x : table) {
    CAPTURE(x.typed);
    auto arguments = split(x.typed);

    auto text = run_iris(arguments);
    arguments.insert(arguments.begin(), "--json");
    auto json = run_iris(arguments);

    CHECK(text.out + text.err == x.said);
    CHECK(text.code == x.code);
    CHECK(std::count(text.err.begin(), text.err.end(), '\n') == 3);
    auto lines = sentences(x.said);
    auto expected = nlohmann::json{{"error",
                                    {{"exit", x.code},
                                     {"what", lines[0]},
                                     {"why", lines[1]},
                                     {"remedy", lines[2]}}}};
    CHECK(nlohmann::json::parse(json.err, nullptr, false) == expected);
    CHECK(json.code == x.code);
  }
}

} // namespace bad_command_lines_test
