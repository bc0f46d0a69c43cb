# What other programs make of a result file: a small writer, and readers in Python.
add_executable(store_writer ${PROJECT_SOURCE_DIR}/tests/unit/store/writer.c)
target_link_libraries(store_writer PRIVATE mesa_store mesa_flags m)

foreach(subject readers report report_pictures report_verdicts tool)
  add_test(NAME integration/store_${subject}
    COMMAND ${MESASWEEP_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/store_${subject}.py)
  set_tests_properties(integration/store_${subject} PROPERTIES
    LABELS slow TIMEOUT ${hangs} SKIP_RETURN_CODE 77
    ENVIRONMENT "STORE_WRITER=$<TARGET_FILE:store_writer>;MESASWEEP_SOURCE=${PROJECT_SOURCE_DIR}")
endforeach()

# The same with the newest readers of PyPI in an environment of their own.
add_test(NAME integration/store_readers_newest
  COMMAND ${MESASWEEP_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/store_readers_newest.py)
set_tests_properties(integration/store_readers_newest PROPERTIES
  LABELS "slow;long" TIMEOUT ${long_hangs} SKIP_RETURN_CODE 77
  ENVIRONMENT "STORE_WRITER=$<TARGET_FILE:store_writer>;MESASWEEP_SOURCE=${PROJECT_SOURCE_DIR}")
