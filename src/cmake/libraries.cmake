# The four outside libraries as the targets MPI::MPI_C, mesa_hdf5, mesa_openblas and mesa_yaml.
# All are looked for before anything is said, so that one message names all that is missing.
find_package(Threads REQUIRED)
find_package(PkgConfig QUIET)
set(missing "")

find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  list(APPEND missing mpirun)
endif()

# Serial or parallel, 1.10 to 2.0. FindHDF5 also takes HDF5_ROOT.
find_package(HDF5 1.10 QUIET COMPONENTS C HL)
if(HDF5_FOUND)
  add_library(mesa_hdf5 INTERFACE)
  target_include_directories(mesa_hdf5 SYSTEM INTERFACE ${HDF5_C_INCLUDE_DIRS})
  target_link_libraries(mesa_hdf5 INTERFACE ${HDF5_C_HL_LIBRARIES} ${HDF5_C_LIBRARIES})
  if(HDF5_IS_PARALLEL AND MPI_C_FOUND)
    target_link_libraries(mesa_hdf5 INTERFACE MPI::MPI_C)
  endif()
else()
  list(APPEND missing hdf5)
endif()

# find_c_library(TARGET NAME HEADER PKG): by <NAME>_ROOT or CMAKE_PREFIX_PATH first, then pkg-config.
macro(find_c_library target name header pkg)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(PC_${name} QUIET ${pkg})
  endif()
  find_path(${name}_INCLUDE ${header} HINTS ${${name}_ROOT}/include ${PC_${name}_INCLUDE_DIRS}
    PATH_SUFFIXES openblas)
  find_library(${name}_LIBRARY ${name} HINTS ${${name}_ROOT}/lib ${PC_${name}_LIBRARY_DIRS})
  if(${name}_INCLUDE AND ${name}_LIBRARY)
    add_library(${target} INTERFACE)
    target_include_directories(${target} SYSTEM INTERFACE ${${name}_INCLUDE})
    target_link_libraries(${target} INTERFACE ${${name}_LIBRARY})
  else()
    list(APPEND missing ${name})
  endif()
endmacro()

find_c_library(mesa_openblas openblas cblas.h openblas)
find_c_library(mesa_yaml yaml yaml.h yaml-0.1)

if(missing)
  list(JOIN missing " " missing)
  message(STATUS "missing: ${missing}") # read by tools/quickstart
  message(FATAL_ERROR "Not found: ${missing}. 'tools/quickstart --no-install' says how to get them; "
    "a library elsewhere is found with -DCMAKE_PREFIX_PATH=PREFIX, HDF5 with -DHDF5_ROOT=PREFIX.")
endif()
