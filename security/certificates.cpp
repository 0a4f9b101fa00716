#include "security/certificates.hpp"

#include "security/files.hpp"
#include "security/host_name.hpp"
#include "security/openssl.hpp"

#include <fstream>
#include <optional>
#include <sstream>

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace iris::security {

namespace {

using x509_ptr = openssl_ptr<X509, X509_free>;
using bignum_ptr = openssl_ptr<BIGNUM, BN_free>;

constexpr std::size_t host_names_max = 100;
constexpr std::int64_t head_start_s = 5 * 60;

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

bool set_serial(X509* certificate) {
  // 159 bits that nobody can guess; never negative (RFC 5280, section 4.1.2.2).
  bignum_ptr number{BN_new()};
  return number
         && BN_rand(number.get(), 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
         && BN_to_ASN1_INTEGER(number.get(),
                               X509_get_serialNumber(certificate));
}

bool set_period(X509* certificate, timestamp now) {
  auto from = static_cast<time_t>(now.ms / 1000 - head_start_s);
  // Both ends belong to the period (RFC 5280, section 4.1.2.5).
  auto seconds = std::chrono::seconds{self_signed_lifetime}.count() - 1;
  return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &from)
         && X509_time_adj_ex(X509_getm_notAfter(certificate), 0, seconds,
                             &from);
}

bool set_name(X509* certificate, const char* name) {
  return X509_NAME_add_entry_by_txt(
           X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
           reinterpret_cast<const unsigned char*>(name), -1, -1, 0)
         == 1;
}

struct extension {
  int id;
  std::string value;
};

bool add(X509* certificate, X509* issuer, const extension& what) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  openssl_ptr<X509_EXTENSION, X509_EXTENSION_free> made{
    X509V3_EXT_conf_nid(nullptr, &context, what.id, what.value.c_str())};
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

/// What is signed, by whom. Without an issuer a certificate signs itself.
struct issuer {
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
};

x509_ptr sign(const issuer& by, EVP_PKEY* key, const char* name, timestamp now,
              const std::vector<extension>& extensions) {
  x509_ptr made{X509_new()};
  auto raw = made.get();
  if (!made || X509_set_version(raw, X509_VERSION_3) != 1 || !set_serial(raw)
      || !set_period(raw, now) || !set_name(raw, name)
      || X509_set_pubkey(raw, key) != 1)
    return nullptr;
  auto parent = by.certificate ? by.certificate : raw;
  if (X509_set_issuer_name(raw, X509_get_subject_name(parent)) != 1)
    return nullptr;
  for (const auto& each : extensions)
    if (!add(raw, parent, each))
      return nullptr;
  return X509_sign(raw, by.key, EVP_sha256()) > 0 ? std::move(made) : nullptr;
}

/// The three files' content.
struct material {
  std::string ca, cert, key;
};

std::string text_of(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
  bio_ptr memory{BIO_new(BIO_s_mem())};
  return PEM_write_bio_X509(memory.get(), certificate) == 1
           ? text_of(memory.get())
           : "";
}

std::string to_pem(EVP_PKEY* key) {
  bio_ptr memory{BIO_new(BIO_s_secmem())};
  return PEM_write_bio_PKCS8PrivateKey(memory.get(), key, nullptr, nullptr, 0,
                                       nullptr, nullptr)
             == 1
           ? text_of(memory.get())
           : "";
}

std::optional<material> make_material(const std::string& names, timestamp now) {
  pkey_ptr ca_key{EVP_EC_gen("P-256")};
  pkey_ptr key{EVP_EC_gen("P-256")};
  if (!ca_key || !key)
    return std::nullopt;
  auto ca =
    sign({nullptr, ca_key.get()}, ca_key.get(), "Iris first-start CA", now,
         {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_subject_key_identifier, "hash"}});
  if (!ca)
    return std::nullopt;
  auto leaf = sign({ca.get(), ca_key.get()}, key.get(), "Iris node", now,
                   {{NID_basic_constraints, "critical,CA:FALSE"},
                    {NID_key_usage, "critical,digitalSignature"},
                    {NID_ext_key_usage, "serverAuth"},
                    {NID_subject_key_identifier, "hash"},
                    {NID_authority_key_identifier, "keyid:always"},
                    {NID_subject_alt_name, names}});
  if (!leaf)
    return std::nullopt;
  material made{to_pem(ca.get()), to_pem(leaf.get()), to_pem(key.get())};
  if (made.ca.empty() || made.cert.empty() || made.key.empty())
    return std::nullopt;
  return made;
}

std::string to_text(const material& made) {
  return made.key + made.cert + made.ca;
}

/// The inverse of to_text: each part starts with a line of its own.
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
  auto text = to_text(*made);
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
