# One program a tests/unit/test_*.c and tests/live/test_*.c, linked with everything but the commands.
# ctest runs the unit tests and the rules that need no server; tests/run.sh runs everything.

function(add_test_programs folder out_programs)
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/test_*.c)
  set(programs)
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME_WE)
    set(program ${folder}_${name})
    add_executable(${program} ${source})
    target_include_directories(${program} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${program} PRIVATE twofold_objects)
    target_compile_definitions(${program} PRIVATE TWOFOLD_ROOT="${PROJECT_SOURCE_DIR}")
    set_target_properties(${program} PROPERTIES OUTPUT_NAME ${name}
                          RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/${folder})
    list(APPEND programs ${program})
  endforeach()
  set(${out_programs} ${programs} PARENT_SCOPE)
endfunction()

add_test_programs(unit unit_programs)
add_test_programs(live live_programs)
foreach(program IN LISTS unit_programs)
  add_test(NAME ${program} COMMAND ${program} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endforeach()

add_test(NAME includes COMMAND ${CMAKE_COMMAND} -P ${PROJECT_SOURCE_DIR}/tests/check_includes.cmake)
add_test(NAME includes_refused COMMAND ${PROJECT_SOURCE_DIR}/tests/check_includes_test.sh)
add_test(NAME headers COMMAND ${PROJECT_SOURCE_DIR}/tests/check_headers.sh ${CMAKE_C_COMPILER})
if(NOT TWOFOLD_SANITIZE AND TARGET twofold)
  add_test(NAME symbols COMMAND ${PROJECT_SOURCE_DIR}/tests/check_symbols.sh $<TARGET_FILE:twofold>
           $<TARGET_FILE:twofold_library>)
endif()
