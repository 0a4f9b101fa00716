#pragma once

#include "security/jose.hpp"

#include <filesystem>

namespace iris::security {

/// Loads the key that signs tokens. Blocks.
/// Fails with: not_found; config_invalid if the file is not regular, is open to
/// others than its owner, or holds another kind of key; corrupt; io_failed.
result<signing_key> load_signing_key(const std::filesystem::path& path);

/// For a first start: makes a key if there is no file, loads it otherwise. A
/// file that is there is never replaced, whatever it holds: tokens signed with
/// a lost key are worthless, so its loss must not go unnoticed. Later starts
/// use load_signing_key. Several processes at once get the same key. Blocks.
/// Fails as load_signing_key, or with io_failed if the key can't be kept.
result<signing_key>
load_or_create_signing_key(const std::filesystem::path& path);

} // namespace iris::security
