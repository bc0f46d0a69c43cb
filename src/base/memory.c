#include "base/memory.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"

void memory_refused(size_t bytes)
{
    fprintf(stderr, "mesasweep: no memory for %zu bytes\n", bytes);
    _exit(error_exit_code(ERR_MEMORY)); /* no handler of a library could do its work */
}
