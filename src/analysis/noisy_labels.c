/* Losses where some labels of the context are nothing but noise (science.md 1.4). */
#include "registry.h"
#include "shift.h"

enum { NOISY_LOSS };

/* clang-format off */
static const struct column columns[] = {
    CURVE_COLUMNS(NOISY_LOSS, "noisy_loss", "where labels of the context are N(0, 1)", AXIS_ALGORITHM, AXIS_NOISY),
};
/* clang-format on */

static void move_noisy(struct task_config *config, int i, int j)
{
    (void)j;
    config->noisy_labels = (int)analysis_axis(AXIS_NOISY)->value(i);
}

static const struct curve noisy = {NOISY_LOSS, {AXIS_NOISY}, move_noisy};

static void *create(struct arena *arena, const struct analysis_input *input)
{
    struct shift *shift = ARENA_TAKE(arena, struct shift, 1), measured;
    shift_create(shift ? shift : &measured, arena, input, &noisy, 1);
    return shift;
}

static double cost(const struct analysis_input *input)
{
    return shift_cost(input, &noisy, 1);
}

static void execute(void *state, const struct analysis_input *input,
                    const struct analysis_output *output)
{
    shift_execute(state, input, output, &noisy, 1);
}

const struct analysis analysis_noisy_labels = {
    .name = "noisy_labels",
    .about = "losses of the model, GD, GD++ and the model half way over the number of labels that "
             "are noise",
    .columns = columns,
    .column_count = sizeof columns / sizeof columns[0],
    .applies = compares_with_descent,
    .cost = cost,
    .create = create,
    .execute = execute,
};
