# Keeps the man pages in OUTPUT/man1 and OUTPUT/man5: twofold(1), as PROGRAM prints it, and those it names under SEE ALSO.
set(capture ${CMAKE_CURRENT_LIST_DIR}/capture.cmake)
file(REMOVE_RECURSE ${OUTPUT})
file(MAKE_DIRECTORY ${OUTPUT}/man1 ${OUTPUT}/man5)

function(keep_page path)
  execute_process(COMMAND ${CMAKE_COMMAND} -DPROGRAM=${PROGRAM} "-DARGUMENTS=help;man;${ARGN}" -DOUTPUT=${OUTPUT}/${path}
                          -P ${capture} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

keep_page(man1/twofold.1)
file(STRINGS ${OUTPUT}/man1/twofold.1 others REGEX "^\\.BR twofold-")
foreach(line IN LISTS others)
  string(REGEX MATCH "twofold-([a-z-]+) \\(([0-9])\\)" found "${line}")
  keep_page(man${CMAKE_MATCH_2}/twofold-${CMAKE_MATCH_1}.${CMAKE_MATCH_2} ${CMAKE_MATCH_1})
endforeach()
