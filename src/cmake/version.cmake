# cmake -DROOT=... -DOUT=... -DNUMBER=... -DCOMPILER=... -P version.cmake: writes version.c, and
# touches it only when something changed, so that a build without news compiles nothing.
set(COMMIT unknown)
find_package(Git QUIET)
if(GIT_FOUND)
  execute_process(COMMAND ${GIT_EXECUTABLE} -C ${ROOT} describe --always --dirty --abbrev=12 --exclude=*
    OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(COMMIT ${described})
  endif()
endif()
string(REGEX REPLACE " +" " " COMPILER "${COMPILER}")
file(CONFIGURE OUTPUT ${OUT} @ONLY CONTENT [[
#include "version.h"

const struct version version = {"@NUMBER@", "@COMMIT@", "@COMPILER@"};
]])
