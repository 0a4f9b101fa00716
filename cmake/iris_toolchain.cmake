# Compiler, warnings, sanitizers, cache.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

set(IRIS_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined")
option(IRIS_FUZZ "Build the libFuzzer targets (needs clang)" OFF)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers need the sloppiness; the base folder lets work trees
  # and fresh clones share the cache.
  set(cache env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${cache})
  set(CMAKE_C_COMPILER_LAUNCHER ${cache})
endif()

add_compile_options(-Wall -Wextra -Werror -Wshadow
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor>
  $<$<COMPILE_LANGUAGE:CXX>:-Woverloaded-virtual>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
  if(CMAKE_UNITY_BUILD)
    # It takes a source for a header, because another includes it.
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
  endif()
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 16)
  # It has coroutines with libstdc++ but does not say so, and Boost 1.74 then
  # leaves its own out.
  add_compile_definitions(
    $<$<COMPILE_LANGUAGE:CXX>:__cpp_impl_coroutine=201902L>
    $<$<COMPILE_LANGUAGE:CXX>:BOOST_ASIO_HAS_CO_AWAIT=1>)
endif()
if(IRIS_SANITIZE)
  add_compile_definitions(IRIS_SANITIZED)
  # CAF and Asio load through null on purpose in unevaluated corners.
  add_compile_options(-fsanitize=${IRIS_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize=null -fno-sanitize-recover=all)
  if(NOT IRIS_FUZZ)
    # A quarter of the time to compile. What reads bytes is fuzzed with them.
    add_compile_options(-fno-sanitize=alignment,vptr)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # Clang 14 can't check functions where there are coroutines, and Boost's
      # containers step from null pointers.
      add_compile_options(-fno-sanitize=function,pointer-overflow)
    endif()
  endif()
  add_link_options(-fsanitize=${IRIS_SANITIZE})
  if(IRIS_SANITIZE STREQUAL "thread")
    # Its runtime has an `operator new`, as a test that counts has.
    add_link_options(-Wl,-z,muldefs)
  endif()
endif()
if(IRIS_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
