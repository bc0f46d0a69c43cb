#include "shift.h"

#include <math.h>
#include <string.h>

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

static bool has(const struct analysis_input *input, int algorithm)
{
    const struct task_config *task = &input->task->config;
    const struct tokens_config *tokens = &input->task->tokens;
    const struct model_config *model = &input->model->config;
    switch (algorithm) {
    case ALGORITHM_GDPP:
        return model->depth > 1 && reference_fits(task, tokens, model);
    case ALGORITHM_INTERPOLATED:
        return interpolates(task, tokens, model);
    default:
        return true;
    }
}

static void create_others(struct shift *shift, struct arena *arena,
                          const struct analysis_input *input)
{
    if (shift->has[ALGORITHM_GDPP] || shift->has[ALGORITHM_INTERPOLATED])
        reference_create(&shift->reference, arena, input);
    if (!shift->has[ALGORITHM_INTERPOLATED])
        return;
    interpolated_create(&shift->between, arena, input);
    walk_create(&shift->half, arena, &shift->between.input, PASS_FAST);
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
        shift->has[a] = has(input, a);
    create_others(shift, arena, input);
    for (int a = 0; a < ALGORITHMS; a++)
        shift->losses[a] = ARENA_TAKE(arena, double, shift->tasks);
    for (int k = 0; k < STATISTICS; k++)
        shift->values[k] = ARENA_TAKE(arena, float, ALGORITHMS *longest);
}

/* Finds the rates, and with them the model half way. */
static void fit(struct shift *s, const struct analysis_input *input)
{
    walk_start(&s->walk, input);
    baseline_fit(&s->baseline, &s->walk);
    if (s->has[ALGORITHM_GDPP] || s->has[ALGORITHM_INTERPOLATED])
        reference_fit(&s->reference, &s->walk);
    if (!s->has[ALGORITHM_INTERPOLATED])
        return;
    interpolated_start(&s->between, input);
    interpolated_descent(&s->between, &s->reference.gdpp);
    interpolated_write(&s->between, .5);
    walk_start(&s->half, &s->between.input);
}

/* Those of the run's algorithms, for the tasks first .. first+15. */
static void measure_group(double losses[ALGORITHMS][LANES], struct shift *s,
                          const struct task_source *source, int first)
{
    walk_draw(&s->walk, source, first);
    walk_predict(&s->walk);
    walk_losses(losses[ALGORITHM_TRANSFORMER], &s->walk);
    baseline_predict(&s->baseline, &s->walk);
    baseline_losses(losses[ALGORITHM_GD], &s->baseline);
    if (s->has[ALGORITHM_GDPP]) {
        reference_read(&s->reference, &s->walk);
        reference_losses(losses[ALGORITHM_GDPP], &s->reference, s->reference.gdpp.layers);
    }
    if (s->has[ALGORITHM_INTERPOLATED]) {
        walk_draw(&s->half, source, first);
        walk_predict(&s->half);
        walk_losses(losses[ALGORITHM_INTERPOLATED], &s->half);
    }
}

/* Of every algorithm on every task. */
static void measure(struct shift *s, const struct analysis_input *input)
{
    struct task_source source = evaluation_source(input);
    s->walk.task = s->half.task = &s->task;
    for (int first = 0; first < s->tasks; first += LANES) {
        double losses[ALGORITHMS][LANES];
        measure_group(losses, s, &source, first);
        for (int a = 0; a < ALGORITHMS; a++)
            if (s->has[a])
                memcpy(s->losses[a] + first, losses[a],
                       sizeof(double) * (size_t)walk_lanes(first, s->tasks));
    }
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
        for (int k = 0; k < STATISTICS; k++)
            s->values[k][at] = NAN;
        if (defined && s->has[a])
            take_statistics(s->values, at, s->losses[a], s->tasks);
    }
}

void shift_execute(struct shift *shift, const struct analysis_input *input,
                   const struct analysis_output *output, const struct curve *curves, int count)
{
    fit(shift, input);
    for (int c = 0; c < count; c++) {
        const struct curve *curve = &curves[c];
        int32_t shape[] = {ALGORITHMS, axis_points(curve->axes[0]), axis_points(curve->axes[1])};
        for (int point = 0; point < curve_points(curve); point++)
            fill_point(shift, input, curve, point);
        for (int k = 0; k < STATISTICS; k++)
            output->put(output->context, curve->column + k, shape, shift->values[k]);
    }
}

/* Multiply-adds of all algorithms for one task that costs `draw` to draw. */
static double task_costs(const struct analysis_input *input, double draw)
{
    double cost = draw + model_cost(input->model);
    cost += baseline_predict_cost(input) / input->evaluation.tasks;
    if (has(input, ALGORITHM_GDPP))
        cost += reference_predict_cost(input);
    if (has(input, ALGORITHM_INTERPOLATED))
        cost += draw + model_cost(input->model);
    return cost;
}

/* The last point of a curve is the dearest. */
double shift_cost(const struct analysis_input *input, const struct curve *curves, int count)
{
    double sum = baseline_fit_cost(input);
    if (has(input, ALGORITHM_GDPP) || has(input, ALGORITHM_INTERPOLATED))
        sum += reference_fit_cost(input);
    for (int c = 0; c < count; c++) {
        struct task task;
        double draw = move_task(&task, input, &curves[c], curve_points(&curves[c]) - 1)
                          ? task_cost(&task)
                          : task_cost(input->task);
        sum += curve_points(&curves[c]) * task_count(input) * task_costs(input, draw);
    }
    return sum;
}
