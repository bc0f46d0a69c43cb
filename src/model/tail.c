#include "tail.h"

#include "forms.h"

bool tail_fits(const struct pass *pass)
{
    const struct model_config *c = &pass->model->config;
    const struct token_shape *shape = &pass->model->shape;
    return c->clip <= 0 && c->mlp == 0 && !c->y_update && !c->output_embedding &&
           shape->outputs == 1 && shape->output_tokens == 1 && 2 * pass->model->H <= OUTER_ROWS;
}

double tail_cost(const struct model *model)
{
    double D = model->D, H = model->H, N = model->shape.context;
    double there_and_back = 2 * D * N + D * D; /* C'(C x), then B_h */
    return H * (D * D + there_and_back) + H * D * D + H * H * (D * D + 2 * there_and_back) +
           2 * H * N * D;
}

static real *rows(struct arena *arena, int count, int columns)
{
    return ARENA_TAKE(arena, real, (size_t)count * (size_t)columns * LANES);
}

void tail_create(struct pass *pass, struct arena *arena)
{
    struct tail *t = &pass->merged.tail;
    int D = pass->model->D, H = pass->model->H, N = pass->model->shape.context;
    t->Q = rows(arena, H, D);
    t->P = rows(arena, H, N);
    t->T = rows(arena, H, D);
    t->z1 = rows(arena, 1, D);
    t->X = rows(arena, H * 2 * H, D);
    t->Y = rows(arena, H * 2 * H, N);
    t->Z = rows(arena, H * 2 * H, D);
    t->base = rows(arena, 2 * H, D);
    t->moved = rows(arena, 2 * H, D);
    t->seen = rows(arena, 2 * H, N);
    t->dmoved = rows(arena, 2 * H, D);
    t->dseen = rows(arena, 2 * H, N);
    t->dX = rows(arena, 2 * H, D);
    t->dY = rows(arena, 2 * H, N);
    t->dZ = rows(arena, 2 * H, D);
    t->dbase = rows(arena, H, D);
    t->dz1 = rows(arena, 1, D);
    t->dz = rows(arena, 1, D);
    t->dr = rows(arena, 1, 1);
    t->dT = rows(arena, 1, D);
    t->dP = rows(arena, 1, N);
    t->dQ = rows(arena, 1, D);
    t->da = rows(arena, H, D);
    t->dXa = rows(arena, H * H, D);
}

/* What all parts below look at. */
struct view {
    const struct kernels *kernels;
    struct tail *t;
    int D, H, N;
    struct extent first, second; /* of the two layers */
    const real *C, *z;           /* [N][D], [D] */
    ptrdiff_t query;             /* of the query's row in a stream */
};

static struct view view_of(struct pass *pass)
{
    const struct model *model = pass->model;
    int last = model->L - 1;
    struct view v = {pass->kernels,
                     &pass->merged.tail,
                     model->D,
                     model->H,
                     model->shape.context,
                     attention_extent(pass, last - 1),
                     attention_extent(pass, last),
                     pass->stream[last - 1],
                     NULL,
                     0};
    v.query = (ptrdiff_t)model->shape.first_token * v.D * LANES;
    v.z = v.C + v.query;
    return v;
}

static const struct merged_head *first_head(const struct pass *pass, int h)
{
    return merged_head_of(pass, pass->model->L - 2, h);
}

static const struct merged_head *second_head(const struct pass *pass, int g)
{
    return merged_head_of(pass, pass->model->L - 1, g);
}

static real *row(real *at, int i, int columns)
{
    return at + (ptrdiff_t)i * columns * LANES;
}

/* [n] shared numbers, `stride` apart, into all lanes of y. */
static void spread(real *y, const real *x, ptrdiff_t stride, int n, const struct kernels *kernels)
{
    for (int i = 0; i < n; i++)
        kernels->fill(y + (ptrdiff_t)i * LANES, x[i * stride], 1);
}

/* a_g and A_h a_g do not depend on the task: their rows are written once. */
void tail_weights(struct pass *pass)
{
    struct view v = view_of(pass);
    int D = v.D, H = v.H;
    for (int g = 0; g < H; g++) {
        struct operand a = second_head(pass, g)->A;
        spread(row(v.t->base, H + g, D), a.at, a.row, D, v.kernels);
        for (int h = 0; h < H; h++)
            v.kernels->lanes_shared(written(row(v.t->X, (2 * h + 1) * H + g, D), D),
                                    rows_of(row(v.t->base, H + g, D), D),
                                    flipped(first_head(pass, h)->A), 1, D, D, SET);
    }
}

/* z1 = z G */
static void move_query(const struct pass *pass, const struct view *v)
{
    const struct kernels *kernels = v->kernels;
    struct tail *t = v->t;
    int D = v->D, H = v->H, N = v->N;
    for (int h = 0; h < H; h++)
        kernels->lanes_shared(written(row(t->Q, h, D), D), rows_of(v->z, D), first_head(pass, h)->B,
                              1, D, D, SET);
    kernels->lanes_lanes(written(t->P, N), rows_of(t->Q, D), columns_of(v->C, D), H, N, D, SET);
    kernels->lanes_lanes(written(t->T, D), rows_of(t->P, N), rows_of(v->C, D), H, D, N, SET);
    kernels->copy(t->z1, v->z, D);
    for (int h = 0; h < H; h++)
        kernels->lanes_shared(written(t->z1, D), rows_of(row(t->T, h, D), D),
                              first_head(pass, h)->A, 1, D, D, ADD);
}

/* seen = C1 x for the 2H rows x of base. */
static void see(const struct pass *pass, const struct view *v)
{
    const struct kernels *kernels = v->kernels;
    struct tail *t = v->t;
    int D = v->D, H = v->H, N = v->N;
    for (int g = 0; g < H; g++)
        kernels->lanes_shared(written(row(t->base, g, D), D), rows_of(t->z1, D),
                              second_head(pass, g)->B, 1, D, D, SET);
    for (int h = 0; h < H; h++)
        kernels->lanes_shared(written(row(t->X, 2 * h * H, D), D), rows_of(t->base, D),
                              flipped(first_head(pass, h)->A), H, D, D, SET);
    kernels->lanes_lanes(written(t->Y, N), rows_of(t->X, D), columns_of(v->C, D), 2 * H * H, N, D,
                         SET);
    kernels->lanes_lanes(written(t->Z, D), rows_of(t->Y, N), rows_of(v->C, D), 2 * H * H, D, N,
                         SET);
    kernels->copy(t->moved, t->base, 2 * H * D);
    for (int h = 0; h < H; h++)
        kernels->lanes_shared(written(t->moved, D), rows_of(row(t->Z, 2 * h * H, D), D),
                              flipped(first_head(pass, h)->B), 2 * H, D, D, ADD);
    kernels->lanes_lanes(written(t->seen, N), rows_of(t->moved, D), columns_of(v->C, D), 2 * H, N,
                         D, SET);
}

void tail_forward(struct pass *pass, int layer)
{
    struct view v = view_of(pass);
    int HN = v.H * v.N;
    ptrdiff_t read = v.query + (ptrdiff_t)v.second.channel * LANES;
    real *r = pass->stream[layer + 2] + read;
    move_query(pass, &v);
    see(pass, &v);
    v.kernels->copy(r, v.t->z1 + (ptrdiff_t)v.second.channel * LANES, 1);
    v.kernels->lanes_lanes(written(r, 1), rows_of(v.t->seen, HN),
                           columns_of(row(v.t->seen, v.H, v.N), HN), 1, 1, HN, ADD);
}

/* dC [N][D] += dleft' right over k rows; NULL: not wanted. */
static void add_outer(real *dC, const real *left, const real *right, const struct view *v, int k)
{
    if (dC)
        v->kernels->lanes_lanes(written(dC, v->D), columns_of(left, v->N), rows_of(right, v->D),
                                v->N, v->D, k, ADD);
}

/* From dr to dbase (of u_g), with the sums for a_g, A_h a_g, A_h and B_h. */
static void see_backward(const struct pass *pass, real *dC, const struct view *v)
{
    const struct kernels *kernels = v->kernels;
    struct tail *t = v->t;
    int D = v->D, H = v->H, N = v->N, HN = H * N;
    kernels->lanes_lanes(written(t->dseen, 1), rows_of(row(t->seen, H, N), 1), rows_of(t->dr, 1),
                         HN, 1, 1, SET);
    kernels->lanes_lanes(written(row(t->dseen, H, N), 1), rows_of(t->seen, 1), rows_of(t->dr, 1),
                         HN, 1, 1, SET);
    kernels->lanes_lanes(written(t->dmoved, D), rows_of(t->dseen, N), rows_of(v->C, D), 2 * H, D, N,
                         SET);
    add_outer(dC, t->dseen, t->moved, v, 2 * H);
    kernels->copy(t->dbase, t->dmoved, H * D);
    kernels->axpy(t->da, row(t->dmoved, H, D), 1, H * D);
    for (int h = 0; h < H; h++) {
        const struct merged_head *w = first_head(pass, h);
        const real *X = row(t->X, 2 * h * H, D), *Y = row(t->Y, 2 * h * H, N),
                   *Z = row(t->Z, 2 * h * H, D);
        kernels->lanes_shared(written(t->dZ, D), rows_of(t->dmoved, D), w->B, 2 * H, D, D, SET);
        outer_add(&w->outer_B, t->dmoved, Z, 2 * H, kernels);
        kernels->lanes_lanes(written(t->dY, N), rows_of(t->dZ, D), columns_of(v->C, D), 2 * H, N, D,
                             SET);
        add_outer(dC, Y, t->dZ, v, 2 * H);
        kernels->lanes_lanes(written(t->dX, D), rows_of(t->dY, N), rows_of(v->C, D), 2 * H, D, N,
                             SET);
        add_outer(dC, t->dY, X, v, 2 * H);
        kernels->lanes_shared(written(t->dbase, D), rows_of(t->dX, D), w->A, H, D, D, ADD);
        outer_add(&w->outer_A, t->dX, t->base, H, kernels);
        kernels->axpy(row(t->dXa, h * H, D), row(t->dX, H, D), 1, H * D);
    }
}

/* From dz1 to dz (NULL: not wanted), with the sums for A_h and B_h. */
static void move_query_backward(const struct pass *pass, real *dz, real *dC, const struct view *v)
{
    const struct kernels *kernels = v->kernels;
    struct tail *t = v->t;
    int D = v->D, N = v->N;
    for (int h = 0; h < v->H; h++) {
        const struct merged_head *w = first_head(pass, h);
        kernels->lanes_shared(written(t->dT, D), rows_of(t->dz1, D), flipped(w->A), 1, D, D, SET);
        outer_add(&w->outer_A, row(t->T, h, D), t->dz1, 1, kernels);
        kernels->lanes_lanes(written(t->dP, N), rows_of(t->dT, D), columns_of(v->C, D), 1, N, D,
                             SET);
        add_outer(dC, row(t->P, h, N), t->dT, v, 1);
        kernels->lanes_lanes(written(t->dQ, D), rows_of(t->dP, N), rows_of(v->C, D), 1, D, N, SET);
        add_outer(dC, t->dP, row(t->Q, h, D), v, 1);
        outer_add(&w->outer_B, v->z, t->dQ, 1, kernels);
        if (dz)
            kernels->lanes_shared(written(dz, D), rows_of(t->dQ, D), flipped(w->B), 1, D, D, ADD);
    }
}

void tail_backward(struct pass *pass, int layer)
{
    struct view v = view_of(pass);
    const struct kernels *kernels = v.kernels;
    struct tail *t = v.t;
    int D = v.D;
    bool wanted = input_gradient_wanted(pass, layer);
    real *dC = wanted ? pass->dstream : NULL, *dz = wanted ? pass->dstream + v.query : NULL;
    real *dr = pass->dstream + v.query + (ptrdiff_t)v.second.channel * LANES;
    kernels->copy(t->dr, dr, 1);
    kernels->fill(dr, 0, 1); /* it comes back with dz1; the query may be one of the context */
    see_backward(pass, dC, &v);
    kernels->fill(t->dz1, 0, D);
    kernels->copy(t->dz1 + (ptrdiff_t)v.second.channel * LANES, t->dr, 1);
    for (int g = 0; g < v.H; g++) {
        const struct merged_head *w = second_head(pass, g);
        outer_add(&w->outer_B, t->z1, row(t->dbase, g, D), 1, kernels);
        kernels->lanes_shared(written(t->dz1, D), rows_of(row(t->dbase, g, D), D), flipped(w->B), 1,
                              D, D, ADD);
    }
    if (dz)
        kernels->axpy(dz, t->dz1, 1, D);
    move_query_backward(pass, dz, dC, &v);
}

/* A_h a_g: dA_h += d a_g', da_g += A_h' d. */
void tail_gradient(struct pass *pass)
{
    struct view v = view_of(pass);
    const struct kernels *kernels = v.kernels;
    struct tail *t = v.t;
    int D = v.D, H = v.H;
    for (int h = 0; h < H; h++) {
        const struct merged_head *w = first_head(pass, h);
        for (int g = 0; g < H; g++) {
            const real *d = row(t->dXa, h * H + g, D);
            struct operand a = second_head(pass, g)->A;
            kernels->lanes_shared(w->dA, columns_of(d, D), flipped(a), D, D, 1, ADD);
            kernels->lanes_shared(written(row(t->da, g, D), D), rows_of(d, D), w->A, 1, D, D, ADD);
        }
    }
    for (int g = 0; g < H; g++) {
        struct matrix dA = second_head(pass, g)->dA;
        for (int i = 0; i < D; i++)
            kernels->axpy(dA.at + i * dA.row, row(t->da, g, D) + (ptrdiff_t)i * LANES, 1, 1);
    }
    kernels->fill(t->da, 0, H * D);
    kernels->fill(t->dXa, 0, H * H * D);
}
