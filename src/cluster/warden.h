/* warden.h - what runs in the nursery process: it forks one engine child a bundle and watches it.
 */
#ifndef CLUSTER_WARDEN_H
#define CLUSTER_WARDEN_H

#include "region.h"

enum order_kind { ORDER_BEGIN, ORDER_KILL };

/* From the rank. */
struct order {
    int32_t kind;    /* enum order_kind */
    int32_t limited; /* some item has a time limit */
};

/* To the rank, when a child has ended and its log is complete. */
struct notice {
    int32_t status;   /* as from waitpid; meaningless when `error` is set */
    int32_t overtime; /* item for whose time limit the child was killed; -1: none */
    int32_t error;    /* errno of a fork that failed, else 0 */
    int32_t reserved;
};

struct warden {
    int rank;    /* socket to the rank */
    int region;  /* memfd */
    int process; /* of the rank, which must be the parent */
    struct control *control;
    nursery_work work;
};

/* Exit code of a nursery that OpenBLAS can not be used in. */
enum { WARDEN_NO_MEMORY = 121 };

/* Runs in the freshly forked nursery and never returns: ends with the rank. */
_Noreturn void warden_main(const struct warden *warden);

#endif
