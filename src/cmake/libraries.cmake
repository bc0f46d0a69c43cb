# The four outside libraries as the targets MPI::MPI_C, mesa_hdf5, mesa_openblas and mesa_yaml.
find_package(Threads REQUIRED)
find_package(PkgConfig)
find_package(MPI REQUIRED COMPONENTS C)

# Serial or parallel, 1.10 to 2.0. FindHDF5 also takes HDF5_ROOT.
find_package(HDF5 1.10 REQUIRED COMPONENTS C HL)
add_library(mesa_hdf5 INTERFACE)
target_include_directories(mesa_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
target_link_libraries(mesa_hdf5 INTERFACE ${HDF5_C_HL_LIBRARIES} ${HDF5_C_LIBRARIES})
if(HDF5_IS_PARALLEL)
  target_link_libraries(mesa_hdf5 INTERFACE MPI::MPI_C)
endif()

# find_c_library(TARGET NAME HEADER PKG): by <NAME>_ROOT or CMAKE_PREFIX_PATH first, then pkg-config.
function(find_c_library target name header pkg)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(PC_${name} QUIET ${pkg})
  endif()
  find_path(${name}_INCLUDE ${header} HINTS ${${name}_ROOT}/include ${PC_${name}_INCLUDE_DIRS}
    PATH_SUFFIXES openblas)
  find_library(${name}_LIBRARY ${name} HINTS ${${name}_ROOT}/lib ${PC_${name}_LIBRARY_DIRS})
  if(NOT ${name}_INCLUDE OR NOT ${name}_LIBRARY)
    message(FATAL_ERROR "${name}: no ${header} or lib${name} found; "
      "install it or give -D${name}_ROOT=PREFIX")
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${name}_INCLUDE})
  target_link_libraries(${target} INTERFACE ${${name}_LIBRARY})
endfunction()

find_c_library(mesa_openblas openblas cblas.h openblas)
find_c_library(mesa_yaml yaml yaml.h yaml-0.1)
