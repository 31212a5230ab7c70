# embed_file(FILE NAME SOURCES): FILE becomes `const Str NAME` of report/html_assets.h, in a C file that is added to SOURCES.

function(embed_file file name sources)
  set(made ${PROJECT_BINARY_DIR}/embedded/${name}.c)
  add_custom_command(OUTPUT ${made} DEPENDS ${PROJECT_SOURCE_DIR}/${file} ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake
    COMMAND ${CMAKE_COMMAND} -DFILE=${PROJECT_SOURCE_DIR}/${file} -DNAME=${name} -DOUTPUT=${made}
            -P ${PROJECT_SOURCE_DIR}/cmake/embed_file.cmake VERBATIM)
  set(${sources} ${${sources}} ${made} PARENT_SCOPE)
endfunction()
