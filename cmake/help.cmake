# The man pages and the completions come out of the program itself, so that its option table stays the only one.

set(TWOFOLD_HELP)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/help)
function(add_help_file path)
  set(file ${PROJECT_BINARY_DIR}/help/${path})
  add_custom_command(OUTPUT ${file} DEPENDS twofold VERBATIM
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:twofold> "-DARGUMENTS=help;${ARGN}" -DOUTPUT=${file}
            -P ${PROJECT_SOURCE_DIR}/cmake/capture.cmake)
  set(TWOFOLD_HELP ${TWOFOLD_HELP} ${file} PARENT_SCOPE)
endfunction()

if(NOT CMAKE_CROSSCOMPILING)
  add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/help/man/man1/twofold.1 DEPENDS twofold VERBATIM
    COMMAND ${CMAKE_COMMAND} -DPROGRAM=$<TARGET_FILE:twofold> -DOUTPUT=${PROJECT_BINARY_DIR}/help/man
            -P ${PROJECT_SOURCE_DIR}/cmake/man.cmake)
  add_help_file(twofold.bash completion bash)
  add_help_file(_twofold completion zsh)
  add_help_file(twofold.fish completion fish)
  add_custom_target(twofold_help ALL DEPENDS ${TWOFOLD_HELP} ${PROJECT_BINARY_DIR}/help/man/man1/twofold.1)
endif()
