#include "weights.h"

bool plain_attention(const struct task_config *task, const struct tokens_config *tokens,
                     const struct model_config *model, const char *kind)
{
    bool pairs = task->kind == TASK_LINEAR_REGRESSION && tokens->kind == TOKENS_JOINT;
    bool one_set = model->weights == WEIGHTS_SHARED || model->depth == 1;
    bool stream_is_tokens = model->positions == POSITIONS_NONE && model->embedding == 0 &&
                            !model->output_embedding && model->prefix == 0 && model->eos == 0;
    bool nothing_else =
        model->mlp == 0 && model->input_mlp == 0 && !model->layer_norm && !model->normalise_keys;
    return pairs && model->kind == MODEL_TRANSFORMER && model->keys_from == KEYS_CONTEXT &&
           one_set && stream_is_tokens && nothing_else && model_layers_all(model, kind);
}

double mean_diagonal(const double *A, int n, int first, int count)
{
    double sum = 0;
    for (int i = first; i < first + count; i++)
        sum += A[i * n + i];
    return sum / count;
}

void normalise_products(double *M, double *U, int D, int d)
{
    double m = mean_diagonal(M, D, 0, d);
    for (int i = 0; i < D * D; i++) {
        M[i] /= m;
        U[i] *= m;
    }
}
