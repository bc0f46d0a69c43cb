# What every target is compiled with; linked, never global. `mesa_flags` is for all code, `mesa_numeric`
# adds what keeps results equal on every machine: no contraction that we did not write.
set(CMAKE_C_FLAGS_SANITIZE "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer")
set(CMAKE_EXE_LINKER_FLAGS_SANITIZE "-fsanitize=address,undefined")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1") # assertions stay; kernels drop them
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

# What an error of ours in memory runs into: checked copies, canaries, no code at known places, tables of
# the linker read-only before main. `mesa_checked` is for what is shipped: it defines some calls of libc
# in line, which tests replace; it needs optimisation, and keeps out of the sanitizers' way.
add_library(mesa_checked INTERFACE)
target_compile_options(mesa_checked INTERFACE
  "$<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>")

add_library(mesa_flags INTERFACE)
target_compile_features(mesa_flags INTERFACE c_std_17)
target_compile_definitions(mesa_flags INTERFACE _GNU_SOURCE)
target_include_directories(mesa_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_compile_options(mesa_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes
  -Wmissing-prototypes -Wvla -Wformat=2 $<$<BOOL:${MESASWEEP_DEVELOP}>:-Werror>
  -fstack-protector-strong)
target_link_options(mesa_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

add_library(mesa_numeric INTERFACE)
target_compile_options(mesa_numeric INTERFACE -ffp-contract=off -fno-math-errno -fno-trapping-math)
