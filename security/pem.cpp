#include "security/pem.hpp"

#include "security/files.hpp"

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
  ERR_clear_error();
  bio_ptr source{BIO_new_file(file.c_str(), "r")};
  x509_ptr found{
    source ? PEM_read_bio_X509(source.get(), nullptr, no_passphrase, nullptr)
           : nullptr};
  if (!found)
    return refused("can't use the certificate in " + file.string()
                   + ": expected a PEM certificate");
  return found;
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

} // namespace iris::security
