#include "compare.h"

#include <math.h>

static int output_rows(const struct analysis_input *input)
{
    return input->model->shape.output_tokens * input->model->shape.outputs;
}

void response_create(struct response *response, struct arena *arena,
                     const struct analysis_input *input)
{
    int O = output_rows(input), d = input->task->config.dimension;
    *response = (struct response){
        .O = O,
        .d = d,
        .g = ARENA_TAKE(arena, real, O * d * LANES),
        .doutputs = ARENA_TAKE(arena, real, O * LANES),
    };
}

/* One backward an output. */
void response_form(struct response *response, struct walk *walk)
{
    int d = response->d, O = response->O;
    response->yhat = walk_predict(walk);
    for (int o = 0; o < O; o++) {
        for (int i = 0; i < O * LANES; i++)
            response->doutputs[i] = i / LANES == o;
        pass_backward(walk->pass, response->doutputs);
        const real *query = pass_input_gradient(walk->pass) + walk->input->task->pairs.query;
        for (int i = 0; i < d * LANES; i++)
            response->g[o * d * LANES + i] = query[i];
    }
}

double response_cost(const struct analysis_input *input)
{
    return (1 + 2 * output_rows(input)) * model_cost(input->model);
}

static void add_task(struct likeness *sums, const struct response *response,
                     const double *prediction, const double *sensitivity, int lane)
{
    int O = response->O, d = response->d;
    double preds = 0, square = 0, gg = 0, rr = 0, gr = 0;
    for (int at = lane; at < O * LANES; at += LANES)
        preds += fabs((double)response->yhat[at] - prediction[at]);
    for (int at = lane; at < O * d * LANES; at += LANES) {
        double g = (double)response->g[at], r = sensitivity[at];
        square += (g - r) * (g - r);
        gg += g * g;
        rr += r * r;
        gr += g * r;
    }
    sums->preds += preds / O;
    sums->diff += sqrt(square);
    sums->cosine += gg == 0 || rr == 0 ? gg == rr : gr / (sqrt(gg) * sqrt(rr));
}

void likeness_add(struct likeness *sums, const struct response *response, const double *prediction,
                  const double *sensitivity, int lanes)
{
    for (int b = 0; b < lanes; b++)
        add_task(sums, response, prediction, sensitivity, b);
}

double losses_mean(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

/* Delta method: the ratio R = a/b of two means has the variance of the mean of (a_i - R b_i) / b.
 */
static double ratio_error(const double *a, const double *b, int n)
{
    double below = losses_mean(b, n), ratio = losses_mean(a, n) / below, squares = 0;
    for (int i = 0; i < n; i++) {
        double rest = (a[i] - ratio * b[i]) / below;
        squares += rest * rest;
    }
    return n > 1 ? sqrt(squares / (n - 1) / n) : NAN;
}

struct comparison losses_compare(double *model, double *reference, int n)
{
    const double normal_quantile = 1.959963984540054; /* of .975 */
    struct comparison c = {.loss = losses_mean(reference, n)};
    c.ratio = losses_mean(model, n) / c.loss;
    c.ci95 = normal_quantile * ratio_error(model, reference, n);
    c.reference = loss_statistics(reference, n);
    c.trimmed = loss_statistics(model, n).trimmed / c.reference.trimmed;
    return c;
}

void put_layer_losses(const struct analysis_output *output, int column, double *losses, int L,
                      int tasks)
{
    double values[3][MODEL_LAYERS_MAX + 1];
    for (int l = 0; l <= L; l++) {
        struct loss_statistics after = loss_statistics(losses + (size_t)l * (size_t)tasks, tasks);
        values[0][l] = after.mean;
        values[1][l] = after.median;
        values[2][l] = after.trimmed;
    }
    for (int i = 0; i < 3; i++)
        output->put(output->context, column + i, (const int32_t[]){L + 1, 1, 1}, values[i]);
}
