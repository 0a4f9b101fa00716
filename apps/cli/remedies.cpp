#include "apps/cli/remedies.hpp"

#include "apps/cli/trouble.hpp"
#include "clients/cpp/reasons.hpp"

namespace iris::cli {

namespace {

/// The same place, with "tls://" for "tcp://", or the other way round.
std::string with_other_security(const std::string& server) {
  auto end = server.find("://");
  auto scheme = server.substr(0, end);
  auto other = scheme == "tcp"   ? "tls"
               : scheme == "tls" ? "tcp"
               : scheme == "ws"  ? "wss"
                                 : "ws";
  return other + server.substr(end);
}

} // namespace

std::string connection_remedy(const error& why, const std::string& server,
                              bool names_authority) {
  namespace reasons = client::reasons;
  const auto& said = why.context;
  if (said.starts_with(reasons::not_tls))
    return "if it is a node's port without TLS: --server "
           + with_other_security(server);
  if (said.starts_with(reasons::silent))
    return "if it is a node's port with TLS: --server "
           + with_other_security(server) + " --ca FILE";
  if (!said.starts_with(reasons::untrusted))
    return {};
  if (names_authority)
    return "name the authority of this node's certificate with --ca, and the "
           "host in --server as the certificate does";
  return "name the authority that signed it with --ca FILE; a node with "
         "tls.generate has it in its node.data_dir, as ca.pem";
}

std::string group_remedy(const error& why, const conversation_id& group) {
  auto roster = "iris group roster " + group.str();
  switch (why.code) {
  case errc::forbidden:
    return "ask an admin or the owner of the group, whom this shows: " + roster
           + "; to go yourself: iris group leave " + group.str();
  case errc::not_a_member:
    return "see which groups you are in with: iris group list; an admin can "
           "add you to this one";
  case errc::not_found:
  case errc::already_exists:
    return "see who is a member with: " + roster;
  case errc::too_many_members:
    return "add fewer, or have the operator raise limits.group_members";
  default:
    return {};
  }
}

std::string operator_remedy(const error& why) {
  if (exit_code_of(why.code) != exit_code::refused)
    return {};
  return "name an operator's token with --token-file; make one with: "
         "iris token issue --user NAME --role operator --config FILE";
}

} // namespace iris::cli
