#pragma once

#include "base/result.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace iris::security {

/// Reads a file that holds a secret. Blocks.
/// Fails with: not_found; config_invalid if it is no regular file or if its
/// group or others have any right to it; corrupt if it is empty or longer than
/// 64 KiB; io_failed.
result<std::string> read_secret(const std::filesystem::path& path);

/// Who may read what write_new makes: 0600 or 0644.
enum class readable_by { owner, everyone };

/// Makes a file, whole and durable, or none: the bytes are synced before they
/// have a name, and the directory behind it. A crash leaves nothing else; only
/// on a file system without O_TMPFILE (NFS) perhaps a file named `path` +
/// ".new-…", which may be removed. Blocks.
/// Fails with: already_exists, and then the old file is as it was; io_failed.
result<void> write_new(const std::filesystem::path& path,
                       std::string_view bytes, readable_by whom);

/// Makes a file or takes the place of one, at once and durably: whoever opens
/// the name finds the old bytes or the new ones. A crash may leave a file named
/// `path` + ".new", which the next call replaces. One call at a time for one
/// path. Blocks. Fails with io_failed, and then the old file is as it was.
result<void> replace(const std::filesystem::path& path, std::string_view bytes,
                     readable_by whom);

/// Removes a file for good, and not before the other names in its directory are
/// durable: that is synced before and after. Blocks. io_failed.
result<void> remove_synced(const std::filesystem::path& path);

} // namespace iris::security
