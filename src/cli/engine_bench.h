/* engine_bench.h - how fast the engine trains, on fixed workloads and one core.
 *
 * Whole training steps (sampling, forward, backward, update) of the real trainer are timed.
 * Multiply-adds are counted, not derived: one step runs on kernels that count. Random numbers,
 * exponentials and additions are work, too, but no multiply-adds, so a share of the peak below 1 is
 * what is possible.
 */
#ifndef CLI_ENGINE_BENCH_H
#define CLI_ENGINE_BENCH_H

#include "base/error.h"

struct bench_row {
    const char *name, *workload,
        *kind; /* "reg-L5-H1", "reg" | "dyn", "linear" | "softmax" | "mesa" */
    int depth, heads;
    double clip; /* of activations; 0: none. With one, the whole training is timed: clipping comes
                    late */
    const char *settings; /* the other keys, as key=value lines */
};

int bench_rows(void);
const struct bench_row *bench_row(int i);
/* Row of that name, or NULL. */
const struct bench_row *bench_find(const char *name);

enum bench_part { PART_SAMPLE, PART_FORWARD, PART_BACKWARD, PART_UPDATE, BENCH_PARTS };
const char *bench_part_name(enum bench_part part);

struct bench_result {
    double steps_per_s;         /* median of the windows */
    double multiply_adds;       /* of one step */
    double peak;                /* multiply-adds a second, measured beside it */
    double shares[BENCH_PARTS]; /* of the time of a step; sum 1 */
    double working_set;         /* bytes of the trainer, all that a step touches */
};

/* `seconds` are spent on timing, apart from rows with a clip. */
enum status bench_measure(struct bench_result *result, const struct bench_row *row, double seconds,
                          struct error *err) MUST_CHECK;

#endif
