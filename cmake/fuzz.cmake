# One fuzzer a tests/fuzz/fuzz_*.c: LLVMFuzzerTestOneInput, linked with everything but the commands.

if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "TWOFOLD_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang.")
endif()

set(fuzz_sanitize address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
target_compile_options(twofold_flags INTERFACE -fsanitize=fuzzer-no-link,${fuzz_sanitize})
target_link_options(twofold_flags INTERFACE -fsanitize=${fuzz_sanitize})

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE twofold_objects)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/fuzz)
endforeach()
