# Everything Iris stands on, as Debian packages it (scripts/setup installs it).
find_package(Threads REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Boost 1.74 REQUIRED)
if(IRIS_SANITIZE MATCHES "thread")
  # Fences, which it doesn't understand, and Asio's queues don't need.
  target_compile_definitions(Boost::headers
    INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
find_package(leveldb REQUIRED)
find_package(spdlog REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(msgpack REQUIRED NAMES msgpack msgpackc-cxx msgpack-cxx
  CONFIGS msgpack-config.cmake msgpackc-cxx-config.cmake msgpack-cxx-config.cmake)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(PkgConfig REQUIRED)
pkg_check_modules(cjose REQUIRED IMPORTED_TARGET cjose)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# CAF 0.17 and libraft ship no CMake configuration.
function(iris_find_library target library header)
  find_library(${target}_file ${library} REQUIRED)
  find_path(${target}_include ${header} REQUIRED)
  add_library(iris::${target} UNKNOWN IMPORTED)
  set_target_properties(iris::${target} PROPERTIES
    IMPORTED_LOCATION ${${target}_file}
    INTERFACE_INCLUDE_DIRECTORIES ${${target}_include})
endfunction()
iris_find_library(caf_core caf_core caf/all.hpp)
iris_find_library(caf_io caf_io caf/io/all.hpp)
iris_find_library(caf_openssl caf_openssl caf/openssl/all.hpp)
iris_find_library(raft libraft.a raft.h)

# libraft 0.15 loses acknowledged entries: never link it.
file(STRINGS ${raft_include}/raft.h raft_version REGEX "RAFT_VERSION_MINOR [0-9]+")
string(REGEX MATCH "[0-9]+$" raft_version "${raft_version}")
if(NOT raft_version EQUAL 22)
  message(FATAL_ERROR
    "found libraft 0.${raft_version}, expected 0.22: run scripts/setup")
endif()
