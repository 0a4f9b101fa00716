#include "security/x509.hpp"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

namespace iris::security {

namespace {

using bignum_ptr = openssl_ptr<BIGNUM, BN_free>;

constexpr std::int64_t head_start_s = 5 * 60;

bool set_serial(X509* certificate) {
  // 159 bits that nobody can guess; never negative (RFC 5280, section 4.1.2.2).
  bignum_ptr number{BN_new()};
  return number
         && BN_rand(number.get(), 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1
         && BN_to_ASN1_INTEGER(number.get(),
                               X509_get_serialNumber(certificate));
}

bool set_period(X509* certificate, const x509_content& what) {
  auto from = static_cast<time_t>(what.now.ms / 1000 - head_start_s);
  auto days = static_cast<int>(what.lifetime / std::chrono::hours{24});
  auto rest = what.lifetime % std::chrono::hours{24};
  // Both ends belong to the period (RFC 5280, section 4.1.2.5).
  auto seconds = static_cast<long>(std::chrono::seconds{rest}.count()) - 1;
  return X509_time_adj_ex(X509_getm_notBefore(certificate), 0, 0, &from)
         && X509_time_adj_ex(X509_getm_notAfter(certificate), days, seconds,
                             &from);
}

/// A certificate is worth nothing once its issuer's has ended.
bool end_with(X509* issuer, X509* certificate) {
  auto last = X509_get0_notAfter(issuer);
  return ASN1_TIME_compare(X509_get0_notAfter(certificate), last) <= 0
         || X509_set1_notAfter(certificate, last) == 1;
}

bool set_name(X509* certificate, const std::string& name) {
  return X509_NAME_add_entry_by_txt(
           X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
           reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0)
         == 1;
}

bool add(X509* certificate, X509* issuer, const x509_extension& what) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  openssl_ptr<X509_EXTENSION, X509_EXTENSION_free> made{
    X509V3_EXT_conf_nid(nullptr, &context, what.id, what.value.c_str())};
  return made && X509_add_ext(certificate, made.get(), -1) == 1;
}

} // namespace

pkey_ptr make_key() {
  return pkey_ptr{EVP_EC_gen("P-256")};
}

x509_ptr sign(const x509_issuer& by, EVP_PKEY* key, const x509_content& what) {
  x509_ptr made{X509_new()};
  auto raw = made.get();
  if (!made || X509_set_version(raw, X509_VERSION_3) != 1 || !set_serial(raw)
      || !set_period(raw, what) || !set_name(raw, what.name)
      || X509_set_pubkey(raw, key) != 1)
    return nullptr;
  auto parent = by.certificate ? by.certificate : raw;
  if (!end_with(parent, raw)
      || X509_set_issuer_name(raw, X509_get_subject_name(parent)) != 1)
    return nullptr;
  for (const auto& each : what.extensions)
    if (!add(raw, parent, each))
      return nullptr;
  return X509_sign(raw, by.key, EVP_sha256()) > 0 ? std::move(made) : nullptr;
}

std::vector<x509_extension> ca_extensions() {
  return {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
          {NID_key_usage, "critical,keyCertSign,cRLSign"},
          {NID_subject_key_identifier, "hash"}};
}

std::vector<x509_extension> leaf_extensions(const std::string& use,
                                            const std::string& names) {
  return {{NID_basic_constraints, "critical,CA:FALSE"},
          {NID_key_usage, "critical,digitalSignature"},
          {NID_ext_key_usage, use},
          {NID_subject_key_identifier, "hash"},
          {NID_authority_key_identifier, "keyid:always"},
          {NID_subject_alt_name, names}};
}

} // namespace iris::security
