/* registry.h - the analyses, one file each. */
#ifndef ANALYSIS_REGISTRY_H
#define ANALYSIS_REGISTRY_H

#include "analysis/analysis.h"

extern const struct analysis analysis_gd, analysis_alignment, analysis_probe, analysis_distribution,
    analysis_noisy_labels, analysis_repetition, analysis_copying, analysis_sine_curve,
    analysis_gdpp, analysis_interpolation, analysis_normalised_weights, analysis_sparsity,
    analysis_softmax_heads, analysis_layer_losses, analysis_training_alignment,
    analysis_sequence_probe, analysis_copy_sensitivity, analysis_training_copy_sensitivity,
    analysis_condition, analysis_compression, analysis_training_compression, analysis_one_step,
    analysis_dynamics_baselines, analysis_evaluation_sets, analysis_shots, analysis_linearisation;

#endif
