#include "shift.h"

#include <math.h>

#include "train/statistics.h"

static int task_count(const struct analysis_input *input)
{
    return input->evaluation.tasks < SHIFT_TASKS ? input->evaluation.tasks : SHIFT_TASKS;
}

static int axis_points(enum column_axis axis)
{
    return axis == AXIS_NONE ? 1 : analysis_axis_length(axis, NULL, NULL);
}

static int curve_points(const struct curve *curve)
{
    return axis_points(curve->axes[0]) * axis_points(curve->axes[1]);
}

/* The task of a point; false when there is none. */
static bool move_task(struct task *task, const struct analysis_input *input,
                      const struct curve *curve, int point)
{
    struct task_config config = input->task->config;
    int last = axis_points(curve->axes[1]);
    curve->move(&config, point / last, point % last);
    return task_init(task, &config, &input->task->tokens, NULL) == OK;
}

void shift_create(struct shift *shift, struct arena *arena, const struct analysis_input *input,
                  const struct curve *curves, int count)
{
    int longest = 0;
    for (int c = 0; c < count; c++)
        longest = curve_points(&curves[c]) > longest ? curve_points(&curves[c]) : longest;
    *shift = (struct shift){.tasks = task_count(input)};
    walk_create(&shift->walk, arena, input, PASS_FAST);
    baseline_create(&shift->baseline, arena, input);
    for (int a = 0; a < ALGORITHMS; a++)
        shift->losses[a] = ARENA_TAKE(arena, double, shift->tasks);
    for (int k = 0; k < STATISTICS; k++)
        shift->values[k] = ARENA_TAKE(arena, float, ALGORITHMS *longest);
}

/* Of every algorithm on every task. */
static void measure(struct shift *s, const struct analysis_input *input)
{
    struct task_source source = evaluation_source(input);
    s->walk.task = &s->task;
    for (int first = 0; first < s->tasks; first += LANES) {
        double losses[ALGORITHMS][LANES];
        walk_draw(&s->walk, &source, first);
        walk_predict(&s->walk);
        walk_losses(losses[ALGORITHM_TRANSFORMER], &s->walk);
        baseline_predict(&s->baseline, &s->walk);
        baseline_losses(losses[ALGORITHM_GD], &s->baseline);
        for (int a = 0; a < ALGORITHMS; a++)
            for (int b = 0; b < walk_lanes(first, s->tasks); b++)
                s->losses[a][first + b] = losses[a][b];
    }
    s->walk.task = input->task;
}

void take_statistics(float *const values[STATISTICS], int at, double *losses, int count)
{
    struct loss_statistics found = loss_statistics(losses, count);
    const double numbers[] = {[STATISTIC_MEAN] = found.mean,
                              [STATISTIC_MEDIAN] = found.median,
                              [STATISTIC_TRIMMED] = found.trimmed};
    for (int k = 0; k < STATISTICS; k++)
        values[k][at] = isfinite(numbers[k]) ? (float)numbers[k] : NAN;
}

static void fill_point(struct shift *s, const struct analysis_input *input,
                       const struct curve *curve, int point)
{
    bool defined = move_task(&s->task, input, curve, point);
    if (defined)
        measure(s, input);
    for (int a = 0; a < ALGORITHMS; a++) {
        int at = a * curve_points(curve) + point;
        for (int k = 0; !defined && k < STATISTICS; k++)
            s->values[k][at] = NAN;
        if (defined)
            take_statistics(s->values, at, s->losses[a], s->tasks);
    }
}

void shift_execute(struct shift *shift, const struct analysis_input *input,
                   const struct analysis_output *output, const struct curve *curves, int count)
{
    walk_start(&shift->walk, input);
    baseline_fit(&shift->baseline, &shift->walk);
    for (int c = 0; c < count; c++) {
        const struct curve *curve = &curves[c];
        int32_t shape[] = {ALGORITHMS, axis_points(curve->axes[0]), axis_points(curve->axes[1])};
        for (int point = 0; point < curve_points(curve); point++)
            fill_point(shift, input, curve, point);
        for (int k = 0; k < STATISTICS; k++)
            output->put(output->context, curve->column + k, shape, shift->values[k]);
    }
}

/* The last point of a curve is the dearest. */
double shift_cost(const struct analysis_input *input, const struct curve *curves, int count)
{
    double sum = baseline_fit_cost(input), model = model_cost(input->model);
    double descent = baseline_predict_cost(input) / input->evaluation.tasks;
    for (int c = 0; c < count; c++) {
        struct task task;
        double draw = move_task(&task, input, &curves[c], curve_points(&curves[c]) - 1)
                          ? task_cost(&task)
                          : task_cost(input->task);
        sum += curve_points(&curves[c]) * task_count(input) * (draw + model + descent);
    }
    return sum;
}
