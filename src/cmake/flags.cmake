# What every target is compiled with; linked, never global. `mesa_flags` is for all code, `mesa_numeric`
# adds what keeps results equal on every machine: no contraction that we did not write.
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer")
set(CMAKE_EXE_LINKER_FLAGS_SANITIZE "-fsanitize=address,undefined")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1") # assertions stay; kernels drop them
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(mesa_flags INTERFACE)
target_compile_features(mesa_flags INTERFACE c_std_17)
target_compile_definitions(mesa_flags INTERFACE _GNU_SOURCE)
target_include_directories(mesa_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_options(mesa_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wvla -Wformat=2 $<$<BOOL:${MESASWEEP_DEVELOP}>:-Werror>
  -fstack-protector-strong)

add_library(mesa_numeric INTERFACE)
target_compile_options(mesa_numeric INTERFACE -ffp-contract=off -fno-math-errno -fno-trapping-math)
