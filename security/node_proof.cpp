#include "security/node_proof.hpp"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace iris::security {

namespace {

using digest_ptr = openssl_ptr<EVP_MD_CTX, EVP_MD_CTX_free>;
using store_ptr = openssl_ptr<X509_STORE, X509_STORE_free>;
using check_ptr = openssl_ptr<X509_STORE_CTX, X509_STORE_CTX_free>;

/// Keys of Edwards curves bring their own.
const EVP_MD* digest_for(const EVP_PKEY* key) {
  auto own = EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448");
  return own ? nullptr : EVP_sha256();
}

const unsigned char* octets(std::string_view x) {
  return reinterpret_cast<const unsigned char*>(x.data());
}

unsigned char* octets(std::string& x) {
  return reinterpret_cast<unsigned char*>(x.data());
}

bool sign(EVP_PKEY* key, std::string_view what, std::string& out) {
  digest_ptr digest{EVP_MD_CTX_new()};
  std::size_t size = 0;
  if (!digest
      || EVP_DigestSignInit(digest.get(), nullptr, digest_for(key), nullptr,
                            key)
           != 1
      || EVP_DigestSign(digest.get(), nullptr, &size, octets(what), what.size())
           != 1)
    return false;
  out.resize(size);
  if (EVP_DigestSign(digest.get(), octets(out), &size, octets(what),
                     what.size())
      != 1)
    return false;
  out.resize(size);
  return true;
}

bool signed_by(EVP_PKEY* key, std::string_view what,
               std::string_view signature) {
  digest_ptr digest{EVP_MD_CTX_new()};
  return key && digest
         && EVP_DigestVerifyInit(digest.get(), nullptr, digest_for(key),
                                 nullptr, key)
              == 1
         && EVP_DigestVerify(digest.get(), octets(signature), signature.size(),
                             octets(what), what.size())
              == 1;
}

std::string to_der(X509* certificate) {
  auto size = i2d_X509(certificate, nullptr);
  if (size <= 0)
    return {};
  std::string out(static_cast<std::size_t>(size), '\0');
  auto at = octets(out);
  i2d_X509(certificate, &at);
  return out;
}

result<store_ptr> trust(const std::filesystem::path& ca) {
  store_ptr store{X509_STORE_new()};
  if (store && X509_STORE_load_file(store.get(), ca.c_str()) == 1)
    return store;
  return error{errc::config_invalid,
               "can't use the certificates in " + ca.string() + " ("
                 + take_openssl_errors()
                 + "): expected PEM certificates to trust"};
}

/// Whether one of the store's certificates signed it, and it holds.
result<void> check(X509_STORE* store, X509* certificate, timestamp now) {
  check_ptr check{X509_STORE_CTX_new()};
  if (!check
      || X509_STORE_CTX_init(check.get(), store, certificate, nullptr) != 1)
    return error{errc::internal, "can't check a certificate: no memory"};
  X509_STORE_CTX_set_time(check.get(), 0, static_cast<time_t>(now.ms / 1000));
  auto good = X509_verify_cert(check.get()) == 1;
  ERR_clear_error();
  if (good)
    return {};
  auto reason =
    X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
  return error{errc::forbidden, "its certificate is not trusted ("
                                  + std::string{reason}
                                  + "): expected one of this cluster's CA that "
                                    "holds now"};
}

struct own_identity {
  x509_ptr certificate;
  pkey_ptr key;
};

error unusable(const cluster_files& files) {
  return {errc::config_invalid,
          "can't sign with " + files.key.string() + " (" + take_openssl_errors()
            + "): expected the key of " + files.certificate.string()};
}

result<own_identity> read_own(const cluster_files& files) {
  auto certificate = read_certificate(files.certificate);
  if (!certificate)
    return certificate.failure();
  auto key = read_private_key(files.key);
  if (!key)
    return key.failure();
  if (X509_check_private_key(certificate->get(), key->get()) != 1)
    return unusable(files);
  return own_identity{*std::move(certificate), *std::move(key)};
}

} // namespace

result<node_proof> prove_node(const cluster_files& files,
                              std::string_view what) {
  auto own = read_own(files);
  if (!own)
    return own.failure();
  node_proof out;
  out.certificate = to_der(own->certificate.get());
  if (!out.certificate.empty() && sign(own->key.get(), what, out.signature))
    return out;
  return unusable(files);
}

result<void> check_files(const cluster_files& files) {
  ERR_clear_error();
  if (auto store = trust(files.ca); !store)
    return store.failure();
  if (auto own = read_own(files); !own)
    return own.failure();
  return {};
}

result<node_id> proven_node(const node_judge& by, const node_proof& proof,
                            std::string_view what) {
  ERR_clear_error();
  auto from = octets(proof.certificate);
  x509_ptr certificate{
    d2i_X509(nullptr, &from, static_cast<long>(proof.certificate.size()))};
  ERR_clear_error();
  if (!certificate)
    return error{errc::forbidden, "it shows no certificate: expected its own"};
  auto store = trust(by.ca);
  if (!store)
    return store.failure();
  if (auto good = check(store->get(), certificate.get(), by.now); !good)
    return good.failure();
  auto good =
    signed_by(X509_get0_pubkey(certificate.get()), what, proof.signature);
  ERR_clear_error();
  if (!good)
    return error{errc::forbidden, "it does not have the key of the certificate "
                                  "that it shows: expected its own"};
  return named_node(certificate.get(), by.cluster);
}

} // namespace iris::security
