/* What every target is held to: no input takes more than a second of the processor, however busy
 * the machine is. */
#include <time.h>

#include "fuzz.h"

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double begin = processor_seconds();
    fuzz_one(data, size);
    if (processor_seconds() - begin <= 1)
        return 0;
    fprintf(stderr, "%zu bytes took more than a second\n", size);
    abort();
}
