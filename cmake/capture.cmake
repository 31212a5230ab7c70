# Runs PROGRAM with ARGUMENTS and keeps its standard output in OUTPUT, or fails with what it said.
execute_process(COMMAND ${PROGRAM} ${ARGUMENTS} OUTPUT_FILE ${OUTPUT}.part ERROR_VARIABLE said RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  file(REMOVE ${OUTPUT}.part)
  message(FATAL_ERROR "${PROGRAM} ${ARGUMENTS} ended with ${status}: ${said}")
endif()
file(RENAME ${OUTPUT}.part ${OUTPUT})
