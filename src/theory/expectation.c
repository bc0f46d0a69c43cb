#include "theory/expectation.h"

/* E x^2 of one coordinate. */
static double second_moment(const struct task_config *task)
{
    double a = task->input_range / 2;
    return a * a / 3;
}

/* E x^4 of one coordinate. */
static double fourth_moment(const struct task_config *task)
{
    double a = task->input_range / 2;
    return a * a * a * a / 5;
}

/* .5 O k^2 s2: the loss of each eigendirection that is not learned. */
static double direction_loss(const struct task_config *task)
{
    return .5 * task->outputs * task->weight_scale * task->weight_scale * second_moment(task);
}

static double trace(const struct task_config *task)
{
    return (double)task->context * task->dimension * second_moment(task);
}

static double trace_of_square(const struct task_config *task)
{
    double d = task->dimension, N = task->context;
    double s2 = second_moment(task), m4 = fourth_moment(task);
    return N * (d * m4 + d * (d - 1) * s2 * s2) + N * (N - 1) * d * s2 * s2;
}

/* E |sum_i n_i x_i . x_q|^2 per unit of c^2: what noise adds to a prediction. */
static double noise_square(const struct task_config *task)
{
    double s2 = second_moment(task);
    return task->noise * task->noise * task->context * task->dimension * s2 * s2;
}

double expected_zero_loss(const struct task_config *task)
{
    return direction_loss(task) * task->dimension;
}

double expected_descent_loss(const struct task_config *task, double rate)
{
    double left = task->dimension - 2 * rate * trace(task) + rate * rate * trace_of_square(task);
    return direction_loss(task) * left + .5 * task->outputs * rate * rate * noise_square(task);
}

double expected_descent_rate(const struct task_config *task)
{
    double gain = direction_loss(task);
    return gain * trace(task) /
           (gain * trace_of_square(task) + .5 * task->outputs * noise_square(task));
}

double expected_least_squares_loss(const struct task_config *task)
{
    int left = task->dimension - task->context;
    return left > 0 ? direction_loss(task) * left : 0;
}
