# twofold_pg_query: PostgreSQL's parser, for what the gate reads in functions and statements. Optional: without it those
# conditions of the gate are unknown, and say why. Linked from its archive, since the shared library comes with the
# -dev package only; its names stay inside what it is linked into.

option(TWOFOLD_PG_QUERY "Use libpg_query where it is installed" ON)
add_library(twofold_pg_query INTERFACE)
find_path(PG_QUERY_INCLUDE pg_query.h)
find_library(PG_QUERY_ARCHIVE NAMES libpg_query.a)

if(TWOFOLD_PG_QUERY AND PG_QUERY_INCLUDE AND PG_QUERY_ARCHIVE)
  message(STATUS "libpg_query: ${PG_QUERY_ARCHIVE}")
  target_link_libraries(twofold_pg_query INTERFACE ${PG_QUERY_ARCHIVE})
  target_link_options(twofold_pg_query INTERFACE -Wl,--exclude-libs,libpg_query.a)
  set_source_files_properties(src/gate/sql_parse.c PROPERTIES COMPILE_DEFINITIONS TWOFOLD_PG_QUERY
                              INCLUDE_DIRECTORIES ${PG_QUERY_INCLUDE})
  file(GLOB TWOFOLD_LINKED_COPYRIGHTS /usr/share/doc/libpg-query-dev/copyright)
else()
  message(STATUS "libpg_query: not found; the gate answers \"unknown\" where it would have to read SQL")
endif()
