#include "apps/cli/remedies.hpp"

#include "apps/cli/trouble.hpp"
#include "clients/cpp/reasons.hpp"
#include "clients/cpp/url.hpp"

namespace iris::cli {

namespace {

/// The same place with another scheme, and without the path of a WebSocket.
std::string with_scheme(const char* scheme, const client::url& of) {
  auto host = of.host.find(':') == of.host.npos ? of.host : '[' + of.host + ']';
  return scheme + ("://" + host) + ':' + of.port;
}

/// Which of a node's ports this may be, from how it took what it expects no
/// client to say.
std::string other_ports(const client::url& it, bool closed) {
  auto tcp = with_scheme("tcp", it), tls = with_scheme("tls", it);
  auto ws = with_scheme("ws", it), wss = with_scheme("wss", it);
  if (!closed)
    return "if it is a node's port without TLS: --server "
           + (it.websocket ? ws + " or " + tcp : tcp + " or " + ws);
  if (it.secure)
    return "if it is a node's port for WebSocket: --server " + wss;
  if (it.websocket)
    return "if it is a node's port with TLS: --server " + wss + " or " + tls
           + ", and --ca FILE";
  return "if it is a node's port with TLS: --server " + tls
         + " --ca FILE; for WebSocket: " + ws + ", with TLS " + wss;
}

constexpr auto admin_remedy =
  "if it is a node's admin.address, name one of its listeners instead: irisd "
  "says at its start where each is";

/// Who declines a WebSocket with that status is hardly ever a node.
std::string declined_remedy(std::string_view status) {
  if (status.starts_with('5'))
    return "most likely a proxy that can't reach its node: look whether the "
           "node runs, and in the proxy's log";
  if (status.starts_with('3'))
    return "most likely a proxy that wants another URL: name that one with "
           "--server";
  if (status == "401" || status == "403" || status == "407")
    return "most likely a proxy that lets nobody in without its own password: "
           "have it pass WebSockets on to the node";
  return std::string{"most likely a web server or a proxy that knows no "
                     "WebSocket by this path: name the one that leads to a "
                     "node; "}
         + admin_remedy;
}

} // namespace

std::string connection_remedy(const error& why, const std::string& server,
                              bool names_authority) {
  namespace reasons = client::reasons;
  const auto& said = why.context;
  auto it = client::url::parse(server);
  if (!it)
    return {};
  if (said.starts_with(reasons::not_tls))
    return other_ports(*it, false);
  if (said.starts_with(reasons::silent))
    return other_ports(*it, true);
  if (said.starts_with(reasons::not_websocket))
    return "if it is a node's port without WebSocket: --server "
           + with_scheme(it->secure ? "tls" : "tcp", *it);
  if (said.starts_with(reasons::web_server))
    return admin_remedy;
  if (said.starts_with(reasons::declined))
    return declined_remedy(said.substr(reasons::declined.size()));
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
