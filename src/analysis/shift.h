/* shift.h - curves of losses on data that training did not have (science.md 1.4): weights, rates
 * and all else that was fitted stay those of the run, only the task changes. */
#ifndef ANALYSIS_SHIFT_H
#define ANALYSIS_SHIFT_H

#include "interpolated.h"
#include "reference.h"

/* The points of AXIS_ALGORITHM: GD++ of several layers and the model half way to the reference are
 * NaN where a run has none. */
enum algorithm {
    ALGORITHM_TRANSFORMER,
    ALGORITHM_GD,
    ALGORITHM_GDPP,
    ALGORITHM_INTERPOLATED,
    ALGORITHMS
};

/* What is said of the losses at a point: a column each, in this order. */
enum { STATISTIC_MEAN, STATISTIC_MEDIAN, STATISTIC_TRIMMED, STATISTICS };

/* Three columns of one shape, AXIS_ALGORITHM and one or two axes of fixed length. */
struct curve {
    int column; /* that of the mean; the other two follow */
    enum column_axis axes[2];
    /* Turns the run's task into that of point i of axes[0] and j of axes[1]. One that is refused
     * (task_init) has no data: NaN. */
    void (*move)(struct task_config *config, int i, int j);
};

/* Each point has the first SHIFT_TASKS tasks of the evaluation set, or all of a smaller one, drawn
 * with the numbers of the run's own set: W, x and what follows differ by scale or kind alone. */
enum { SHIFT_TASKS = 2048 };

struct shift {
    bool has[ALGORITHMS];
    struct walk walk, half; /* half: of the model half way */
    struct baseline baseline;
    struct reference reference;
    struct interpolated between;
    struct task task; /* of the point at hand */
    int tasks;
    double *losses[ALGORITHMS]; /* [tasks] */
    float *values[STATISTICS];  /* [ALGORITHMS][points of the longest curve] */
};

void shift_create(struct shift *shift, struct arena *arena, const struct analysis_input *input,
                  const struct curve *curves, int count);

/* Fits what is fitted, then puts the columns of all curves. */
void shift_execute(struct shift *shift, const struct analysis_input *input,
                   const struct analysis_output *output, const struct curve *curves, int count);

/* values[k][at] = each statistic of losses[count], which are sorted; NaN where not finite. */
void take_statistics(float *const values[STATISTICS], int at, double *losses, int count);

/* Multiply-adds of shift_execute. */
double shift_cost(const struct analysis_input *input, const struct curve *curves, int count);

/* One row of `columns` for each statistic of the curve's column `index`. */
/* clang-format off */
#define CURVE_COLUMNS(index, text, what, ...)                                                      \
    [(index) + STATISTIC_MEAN] = {.name = text, .type = COLUMN_F32, .axes = {__VA_ARGS__},         \
        .level = LEVEL_BITS, .unit = "1", .about = "mean loss " what},                             \
    [(index) + STATISTIC_MEDIAN] = {.name = text "_median", .type = COLUMN_F32,                    \
        .axes = {__VA_ARGS__}, .level = LEVEL_BITS, .unit = "1",                                   \
        .about = "median of a task's loss " what},                                                 \
    [(index) + STATISTIC_TRIMMED] = {.name = text "_trimmed", .type = COLUMN_F32,                  \
        .axes = {__VA_ARGS__}, .level = LEVEL_BITS, .unit = "1",                                   \
        .about = "mean loss without the worst .1 % of the tasks, " what}
/* clang-format on */

#endif
