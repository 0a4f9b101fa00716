# Programs that simulate, as they are and with deliberate faults.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# One ctest entry: a run of `program`. Sanitized ones are shorter.
function(iris_sim_run name program)
  set(test "${IRIS_TEST_PREFIX}sim: ${name}")
  add_test(NAME ${test} COMMAND ${program} ${ARGN})
  set_tests_properties(${test} PROPERTIES LABELS sim TIMEOUT 600 COST 60)
endfunction()

function(iris_ask_faults table out)
  execute_process(COMMAND ${Python3_EXECUTABLE} -B ${table} ${ARGN}
    OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE
    COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE "\n" ";" text "${text}")
  set(${out} ${text} PARENT_SCOPE)
endfunction()

# Compiles a file of the product by itself in a unity build, so that the linker
# can take another file instead.
function(iris_alone file)
  string(REGEX MATCH "^[^/]+" folder ${file})
  set_source_files_properties(${CMAKE_SOURCE_DIR}/${file}
    DIRECTORY ${CMAKE_SOURCE_DIR}/${folder}
    PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# iris_fault_program(name TABLE faults.py SOURCES … DEPS … LIBS … [CAF]): the
# program with faults in the product's code, from copies of its sources, and a
# ctest entry for each. The libraries stay as they are; the linker takes the
# copies instead of the parts of the same name.
function(iris_fault_program name)
  cmake_parse_arguments(arg "CAF" "TABLE" "SOURCES;DEPS;LIBS" ${ARGN})
  set(table ${CMAKE_CURRENT_SOURCE_DIR}/${arg_TABLE})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${table})
  iris_ask_faults(${table} files files)
  foreach(file IN LISTS files)
    set(copy ${CMAKE_CURRENT_BINARY_DIR}/faults/${name}/${file})
    get_filename_component(dir ${copy} DIRECTORY)
    file(MAKE_DIRECTORY ${dir})
    add_custom_command(OUTPUT ${copy}
      COMMAND ${Python3_EXECUTABLE} -B ${table} copy ${file} ${copy}
      DEPENDS ${table} ${CMAKE_SOURCE_DIR}/${file}
      COMMENT "Planting faults in ${file}" VERBATIM)
    list(APPEND copies ${copy})
    iris_alone(${file})
  endforeach()
  if(arg_CAF)
    set(caf CAF)
  endif()
  iris_program(${name} ${caf}
    SOURCES ${arg_SOURCES} ${copies} DEPS ${arg_DEPS} LIBS ${arg_LIBS})
  iris_ask_faults(${table} runs runs)
  foreach(run IN LISTS runs)
    separate_arguments(options UNIX_COMMAND ${run})
    list(POP_FRONT options fault)
    string(APPEND names "${fault} ")
    if(NOT "--seeds" IN_LIST options)
      list(APPEND options --seeds 1..1000)
    endif()
    iris_sim_run("fault ${fault} is caught" ${name}
      --fault ${fault} ${options})
  endforeach()
  target_compile_definitions(${name} PRIVATE IRIS_SIM_FAULTS="${names}")
endfunction()
