/* pool.h - the runs that wait, in classes of about equal cost, and how long each may take.
 *
 * A class holds costs within a factor of 2^(1/8) (9 %). Its seconds per unit of cost are the mean
 * of what was measured in it; a class without a measurement takes them from the nearest class that
 * has one; before the first measurement of all, from POOL_FIRST_RATE.
 */
#ifndef CLUSTER_POOL_H
#define CLUSTER_POOL_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum { POOL_CLASSES = 1024 };
#define POOL_FIRST_RATE                                                                            \
    1e-10 /* seconds per multiply-add: no core is much slower, few are faster                      \
           */

/* What is kept of each run; also its link in the list that it is in: of a class, or of a rank. */
struct run_slot {
    double cost;
    float estimate; /* seconds, when it was handed out */
    int32_t next;   /* run behind this one in its list; -1: none */
    int32_t rank;   /* that holds it; -1: none */
    uint16_t class;
    uint8_t attempt, attempts;
    uint8_t state; /* scheduler.c: enum run_state */
};
static_assert(sizeof(struct run_slot) <= 32, "a run may take 200 bytes in all");

struct run_list {
    int32_t first, last, count;
};

struct pool {
    struct run_slot *runs; /* borrowed */
    struct {
        struct run_list waiting;
        double cost;              /* of those that wait */
        double rate;              /* seconds per cost */
        double seconds, measured; /* sums of what was measured: seconds, and cost of the same */
        bool used;                /* it is in `order` */
    } classes[POOL_CLASSES];
    int16_t order[POOL_CLASSES]; /* classes that were ever used, longest first */
    int used, first;             /* order[0..first-1] are empty */
    int64_t waiting;
    double seconds; /* estimate for all that wait */
    bool measured;  /* anything */
    bool unordered; /* a class came that is not yet in its place in `order` */
};

void run_list_push(struct run_list *list, struct run_slot *runs, int32_t run);
void run_list_remove(struct run_list *list, struct run_slot *runs, int32_t run);

void pool_init(struct pool *pool, struct run_slot *runs);

/* Sets the class of a run from its cost. */
void pool_class(struct pool *pool, int32_t run);

void pool_push(struct pool *pool, int32_t run);

/* Takes the longest run that is expected to need at most `most` seconds; -1: there is none. */
int32_t pool_take(struct pool *pool, double most);

double pool_estimate(const struct pool *pool, int32_t run);
bool pool_measured(const struct pool *pool, int32_t run); /* a run of its class was */

void pool_measure(struct pool *pool, int32_t run, double seconds);

/* Brings rates, order and totals up to date: now and then, as measurements change them slowly. */
void pool_refresh(struct pool *pool);

#endif
