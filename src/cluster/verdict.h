/* verdict.h - why a child ended before its work was done, in words. */
#ifndef CLUSTER_VERDICT_H
#define CLUSTER_VERDICT_H

#include "warden.h"

struct verdict {
    enum failure failure;
    int detail;
    char text[120];
};

/* `item` is the one that was at work. */
struct verdict verdict_of(const struct notice *notice, int item);

#endif
