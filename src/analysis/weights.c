#include "weights.h"

#include <assert.h>
#include <string.h>

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

static const struct tensor *tensor_of(const struct model *model, int layer, const char *name)
{
    int set = model->weight_sets == 1 ? 0 : layer;
    for (int i = 0; i < model->tensor_count; i++)
        if (model->tensors[i].layer == set && strcmp(model->tensors[i].name, name) == 0)
            return &model->tensors[i];
    return NULL;
}

int queried_channels(const struct model *model, int layer)
{
    return tensor_of(model, layer, "query")->shape[0];
}

/* C[m][n] = A B, B(k, j) at k row + j column. */
struct factor {
    const real *at;
    ptrdiff_t row, column;
};

static void multiply(double *C, struct factor A, struct factor B, int m, int n, int inner)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            double sum = 0;
            for (int k = 0; k < inner; k++)
                sum +=
                    (double)A.at[i * A.row + k * A.column] * (double)B.at[k * B.row + j * B.column];
            C[i * n + j] = sum;
        }
}

void head_products(double *M, double *U, const struct model *model, const real *weights, int layer,
                   int head)
{
    ptrdiff_t D = model->D, K = model->K, HK = model->H * K;
    const real *query = weights + tensor_of(model, layer, "query")->offset + head * K;
    const real *key = weights + tensor_of(model, layer, "key")->offset + head * K;
    const real *value = weights + tensor_of(model, layer, "value")->offset + head * K;
    const real *project = weights + tensor_of(model, layer, "project")->offset + head * K * D;
    int queried = queried_channels(model, layer);
    if (M)
        multiply(M, (struct factor){query, HK, 1}, (struct factor){key, 1, HK}, queried, queried,
                 model->K);
    if (U)
        multiply(U, (struct factor){value, HK, 1}, (struct factor){project, D, 1}, model->D,
                 model->D, model->K);
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
