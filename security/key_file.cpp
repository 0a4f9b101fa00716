#include "security/key_file.hpp"

#include "security/files.hpp"

namespace iris::security {

result<signing_key> load_signing_key(const std::filesystem::path& path) {
  auto text = read_secret(path);
  if (!text)
    return text.failure();
  auto key = signing_key::from_secret_jwk(*text);
  if (!key)
    return error{key.failure().code,
                 path.string() + ": " + key.failure().context};
  return key;
}

result<signing_key>
load_or_create_signing_key(const std::filesystem::path& path) {
  auto loaded = load_signing_key(path);
  if (loaded || loaded.failure().code != errc::not_found)
    return loaded;
  auto made = signing_key::generate();
  if (!made)
    return made;
  auto written = write_new(path, made->secret_jwk() + "\n", readable_by::owner);
  if (!written && written.failure().code == errc::already_exists)
    return load_signing_key(path);
  if (!written)
    return written.failure();
  return made;
}

} // namespace iris::security
