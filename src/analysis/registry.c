#include "registry.h"

#include <stddef.h>

/* clang-format off */
static const struct analysis *const analyses[] = {
    &analysis_gd,
    &analysis_alignment,
    &analysis_probe,
    &analysis_distribution,
    &analysis_noisy_labels,
    &analysis_repetition,
    &analysis_copying,
    &analysis_sine_curve,
    &analysis_gdpp,
    &analysis_interpolation,
    &analysis_normalised_weights,
    &analysis_sparsity,
    &analysis_softmax_heads,
    &analysis_layer_losses,
    &analysis_training_alignment,
    &analysis_sequence_probe,
    &analysis_copy_sensitivity,
    &analysis_training_copy_sensitivity,
    &analysis_condition,
    &analysis_compression,
    &analysis_training_compression,
    &analysis_one_step,
    &analysis_dynamics_baselines,
    &analysis_evaluation_sets,
    &analysis_shots,
    &analysis_linearisation,
};
/* clang-format on */

int analysis_count(void)
{
    return (int)(sizeof analyses / sizeof analyses[0]);
}

const struct analysis *analysis_at(int i)
{
    return analyses[i];
}
