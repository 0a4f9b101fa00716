#include "security/certificates.hpp"

#include "security/files.hpp"
#include "security/host_name.hpp"
#include "security/x509.hpp"

#include <fstream>
#include <optional>
#include <sstream>

#include <openssl/err.h>

namespace iris::security {

namespace {

constexpr std::size_t host_names_max = 100;

/// "DNS:localhost,IP:::1". Each name is checked, as the text is a language of
/// its own, in which a comma starts the next name.
result<std::string> subject_names(const std::vector<std::string>& host_names) {
  if (host_names.empty() || host_names.size() > host_names_max)
    return error{errc::bad_field, "can't make a certificate for "
                                    + std::to_string(host_names.size())
                                    + " names: expected 1 to 100 host names"};
  std::string text;
  for (const auto& name : host_names) {
    auto kind = kind_of_host(name);
    if (!kind)
      return error{errc::bad_field, "\"" + name
                                      + "\" is no host name: expected a DNS "
                                        "name or an IP address"};
    text += (text.empty() ? "" : ",");
    text += (*kind == host_kind::address ? "IP:" : "DNS:") + name;
  }
  return text;
}

/// The three files' content.
struct material {
  std::string ca, cert, key;
};

std::optional<material> make_material(const std::string& names, timestamp now) {
  auto ca_key = make_key();
  auto key = make_key();
  if (!ca_key || !key)
    return std::nullopt;
  auto ca =
    sign({nullptr, ca_key.get()}, ca_key.get(),
         {"Iris first-start CA", now, self_signed_lifetime, ca_extensions()});
  if (!ca)
    return std::nullopt;
  auto leaf = sign({ca.get(), ca_key.get()}, key.get(),
                   {"Iris node", now, self_signed_lifetime,
                    leaf_extensions("serverAuth", names)});
  if (!leaf)
    return std::nullopt;
  material made{to_pem(ca.get()), to_pem(leaf.get()), to_pem(key.get())};
  if (made.ca.empty() || made.cert.empty() || made.key.empty())
    return std::nullopt;
  return made;
}

std::string one_text(const material& made) {
  return made.key + made.cert + made.ca;
}

/// The inverse of one_text: each part starts with a line of its own.
result<material> to_material(const std::string& text,
                             const std::filesystem::path& from) {
  constexpr std::string_view start = "-----BEGIN CERTIFICATE-----";
  auto cert = text.find(start);
  auto ca = text.find(start, cert == text.npos ? cert : cert + start.size());
  if (cert == 0 || ca == text.npos)
    return error{errc::corrupt, from.string()
                                  + " is damaged: expected a key and two "
                                    "certificates"};
  return material{text.substr(ca), text.substr(cert, ca - cert),
                  text.substr(0, cert)};
}

bool is_there(const std::filesystem::path& file) {
  std::error_code failure;
  return std::filesystem::exists(
    std::filesystem::symlink_status(file, failure));
}

/// How many of the files are there, and which are not.
result<bool> all_present(const certificate_files& files) {
  std::string missing;
  int present = 0;
  for (const auto& file : {files.ca, files.cert, files.key}) {
    if (is_there(file))
      ++present;
    else
      missing += " " + file.string();
  }
  if (present != 0 && !missing.empty())
    return error{errc::config_invalid,
                 "missing:" + missing
                   + ": expected ca.pem, node.pem and node.key, or none of "
                     "them; put it back, or move the others away"};
  return present == 3;
}

/// Makes one of the three, unless an earlier start did so before it was cut
/// short. What somebody else put there is kept.
result<void> publish(const std::filesystem::path& file,
                     const std::string& content, readable_by whom) {
  auto done = write_new(file, content, whom);
  if (done || done.failure().code != errc::already_exists)
    return done;
  std::ostringstream found;
  found << std::ifstream{file, std::ios::binary}.rdbuf();
  if (found.str() == content)
    return {};
  return error{errc::config_invalid,
               file.string()
                 + " is not the one that belongs to certificates.unfinished: "
                   "expected ca.pem, node.pem and node.key, or none of them; "
                   "move one of the two files away"};
}

/// Makes what is missing of the three files and ends the first start.
result<void> finish(const certificate_files& files, const material& made,
                    const std::filesystem::path& unfinished) {
  auto done = publish(files.ca, made.ca, readable_by::everyone);
  if (done)
    done = publish(files.cert, made.cert, readable_by::everyone);
  if (done)
    done = publish(files.key, made.key, readable_by::owner);
  return done ? remove_synced(unfinished) : done;
}

result<void> take_up(const certificate_files& files,
                     const std::filesystem::path& unfinished) {
  auto text = read_secret(unfinished);
  if (!text)
    return text.failure();
  auto made = to_material(*text, unfinished);
  OPENSSL_cleanse(text->data(), text->size());
  if (!made)
    return made.failure();
  auto done = finish(files, *made, unfinished);
  OPENSSL_cleanse(made->key.data(), made->key.size());
  return done;
}

result<material> make_checked(const std::filesystem::path& directory,
                              const std::vector<std::string>& host_names,
                              timestamp now) {
  auto names = subject_names(host_names);
  if (!names)
    return names.failure();
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure)
    return error{errc::io_failed, "can't create " + directory.string() + ": "
                                    + failure.message()};
  ERR_clear_error();
  auto made = make_material(*names, now);
  if (!made)
    return error{errc::internal,
                 "can't make a certificate: " + take_openssl_errors()};
  return std::move(*made);
}

} // namespace

result<certificate_files>
make_self_signed(const std::filesystem::path& directory,
                 const std::vector<std::string>& host_names, timestamp now) {
  certificate_files files{directory / "ca.pem", directory / "node.pem",
                          directory / "node.key"};
  // All three in one file, which is whole or absent: behind it, a start that
  // was cut short can be finished with the same key.
  auto unfinished = directory / "certificates.unfinished";
  if (is_there(unfinished)) {
    if (auto done = take_up(files, unfinished); !done)
      return done.failure();
    return files;
  }
  auto present = all_present(files);
  if (!present)
    return present.failure();
  if (*present)
    return files;
  auto made = make_checked(directory, host_names, now);
  if (!made)
    return made.failure();
  auto text = one_text(*made);
  auto done = write_new(unfinished, text, readable_by::owner);
  OPENSSL_cleanse(text.data(), text.size());
  if (done)
    done = finish(files, *made, unfinished);
  OPENSSL_cleanse(made->key.data(), made->key.size());
  if (!done)
    return done.failure();
  return files;
}

} // namespace iris::security
