# iris_library(name SOURCES a.cpp … DEPS base … LIBS Boost::headers … [CAF|HOT])
# A folder's code. DEPS are other folders and mirror the table of layers; LIBS
# come from outside. CAF shares the precompiled header of the actor code. HOT is
# what simulations spend their time in: sanitized, it is optimised all the same.
function(iris_library name)
  cmake_parse_arguments(arg "CAF;HOT" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_library(iris_${name} STATIC ${arg_SOURCES})
  if(arg_HOT AND IRIS_SANITIZE)
    target_compile_options(iris_${name} PRIVATE -O1)
  endif()
  target_include_directories(iris_${name} PUBLIC ${CMAKE_SOURCE_DIR})
  list(TRANSFORM arg_DEPS PREPEND iris_)
  target_link_libraries(iris_${name} PUBLIC ${arg_DEPS} ${arg_LIBS})
  if(arg_CAF)
    target_link_libraries(iris_${name} PUBLIC iris::caf_core)
    target_precompile_headers(iris_${name} REUSE_FROM iris_pch_caf)
  endif()
endfunction()

# iris_program(name SOURCES … DEPS … LIBS … [CAF])
function(iris_program name)
  cmake_parse_arguments(arg "CAF" "" "SOURCES;DEPS;LIBS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  list(TRANSFORM arg_DEPS PREPEND iris_)
  target_link_libraries(${name} PRIVATE ${arg_DEPS} ${arg_LIBS})
  if(arg_CAF)
    target_precompile_headers(${name} REUSE_FROM iris_pch_caf)
  endif()
endfunction()

# Under a sanitizer, which is slow, property tests take the short form. The
# seed is fixed: a run tells about the code, not about luck.
if(IRIS_SANITIZE)
  set(IRIS_TEST_PREFIX "sanitized ")
  set(test_environment "RC_PARAMS=seed=1 max_success=20")
else()
  set(test_environment "RC_PARAMS=seed=1")
endif()

# iris_test(name SOURCES x.test.cpp … DEPS … [LABEL process] [CAF]): one
# program, one ctest entry a test case, with the label unit if none is given.
# Sanitized programs take long to begin: there it is one a file.
function(iris_test name)
  cmake_parse_arguments(arg "CAF" "LABEL" "SOURCES;DEPS;LIBS" ${ARGN})
  if(NOT arg_LABEL)
    set(arg_LABEL unit)
  endif()
  add_executable(${name}_test ${arg_SOURCES} ${CMAKE_SOURCE_DIR}/tests/main.cpp)
  list(TRANSFORM arg_DEPS PREPEND iris_)
  target_link_libraries(${name}_test PRIVATE
    ${arg_DEPS} ${arg_LIBS} doctest::doctest)
  target_include_directories(${name}_test PRIVATE ${CMAKE_SOURCE_DIR})
  target_compile_definitions(${name}_test PRIVATE
    IRIS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(arg_CAF)
    target_precompile_headers(${name}_test REUSE_FROM iris_pch_caf)
  endif()
  set(cost 0)
  if(arg_LABEL STREQUAL "process")
    set(cost 30)
  endif()
  set(properties COST ${cost} TIMEOUT 300 LABELS ${arg_LABEL} ENVIRONMENT
    "${test_environment}")
  if(NOT IRIS_SANITIZE OR arg_LABEL STREQUAL "process")
    doctest_discover_tests(${name}_test
      TEST_PREFIX "${IRIS_TEST_PREFIX}${name}: " PROPERTIES ${properties})
    return()
  endif()
  list(FILTER arg_SOURCES INCLUDE REGEX "[.]test[.]cpp$")
  foreach(file IN LISTS arg_SOURCES)
    set(test "${IRIS_TEST_PREFIX}${name}: ${file}")
    add_test(NAME ${test} COMMAND ${name}_test --source-file=*/${file})
    set_tests_properties(${test} PROPERTIES ${properties} TIMEOUT 900
      FAIL_REGULAR_EXPRESSION "test cases: +0 ")
  endforeach()
endfunction()

# Touched by no later configuration, so that nothing is built again.
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/pch_caf.cpp CONTENT "")
add_library(iris_pch_caf STATIC ${CMAKE_BINARY_DIR}/pch_caf.cpp)
target_link_libraries(iris_pch_caf PUBLIC iris::caf_core)
target_precompile_headers(iris_pch_caf PRIVATE
  <caf/all.hpp> <functional> <map> <memory> <string> <unordered_map> <vector>)
