# cmake -P tests/check_includes.cmake: keeps the include rule
#     include < base < expr, source < spec < check < ledger, repair < gate < report < cmd
# A folder sees itself and what stands left of it; folders between the same signs do not see each other.
# Every quoted include names its folder ("base/text.h"), so that a file's place can be read off its first lines.

cmake_minimum_required(VERSION 3.20)

get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
if(DEFINED ENV{TWOFOLD_INCLUDES_ROOT})
  set(root $ENV{TWOFOLD_INCLUDES_ROOT}) # check_includes_test.sh: a small tree with known faults
endif()

set(rank_twofold 0)
set(rank_base 1)
set(rank_expr 2)
set(rank_source 2)
set(rank_spec 3)
set(rank_check 4)
set(rank_ledger 5)
set(rank_repair 5)
set(rank_gate 6)
set(rank_report 7)
set(rank_cmd 8)

set(checked 0)
set(wrong 0)

function(complain file include why)
  message("${file}: #include \"${include}\": ${why}")
  math(EXPR wrong "${wrong} + 1")
  set(wrong ${wrong} PARENT_SCOPE)
endfunction()

file(GLOB files RELATIVE ${root} ${root}/include/twofold/*.h ${root}/src/*/*.[ch] ${root}/src/*/*.def)
foreach(file IN LISTS files)
  get_filename_component(folder ${file} DIRECTORY)
  get_filename_component(folder ${folder} NAME)
  if(NOT DEFINED rank_${folder})
    message("${file}: the folder \"${folder}\" has no place in the include rule")
    math(EXPR wrong "${wrong} + 1")
    continue()
  endif()
  file(STRINGS ${root}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"")
  foreach(line IN LISTS lines)
    string(REGEX REPLACE "^[^\"]*\"([^\"]*)\".*$" "\\1" include "${line}")
    string(REGEX REPLACE "/.*$" "" target "${include}")
    math(EXPR checked "${checked} + 1")
    if(NOT include MATCHES "/" OR NOT DEFINED rank_${target})
      complain(${file} ${include} "name its folder, as in \"base/text.h\"")
    elseif(NOT target STREQUAL folder AND NOT rank_${target} LESS rank_${folder})
      complain(${file} ${include} "${folder} does not see ${target}")
    elseif(NOT EXISTS ${root}/src/${include} AND NOT EXISTS ${root}/include/${include})
      complain(${file} ${include} "there is no such file")
    endif()
  endforeach()
endforeach()

math(EXPR passed "${checked} - ${wrong}")
message("${passed} passed, ${wrong} failed")
if(wrong GREATER 0 OR checked EQUAL 0)
  message(FATAL_ERROR "the include rule is broken")
endif()
