# Faults of runs, injected below the engine's door, through real ranks and the real file.
add_executable(cluster_faults cluster_faults.c)
target_link_libraries(cluster_faults PRIVATE mesa_cluster mesa_flags)

integration_test(checkpoint checkpoint.py)

# Faults of disk, lock and clock: a library that lets system calls fail.
add_library(faults MODULE faults.c)
target_link_libraries(faults PRIVATE mesa_flags ${CMAKE_DL_LIBS})
integration_test(faults faults.py)
integration_test(each_call each_call.py)
integration_test(each_call_long each_call.py long)
set_property(TEST integration/each_call_long APPEND PROPERTY ENVIRONMENT EACH_CALL_STEP=1)
integration_test(each_allocation each_allocation.py)
integration_test(each_allocation_long each_allocation.py long)
set_property(TEST integration/each_allocation_long APPEND PROPERTY ENVIRONMENT EACH_ALLOCATION_STEP=1)
integration_test(outside outside.py)
integration_test(outside_long outside.py long)
set_property(TEST integration/outside_long APPEND PROPERTY ENVIRONMENT OUTSIDE_LONG=1)
foreach(test faults each_call each_call_long each_allocation each_allocation_long outside outside_long)
  set_property(TEST integration/${test} APPEND PROPERTY ENVIRONMENT MESASWEEP_FAULTS=$<TARGET_FILE:faults>)
endforeach()

foreach(ranks 1 3)
  add_test(NAME integration/cluster_faults_${ranks}
    COMMAND ${MESASWEEP_PYTHON} -B ${CMAKE_CURRENT_SOURCE_DIR}/cluster_faults.py ${ranks})
  set_tests_properties(integration/cluster_faults_${ranks} PROPERTIES
    LABELS slow TIMEOUT ${hangs}
    ENVIRONMENT "CLUSTER_FAULTS=$<TARGET_FILE:cluster_faults>")
endforeach()
