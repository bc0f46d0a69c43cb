#include "pool.h"

#include <math.h>
#include <stdlib.h>

enum { CLASSES_AN_OCTAVE = 8 };

/* A class forgets slowly, so that a machine that becomes busier is noticed: no more than this many
 * runs of equal length count. */
#define MEMORY 50.0

#define SHORTEST 1e-6 /* seconds; keeps sums of estimates away from 0 */

void run_list_push(struct run_list *list, struct run_slot *runs, int32_t run)
{
    runs[run].next = -1;
    if (list->count++ == 0)
        list->first = run;
    else
        runs[list->last].next = run;
    list->last = run;
}

void run_list_remove(struct run_list *list, struct run_slot *runs, int32_t run)
{
    int32_t before = -1;
    for (int32_t at = list->first; at != run; at = runs[at].next)
        before = at;
    if (before < 0)
        list->first = runs[run].next;
    else
        runs[before].next = runs[run].next;
    if (list->last == run)
        list->last = before;
    list->count--;
    runs[run].next = -1;
}

void pool_init(struct pool *pool, struct run_slot *runs)
{
    *pool = (struct pool){.runs = runs};
    for (int c = 0; c < POOL_CLASSES; c++) {
        pool->classes[c].waiting = (struct run_list){-1, -1, 0};
        pool->classes[c].rate = POOL_FIRST_RATE;
    }
}

void pool_class(struct pool *pool, int32_t run)
{
    double at = CLASSES_AN_OCTAVE * log2(fmax(pool->runs[run].cost, 1));
    int class = (int)fmin(at, POOL_CLASSES - 1);
    pool->runs[run].class = (uint16_t) class;
}

double pool_estimate(const struct pool *pool, int32_t run)
{
    const struct run_slot *slot = &pool->runs[run];
    return fmax(slot->cost * pool->classes[slot->class].rate, SHORTEST);
}

bool pool_measured(const struct pool *pool, int32_t run)
{
    return pool->classes[pool->runs[run].class].measured > 0;
}

void pool_push(struct pool *pool, int32_t run)
{
    int class = pool->runs[run].class;
    run_list_push(&pool->classes[class].waiting, pool->runs, run);
    pool->classes[class].cost += pool->runs[run].cost;
    pool->seconds += pool_estimate(pool, run);
    pool->waiting++;
    pool->first = 0;
    if (!pool->classes[class].used) {
        pool->order[pool->used++] = (int16_t) class;
        pool->classes[class].used = pool->unordered = true;
    }
}

/* Each class without a measurement takes the rate of the nearest that has one. */
static void spread_rates(struct pool *pool)
{
    int below = -1;
    for (int c = 0; c < POOL_CLASSES; c++) {
        if (pool->classes[c].measured > 0) {
            pool->classes[c].rate = pool->classes[c].seconds / pool->classes[c].measured;
            below = c;
        } else if (below >= 0) {
            pool->classes[c].rate = pool->classes[below].rate;
        }
    }
    int above = -1;
    for (int c = POOL_CLASSES - 1; c >= 0; c--) {
        if (pool->classes[c].measured > 0) {
            above = c;
            below = c - 1;
            while (below >= 0 && pool->classes[below].measured <= 0)
                below--;
        } else if (above >= 0 && (below < 0 || above - c < c - below)) {
            pool->classes[c].rate = pool->classes[above].rate;
        }
    }
}

struct ranked {
    double seconds;
    int16_t class;
};

static int longest_first(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return y->class - x->class;
}

void pool_refresh(struct pool *pool)
{
    struct ranked ranked[POOL_CLASSES];
    if (pool->measured)
        spread_rates(pool);
    pool->seconds = 0;
    for (int i = 0; i < pool->used; i++) {
        int class = pool->order[i];
        double rate = pool->classes[class].rate;
        ranked[i].class = (int16_t) class;
        ranked[i].seconds = rate * exp2((double)class / CLASSES_AN_OCTAVE);
        pool->seconds += rate * fmax(pool->classes[class].cost, 0);
    }
    qsort(ranked, (size_t)pool->used, sizeof ranked[0], longest_first);
    for (int i = 0; i < pool->used; i++)
        pool->order[i] = ranked[i].class;
    pool->first = 0;
    pool->unordered = false;
}

int32_t pool_take(struct pool *pool, double most)
{
    if (pool->unordered)
        pool_refresh(pool);
    for (int i = pool->first; i < pool->used; i++) {
        int class = pool->order[i];
        int32_t run = pool->classes[class].waiting.first;
        if (pool->classes[class].waiting.count == 0) {
            pool->first += i == pool->first;
            continue;
        }
        if (pool_estimate(pool, run) > most)
            continue;
        run_list_remove(&pool->classes[class].waiting, pool->runs, run);
        pool->classes[class].cost -= pool->runs[run].cost;
        pool->seconds = fmax(pool->seconds - pool_estimate(pool, run), 0);
        pool->waiting--;
        return run;
    }
    return -1;
}

void pool_measure(struct pool *pool, int32_t run, double seconds)
{
    int class = pool->runs[run].class;
    double cost = pool->runs[run].cost;
    bool first = pool->classes[class].measured <= 0;
    double keep = first ? 0 : fmin(1, MEMORY * cost / pool->classes[class].measured);
    pool->classes[class].seconds = keep * pool->classes[class].seconds + fmax(seconds, SHORTEST);
    pool->classes[class].measured = keep * pool->classes[class].measured + cost;
    pool->measured = true;
    if (first)
        pool_refresh(pool);
}
