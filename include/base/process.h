/* process.h - small questions about this process. */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>

/* Whether a launcher of MPI started it. Once it has initialised MPI such a process must not fork:
 * what a network has registered of its memory would be lost to it. */
bool process_is_rank(void);

/* Bytes of its address space; 0: unknown. */
double process_address_space(void);

#endif
