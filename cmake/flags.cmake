# twofold_flags: how every C file of the project is compiled.

add_library(twofold_flags INTERFACE)
target_compile_definitions(twofold_flags INTERFACE _GNU_SOURCE)
target_compile_options(twofold_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
  -Wswitch-enum)
if(TWOFOLD_DEVELOPER)
  target_compile_options(twofold_flags INTERFACE -Werror)
endif()

if(TWOFOLD_SANITIZE)
  set(sanitize -fsanitize=${TWOFOLD_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_compile_options(twofold_flags INTERFACE ${sanitize})
  target_link_options(twofold_flags INTERFACE ${sanitize})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(twofold_flags INTERFACE -fstack-protector-strong)
  target_compile_definitions(twofold_flags INTERFACE _FORTIFY_SOURCE=2)
  target_link_options(twofold_flags INTERFACE -Wl,-z,relro,-z,now)
endif()

# A sanitizer's own symbols are only there at run time, and with clang even the linker does not see them.
if(NOT TWOFOLD_SANITIZE AND NOT TWOFOLD_FUZZ)
  set(TWOFOLD_LIBRARY_LINK_OPTIONS -Wl,--no-undefined)
endif()
