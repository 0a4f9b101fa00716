#include "security/pem.hpp"

#include "security/files.hpp"

#include <ctime>

#include <openssl/err.h>
#include <openssl/pem.h>

namespace iris::security {

namespace {

std::string text_of(BIO* memory) {
  char* data = nullptr;
  auto size = BIO_get_mem_data(memory, &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Without it, OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

error refused(const std::string& text) {
  return {errc::config_invalid, text + " (" + take_openssl_errors() + ")"};
}

/// Null if it can't be read, which whoever reads from it finds out.
result<bio_ptr> open_certificates(const std::filesystem::path& file) {
  ERR_clear_error();
  bio_ptr source{BIO_new_file(file.c_str(), "r")};
  if (source || ERR_GET_REASON(ERR_peek_last_error()) != BIO_R_NO_SUCH_FILE)
    return source;
  ERR_clear_error();
  return error{errc::not_found,
               "no file " + file.string() + ": expected a PEM certificate"};
}

x509_ptr next_certificate(BIO* from) {
  return x509_ptr{
    from ? PEM_read_bio_X509(from, nullptr, no_passphrase, nullptr) : nullptr};
}

} // namespace

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

result<x509_ptr> read_certificate(const std::filesystem::path& file) {
  auto source = open_certificates(file);
  if (!source)
    return source.failure();
  auto found = next_certificate(source->get());
  if (!found)
    return refused("can't use the certificate in " + file.string()
                   + ": expected a PEM certificate");
  return found;
}

result<x509_ptr> read_issuer(const std::filesystem::path& file, X509* of) {
  auto source = open_certificates(file);
  if (!source)
    return source.failure();
  auto signed_by = [&](X509* x) {
    return X509_verify(of, X509_get0_pubkey(x)) == 1;
  };
  auto found = next_certificate(source->get());
  while (found && !signed_by(found.get()))
    found = next_certificate(source->get());
  ERR_clear_error();
  if (found)
    return found;
  return error{errc::config_invalid,
               "no certificate in " + file.string()
                 + " signed the other: expected its issuer there"};
}

result<pkey_ptr> read_private_key(const std::filesystem::path& file) {
  auto text = read_secret(file);
  if (!text)
    return text.failure();
  ERR_clear_error();
  bio_ptr source{BIO_new_mem_buf(text->data(), static_cast<int>(text->size()))};
  pkey_ptr key{
    PEM_read_bio_PrivateKey(source.get(), nullptr, no_passphrase, nullptr)};
  OPENSSL_cleanse(text->data(), text->size());
  if (!key)
    return refused("can't use the key in " + file.string()
                   + ": expected a PEM private key without passphrase");
  return key;
}

timestamp last_moment(const X509* certificate) {
  std::tm parts{};
  ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts);
  return {static_cast<std::int64_t>(::timegm(&parts)) * 1000};
}

} // namespace iris::security
