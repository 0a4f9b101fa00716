#include "security/cluster_certificates.hpp"

#include "security/files.hpp"
#include "security/x509.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

namespace iris::security {

namespace {

using names_ptr = openssl_ptr<GENERAL_NAMES, GENERAL_NAMES_free>;

/// X.509's limit for a common name (RFC 5280, appendix A.1).
constexpr std::size_t common_name_max = 64;

std::string ca_name(std::string_view cluster) {
  return "urn:iris:" + std::string{cluster} + ":ca";
}

/// The only URI among the names; "" if there is none, or another one.
std::string only_uri(const X509* certificate) {
  names_ptr names{static_cast<GENERAL_NAMES*>(
    X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  ERR_clear_error();
  std::string found;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    int type = 0;
    auto value =
      GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_URI)
      continue;
    if (!found.empty())
      return "";
    auto text = static_cast<const ASN1_IA5STRING*>(value);
    found.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                 static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return found;
}

error unmade() {
  return {errc::internal, "can't make a certificate: " + take_openssl_errors()};
}

result<void> check_cluster(std::string_view cluster) {
  // Clusters are named as users are.
  auto parsed = user_id::parse(cluster);
  if (!parsed)
    return error{errc::bad_field,
                 "the cluster's name: " + parsed.failure().context};
  return {};
}

result<void> make_directory(const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure)
    return error{errc::io_failed, "can't create " + directory.string() + ": "
                                    + failure.message()};
  return {};
}

/// What signs, read and checked.
struct authority {
  x509_ptr certificate;
  pkey_ptr key;
};

result<authority> load(const cluster_ca& from, std::string_view cluster) {
  auto certificate = read_certificate(from.certificate);
  if (!certificate)
    return certificate.failure();
  auto key = read_private_key(from.key);
  if (!key)
    return key.failure();
  auto found = only_uri(certificate->get());
  if (found != ca_name(cluster))
    return error{errc::config_invalid,
                 from.certificate.string() + " is "
                   + (found.empty() ? "no cluster's CA" : "of " + found)
                   + ": expected " + ca_name(cluster)};
  auto matches = X509_check_private_key(certificate->get(), key->get()) == 1;
  ERR_clear_error();
  if (!matches)
    return error{errc::config_invalid, from.key.string() + " is not the key of "
                                         + from.certificate.string()
                                         + ": expected the one that was "
                                           "made with it"};
  return authority{std::move(*certificate), std::move(*key)};
}

result<void> check(const node_certificate& what) {
  if (what.node.value == 0)
    return error{errc::bad_field, "no node has the number 0: expected 1 or "
                                  "more"};
  if (what.lifetime < std::chrono::hours{1})
    return error{errc::bad_field, "a certificate can't hold for less than an "
                                  "hour"};
  return check_cluster(what.cluster);
}

/// A key and its certificate, in one text.
result<std::string> make_pair(const node_certificate& what) {
  if (auto ok = check(what); !ok)
    return ok.failure();
  auto ca = load(what.ca, what.cluster);
  if (!ca)
    return ca.failure();
  auto key = make_key();
  auto name = node_name(what.cluster, what.node);
  auto made =
    key ? sign({ca->certificate.get(), ca->key.get()}, key.get(),
               {"Iris node " + std::to_string(what.node.value), what.now,
                what.lifetime,
                leaf_extensions("serverAuth,clientAuth", "URI:" + name)})
        : nullptr;
  auto text = made ? to_pem(key.get()) : "";
  if (text.empty())
    return unmade();
  return text + to_pem(made.get());
}

cluster_files files_of(const std::filesystem::path& directory,
                       const node_certificate& what) {
  auto pair = directory / ("node-" + std::to_string(what.node.value) + ".pem");
  return {what.ca.certificate, pair, pair};
}

result<void> check_replaced(const std::filesystem::path& file,
                            const node_certificate& what) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored))
    return error{errc::not_found, "no file " + file.string()
                                    + ": expected the certificate to rotate"};
  auto old = read_certificate(file);
  if (!old)
    return old.failure();
  auto whose = named_node(old->get(), what.cluster);
  if (!whose || *whose != what.node)
    return error{errc::config_invalid, file.string()
                                         + " is not the certificate of "
                                         + node_name(what.cluster, what.node)
                                         + ": expected to replace that"};
  return {};
}

} // namespace

std::string node_name(std::string_view cluster, node_id node) {
  return "urn:iris:" + std::string{cluster}
         + ":node:" + std::to_string(node.value);
}

result<node_id> named_node(const X509* certificate, std::string_view cluster) {
  auto found = only_uri(certificate);
  auto prefix = node_name(cluster, {});
  prefix.pop_back();
  node_id out;
  if (found.starts_with(prefix))
    out.value = std::strtoull(found.c_str() + prefix.size(), nullptr, 10);
  // A number has one spelling only.
  if (out.value != 0 && found == node_name(cluster, out))
    return out;
  return error{errc::forbidden,
               "the certificate is "
                 + (found.empty() ? "of nobody" : "of \"" + found + "\"")
                 + ": expected " + prefix + "N"};
}

result<cluster_ca> make_cluster_ca(const std::filesystem::path& directory,
                                   std::string_view cluster, timestamp now) {
  if (auto ok = check_cluster(cluster); !ok)
    return ok.failure();
  if (auto ok = make_directory(directory); !ok)
    return ok.failure();
  ERR_clear_error();
  auto extensions = ca_extensions();
  extensions.push_back({NID_subject_alt_name, "URI:" + ca_name(cluster)});
  auto name = "Iris cluster " + std::string{cluster};
  auto key = make_key();
  auto made = key ? sign({nullptr, key.get()}, key.get(),
                         {name.substr(0, common_name_max), now,
                          cluster_ca_lifetime, std::move(extensions)})
                  : nullptr;
  auto secret = made ? to_pem(key.get()) : "";
  if (secret.empty())
    return unmade();
  cluster_ca files{directory / "cluster-ca.pem", directory / "cluster-ca.key"};
  // The key first: a certificate that anybody trusts has one.
  auto done = write_new(files.key, secret, readable_by::owner);
  OPENSSL_cleanse(secret.data(), secret.size());
  if (done)
    done =
      write_new(files.certificate, to_pem(made.get()), readable_by::everyone);
  if (!done)
    return done.failure();
  return files;
}

result<cluster_files>
make_node_certificate(const std::filesystem::path& directory,
                      const node_certificate& what) {
  auto pair = make_pair(what);
  if (!pair)
    return pair.failure();
  auto done = make_directory(directory);
  auto files = files_of(directory, what);
  if (done)
    done = write_new(files.certificate, *pair, readable_by::owner);
  OPENSSL_cleanse(pair->data(), pair->size());
  if (!done)
    return done.failure();
  return files;
}

result<cluster_files>
rotate_node_certificate(const std::filesystem::path& directory,
                        const node_certificate& what) {
  auto files = files_of(directory, what);
  if (auto ok = check_replaced(files.certificate, what); !ok)
    return ok.failure();
  auto pair = make_pair(what);
  if (!pair)
    return pair.failure();
  auto done = replace(files.certificate, *pair, readable_by::owner);
  OPENSSL_cleanse(pair->data(), pair->size());
  if (!done)
    return done.failure();
  return files;
}

} // namespace iris::security
