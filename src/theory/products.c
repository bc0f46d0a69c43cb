#include "theory/products.h"

#include <assert.h>
#include <string.h>

/* A tensor that the model has. */
static const struct tensor *find(const struct model *model, int set, const char *name)
{
    int i = 0;
    while (model->tensors[i].layer != set || strcmp(model->tensors[i].name, name) != 0) {
        i++;
        assert(i < model->tensor_count);
    }
    return &model->tensors[i];
}

static const struct tensor *tensor_of(const struct model *model, int layer, const char *name)
{
    return find(model, model->weight_sets == 1 ? 0 : layer, name);
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

bool products_fit(const struct model *model)
{
    const struct model_config *c = &model->config;
    return c->kind == MODEL_TRANSFORMER && model_layers_all(c, "linear") && !c->layer_norm &&
           !c->normalise_keys && c->positions != POSITIONS_QUERY_KEY;
}

struct products products_create(struct arena *arena, const struct model *model)
{
    size_t heads = (size_t)model->weight_sets * (size_t)model->H;
    size_t square = (size_t)model->D * (size_t)model->D;
    return (struct products){.sets = model->weight_sets,
                             .heads = model->H,
                             .D = model->D,
                             .at = ARENA_TAKE(arena, double, heads *PRODUCTS *square)};
}

double *products_at(const struct products *products, int set, int head, enum product product)
{
    ptrdiff_t matrix = (ptrdiff_t)(set * products->heads + head) * PRODUCTS + product;
    return products->at + matrix * products->D * products->D;
}

void products_read(struct products *products, const struct model *model, const real *weights)
{
    for (int set = 0; set < products->sets; set++)
        for (int head = 0; head < products->heads; head++)
            head_products(products_at(products, set, head, PRODUCT_QK),
                          products_at(products, set, head, PRODUCT_VP), model, weights, set, head);
}

void products_model(struct model *wide, const struct model *model)
{
    assert(products_fit(model));
    struct model_config config = model->config;
    config.key_size = model->D;
    enum status st = model_init(wide, &config, &model->given, NULL);
    assert(st == OK); /* as for the model itself */
    (void)st;
}

/* Columns (rows) head D ... of a [D, H D] ([H D, D]) tensor become those of A[D][D], or of 1. */
static void put(real *tensor, const double *A, int D, ptrdiff_t row)
{
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++)
            tensor[i * row + j] = (real)(A ? A[i * D + j] : i == j);
}

static void put_head(real *weights, const struct model *wide, const struct products *products,
                     int set, int head)
{
    int D = wide->D;
    ptrdiff_t row = (ptrdiff_t)wide->H * D, first = (ptrdiff_t)head * D;
    const double *QK = products_at(products, set, head, PRODUCT_QK);
    const double *VP = products_at(products, set, head, PRODUCT_VP);
    put(weights + find(wide, set, "query")->offset + first, QK, D, row);
    put(weights + find(wide, set, "key")->offset + first, NULL, D, row);
    put(weights + find(wide, set, "value")->offset + first, VP, D, row);
    put(weights + find(wide, set, "project")->offset + first * D, NULL, D, D);
}

void products_write(real *wide_weights, const struct model *wide, const struct products *products,
                    const struct model *model, const real *weights)
{
    for (int i = 0; i < wide->tensor_count; i++) {
        const struct tensor *tensor = &wide->tensors[i];
        const struct tensor *from = find(model, tensor->layer, tensor->name);
        if (from->count == tensor->count)
            memcpy(wide_weights + tensor->offset, weights + from->offset,
                   tensor->count * sizeof *weights);
    }
    for (int set = 0; set < products->sets; set++)
        for (int head = 0; head < products->heads; head++)
            put_head(wide_weights, wide, products, set, head);
}
