/* paint.h - colours, on a terminal that wants them. */
#ifndef CLI_PAINT_H
#define CLI_PAINT_H

#include <stdbool.h>
#include <stdio.h>

/* What is printed before text that is good, bad, or neither; empty where nothing is to be coloured.
 */
struct paint {
    bool terminal; /* bars may be drawn, too */
    const char *good, *bad, *plain;
};

/* Nothing on what is no terminal; no colours with NO_COLOR (not empty) or TERM=dumb. */
struct paint paint_for(FILE *to);

#endif
