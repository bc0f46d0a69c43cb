# One source on the engine in single and in double precision.
foreach(variant "" _f64)
  set(target precision${variant})
  add_executable(${target} precision.c)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/tests/unit/run)
  target_include_directories(${target} SYSTEM PRIVATE ${CMOCKA_INCLUDE})
  target_link_libraries(${target} PRIVATE mesa_run${variant} mesa_flags ${CMOCKA_LIBRARY})
endforeach()
add_test(NAME integration/precision COMMAND ${MESASWEEP_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/precision.py)
set_tests_properties(integration/precision PROPERTIES LABELS slow TIMEOUT ${hangs}
  ENVIRONMENT "PRECISION_SINGLE=$<TARGET_FILE:precision>;PRECISION_DOUBLE=$<TARGET_FILE:precision_f64>")
