#include "paint.h"

#include <unistd.h>

#include "cluster/progress.h"

struct paint paint_for(FILE *to)
{
    struct progress progress;
    bool terminal = isatty(fileno(to));
    progress_init(&progress, terminal); /* the same rules as for the bar of a run */
    bool colour = progress.width > 0 && progress.colour;
    return (struct paint){.terminal = progress.width > 0,
                          .good = colour ? "\33[32m" : "",
                          .bad = colour ? "\33[31m" : "",
                          .plain = colour ? "\33[0m" : ""};
}
