#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace iris::security {

/// The files that make_self_signed makes in its directory.
struct certificate_files {
  std::filesystem::path ca;   ///< ca.pem: what clients trust
  std::filesystem::path cert; ///< node.pem: the node's certificate
  std::filesystem::path key;  ///< node.key: its key, mode 0600
};

/// How long such a certificate holds.
inline constexpr std::chrono::hours self_signed_lifetime{825 * 24};

/// For a first start without certificates: makes a CA, has it sign one P-256
/// certificate for the names (DNS names, also "*.example.org", or IP addresses;
/// 1 to 100), and forgets the CA's key, so nobody can sign with it again. It
/// holds from five minutes before `now`, because clocks differ. If all three
/// files are there, nothing is done and the names are not compared. One that
/// was cut short is finished with the key that it made: all three are in
/// certificates.unfinished (0600) until each has its name. Blocks.
/// Fails with: bad_field, naming the host name that is none; config_invalid if
/// only some of the files are there, or one that is not of the set that is
/// being finished (none of them is ever replaced); corrupt; io_failed.
result<certificate_files>
make_self_signed(const std::filesystem::path& directory,
                 const std::vector<std::string>& host_names, timestamp now);

} // namespace iris::security
