/* Memory for what the heads compute. What forward leaves of a layer's heads spares backward the
 * same work again, but memory that does not stay in cache costs more than it spares: so much is
 * kept as a core has of the caches beyond its first, and what costs most for its size goes first:
 * outputs, then queries, keys and values, of the last layers before the first. */
#include "pass.h"

enum { KEPT_BYTES = 2 << 20 };

static real *take(struct arena *arena, int rows)
{
    return ARENA_TAKE(arena, real, (size_t)rows * LANES);
}

/* The sizes of a head when every token may ask, as with pass_keep_all. */
static struct head largest(const struct pass *pass, int layer)
{
    struct head head = heads_shape(pass, layer);
    head.first = 0;
    head.queries = pass->model->shape.tokens;
    head.keys = head.causal ? head.queries : head.keys;
    return head;
}

static int state_rows(const struct pass *pass, int layer)
{
    struct head head = largest(pass, layer);
    const struct kind *kind = kind_at(pass->model->kinds[layer]);
    return kind->state ? kind->state(&head) : 0;
}

static void take_projections(struct vectors *v, const struct pass *pass, int layer,
                             struct arena *arena)
{
    struct head head = largest(pass, layer);
    v->q = take(arena, head.queries * head.K);
    v->k = pass->merged.layers[layer].keys ? NULL : take(arena, head.keys * head.K);
    v->v = take(arena, head.keys * head.V);
    v->query_norm = take(arena, head.queries);
    v->key_norm = take(arena, head.keys);
}

static void take_outputs(struct vectors *v, const struct pass *pass, int layer, struct arena *arena)
{
    struct head head = largest(pass, layer);
    v->out = take(arena, head.queries * head.V);
    v->state = take(arena, state_rows(pass, layer));
}

/* What all heads share: as large as any layer needs. */
static void take_shared(struct work *w, const struct pass *pass, struct arena *arena)
{
    int T = pass->model->shape.tokens, widest = pass->model->K, scratch = 0, state = 0;
    for (int l = 0; l < pass->model->L; l++) {
        struct head head = largest(pass, l);
        int wider = head.K > head.V ? head.K : head.V, rows = state_rows(pass, l);
        int need = kind_at(pass->model->kinds[l])->scratch(&head);
        widest = wider > widest ? wider : widest;
        scratch = need > scratch ? need : scratch;
        state = rows > state ? rows : state;
    }
    struct vectors *v = &w->vectors;
    real **const rows[] = {&w->raw, &w->dq, &w->dk, &w->dv, &w->dout, &v->q, &v->k, &v->v, &v->out};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        *rows[i] = take(arena, T * widest);
    v->query_norm = take(arena, T);
    v->key_norm = take(arena, T);
    v->state = take(arena, state);
    w->head = take(arena, scratch);
}

/* Either of the two above for all heads of a layer, when they fit. */
typedef void take_vectors(struct vectors *v, const struct pass *pass, int layer,
                          struct arena *arena);

static bool keep(struct pass *pass, int layer, take_vectors *take_head, size_t *left,
                 struct arena *arena)
{
    struct arena measure = arena_measure();
    struct vectors ignored;
    int H = pass->model->H;
    for (int h = 0; h < H; h++)
        take_head(&ignored, pass, layer, &measure);
    if (pass->merged.layers[layer].form != FORM_HEADS || measure.used > *left)
        return false;
    *left -= measure.used;
    for (int h = 0; h < H; h++)
        take_head(pass->vectors ? &pass->vectors[layer * H + h] : &ignored, pass, layer, arena);
    return true;
}

void vectors_create(struct pass *pass, struct arena *arena)
{
    int L = pass->model->L, H = pass->model->H;
    size_t left = KEPT_BYTES;
    take_shared(&pass->work, pass, arena);
    pass->vectors = ARENA_TAKE(arena, struct vectors, L * H);
    for (int i = 0; i < L * H && pass->vectors; i++)
        pass->vectors[i] = pass->work.vectors;
    for (int l = L - 1; l >= 0; l--)
        pass->keeps_outputs[l] =
            !pass->merged.layers[l].values && keep(pass, l, take_outputs, &left, arena);
    for (int l = L - 1; l >= 0; l--)
        pass->keeps_projections[l] = keep(pass, l, take_projections, &left, arena);
}
