/* Which form each layer takes, and its memory. */
#include "forms.h"

/* ---- which form a layer takes */

/* Scores are q k' with nothing done to q and k before. */
static bool keys_mergeable(const struct pass *pass, int layer)
{
    const struct model_config *c = &pass->model->config;
    bool unit = c->normalise_keys && layer + 1 >= c->normalise_from;
    return !unit && !(layer == 0 && c->positions == POSITIONS_QUERY_KEY);
}

/* The cheapest of the four ways to go head by head; its cost. */
static double choose_merges(struct pass *pass, int layer)
{
    struct merged_layer *m = &pass->merged.layers[layer];
    bool any = pass->path == PASS_FAST && pass->model->kinds[layer] != KIND_MESA;
    bool keys = any && keys_mergeable(pass, layer), best_keys = false, best_values = false;
    double best = heads_cost(pass, layer);
    for (int way = 1; way < 4 && any; way++) {
        m->keys = way & 1;
        m->values = way & 2;
        double cost = heads_cost(pass, layer);
        if (cost < best && (keys || !m->keys)) {
            best = cost;
            best_keys = m->keys;
            best_values = m->values;
        }
    }
    m->keys = best_keys;
    m->values = best_values;
    return best;
}

/* Multiply-adds forward. */
static double matrix_cost(double D, double H, double N, double rows)
{
    return N * D * D + 2 * H * D * D * D + rows * D * D;
}

static double scores_form_cost(double D, double H, double N, double rows, double channels)
{
    return H * (rows * D * D + rows * N * D + N * D * channels + rows * N * channels);
}

static enum merged_form choose(struct pass *pass, int layer)
{
    const struct model *model = pass->model;
    struct extent e = attention_extent(pass, layer);
    double heads = choose_merges(pass, layer);
    if (pass->path != PASS_FAST || model->kinds[layer] != KIND_LINEAR ||
        model->config.keys_from != KEYS_CONTEXT || model->config.layer_norm ||
        !keys_mergeable(pass, layer))
        return FORM_HEADS;
    double D = model->D, H = model->H, N = e.keys, rows = e.rows;
    double scores = 3 * scores_form_cost(D, H, N, rows, e.channels); /* backward is twice as much */
    double matrix = 3 * matrix_cost(D, H, N, rows);
    bool whole = e.rows == model->shape.tokens && e.channels == model->D;
    if (whole && matrix < scores && matrix < heads)
        return FORM_MATRIX;
    return scores <= heads ? FORM_SCORES : FORM_HEADS;
}

static double merged_cost(const struct pass *pass, int layer)
{
    struct extent e = attention_extent(pass, layer);
    double D = pass->model->D, H = pass->model->H, N = e.keys, rows = e.rows;
    if (pass->merged.layers[layer].form == FORM_MATRIX)
        return matrix_cost(D, H, N, rows);
    return scores_form_cost(D, H, N, rows, e.channels);
}

/* The last two layers become a tail when that is cheaper. */
static void choose_tail(struct pass *pass)
{
    int last = pass->model->L - 1;
    struct merged_layer *layers = pass->merged.layers;
    if (last < 1 || layers[last - 1].form == FORM_HEADS || layers[last].form == FORM_HEADS ||
        !tail_fits(pass))
        return;
    if (tail_cost(pass->model) < merged_cost(pass, last - 1) + merged_cost(pass, last)) {
        layers[last - 1].form = FORM_TAIL;
        layers[last].form = FORM_TAIL_END;
    }
}

void merged_choose(struct pass *pass)
{
    attention_extents(pass);
    for (int l = 0; l < pass->model->L; l++)
        pass->merged.layers[l].form = choose(pass, l);
    choose_tail(pass);
}

double merged_layer_cost(const struct pass *pass, int layer)
{
    switch (pass->merged.layers[layer].form) {
    case FORM_HEADS:
        return heads_cost(pass, layer) / 3;
    case FORM_MATRIX:
    case FORM_SCORES:
        return merged_cost(pass, layer);
    case FORM_TAIL:
        return tail_cost(pass->model);
    case FORM_TAIL_END:
        return 0;
    }
    return 0;
}

/* ---- memory */

static real *lanes(struct arena *arena, int count)
{
    return ARENA_TAKE(arena, real, (size_t)count * LANES);
}

static void create_layer(struct merged_layer *m, const struct extent *e, const struct model *model,
                         struct arena *arena)
{
    int D = model->D, H = model->H;
    if (m->form == FORM_MATRIX) {
        m->S = lanes(arena, D * D);
        m->M = lanes(arena, D * D);
        m->X = lanes(arena, H * D * D);
    }
    if (m->form == FORM_SCORES) {
        m->U = lanes(arena, H * e->rows * D);
        m->P = lanes(arena, H * e->rows * e->keys);
        m->V = lanes(arena, H * e->keys * e->channels);
    }
}

/* The set of a layer must hold the columns of A that the layer updates. */
static void widen(struct merged_set *set, const struct extent *e)
{
    int end = e->channel + e->channels;
    if (set->used) {
        int old = set->channel + set->channels;
        end = end > old ? end : old;
    }
    if (!set->used || e->channel < set->channel)
        set->channel = e->channel;
    set->channels = end - set->channel;
    set->used = true;
}

static void create_set(struct merged_set *set, const struct model *model, struct arena *arena)
{
    int D = model->D, H = model->H;
    int K = model->K;
    set->B = ARENA_TAKE(arena, real, H * D * padded(D));
    set->A = ARENA_TAKE(arena, real, H * D * padded(set->channels));
    set->query = ARENA_TAKE(arena, real, H * D * padded(K));
    set->key = ARENA_TAKE(arena, real, H * D * padded(K));
    set->project = ARENA_TAKE(arena, real, H * set->channels * padded(K));
    set->sum_B = ARENA_TAKE(arena, real, H * D * D);
    set->sum_A = ARENA_TAKE(arena, real, H * D * set->channels);
    set->total_B = ARENA_TAKE(arena, double, H *D *D);
    set->total_A = ARENA_TAKE(arena, double, H *D * set->channels);
    if (set->lanes) {
        set->dB = lanes(arena, H * D * D);
        set->dA = lanes(arena, H * D * set->channels);
    }
    if (set->outer) {
        set->left_B = lanes(arena, H * OUTER_ROWS * D);
        set->right_B = lanes(arena, H * OUTER_ROWS * D);
        set->left_A = lanes(arena, H * OUTER_ROWS * D);
        set->right_A = lanes(arena, H * OUTER_ROWS * set->channels);
        set->rows_B = ARENA_TAKE(arena, int, H);
        set->rows_A = ARENA_TAKE(arena, int, H);
    }
}

static void create_scratch(struct merged *m, const struct model *model, struct arena *arena)
{
    int D = model->D, T = model->shape.tokens, N = model->shape.context;
    m->dM = lanes(arena, D * D);
    m->dX = lanes(arena, D * D);
    m->dS = lanes(arena, D * D);
    m->dU = lanes(arena, T * D);
    m->dP = lanes(arena, T * N);
    m->dV = lanes(arena, N * D);
    m->dinput = lanes(arena, T * D);
}

/* What one layer needs; notes what its set must hold. */
static void create_layers(struct pass *pass, struct arena *arena)
{
    const struct model *model = pass->model;
    struct merged *m = &pass->merged;
    for (int l = 0; l < model->L; l++) {
        struct merged_layer *layer = &m->layers[l];
        struct merged_set *set = &m->sets[model->weight_sets == 1 ? 0 : l];
        struct extent e = attention_extent(pass, l);
        if (layer->form == FORM_HEADS && !layer->keys && !layer->values)
            continue;
        if (layer->form == FORM_TAIL)
            tail_create(pass, arena);
        create_layer(layer, &e, model, arena);
        widen(set, &e);
        set->lanes = set->lanes || layer->form != FORM_HEADS;
        set->outer = set->outer || layer->form == FORM_TAIL || layer->form == FORM_TAIL_END ||
                     (layer->form == FORM_SCORES && e.rows <= OUTER_QUERIES);
        set->keys = set->keys || layer->form != FORM_HEADS || layer->keys;
        set->values = set->values || layer->form != FORM_HEADS || layer->values;
    }
}

/* What every use of a head wants to know of it, once. */
static void create_heads(struct pass *pass, struct arena *arena, int layer)
{
    int H = pass->model->H;
    struct merged_head *heads = ARENA_TAKE(arena, struct merged_head, H);
    for (int h = 0; h < H && heads; h++)
        heads[h] = merged_head_make(pass, layer, h);
    pass->merged.heads[layer] = heads;
}

void merged_create(struct pass *pass, struct arena *arena)
{
    const struct model *model = pass->model;
    struct merged *m = &pass->merged;
    bool used = false, summed = false;
    merged_choose(pass);
    create_layers(pass, arena);
    for (int set = 0; set < model->weight_sets; set++)
        if (m->sets[set].used) {
            create_set(&m->sets[set], model, arena);
            used = true;
            summed = summed || m->sets[set].lanes;
        }
    for (int l = 0; l < model->L; l++)
        if (m->sets[model->weight_sets == 1 ? 0 : l].used)
            create_heads(pass, arena, l);
    int most = padded(model->D > model->K ? model->D : model->K);
    for (int i = 0; i < 2 && used; i++)
        m->lanes[i] = ARENA_TAKE(arena, real, most * most);
    if (summed)
        create_scratch(m, model, arena);
}

bool merged_sums_all(const struct pass *pass)
{
    const struct model *model = pass->model;
    bool all = true;
    for (int i = 0; i < model->tensor_count; i++)
        all = all && model->tensors[i].row <= TENSOR_PROJECT;
    for (int l = 0; l < model->L; l++) {
        const struct merged_layer *m = &pass->merged.layers[l];
        all = all && (m->form != FORM_HEADS || (m->keys && m->values));
    }
    return all;
}
