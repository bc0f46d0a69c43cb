/* Exact statements of science.md section 4 that need no training: 1, 2, 8 and 10. */
#include "test.h"

#include "setup.h"

enum { d = 10, N = 10, MOST_OUTPUTS = 3 };

/* 1e-12 relative: sums of about 100 terms of order 1 per layer. */
static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12 * (1 + fabs(expected))))
        fail_msg("%.17g is not %.17g", value, expected);
}

static struct token_shape joint_shape(int O)
{
    return (struct token_shape){.tokens = N + 1,
                                .context = N,
                                .width = d + O,
                                .first_token = N,
                                .output_tokens = 1,
                                .first_channel = d,
                                .outputs = O,
                                .sign = -1};
}

static struct setup *begin(const char *words, const struct token_shape *shape, enum pass_path path)
{
    struct model_config config = setup_config(words);
    struct model model;
    struct error err = {""};
    if (model_init(&model, &config, shape, &err) != OK)
        fail_msg("%s", err.text);
    return setup_begin(&model, path, 3, 1);
}

static real *tensor(struct setup *s, int layer, const char *name)
{
    return s->weights + (definition_tensor(&s->model, s->weights, layer, name) - s->weights);
}

static double token(const struct setup *s, int t, int i, int b)
{
    return (double)s->tokens[(t * s->model.shape.width + i) * LANES + b];
}

/* Statement 1 in row form: Wq = Wk = diag(I_d, 0), Wv = (W0'; -I) on the y channels, Wp = rate on
 * them. */
static void construct(struct setup *s, const double *W0, double rate)
{
    int D = s->model.D, HK = s->model.H * s->model.K, O = s->model.shape.outputs;
    memset(s->weights, 0, s->model.parameters * sizeof *s->weights);
    for (int l = 0; l < s->model.weight_sets; l++) {
        real *q = tensor(s, l, "query"), *k = tensor(s, l, "key"), *v = tensor(s, l, "value"),
             *p = tensor(s, l, "project");
        for (int i = 0; i < d; i++) {
            q[i * HK + i] = k[i * HK + i] = 1;
            for (int o = 0; o < O; o++)
                v[i * HK + d + o] = W0[o * d + i];
        }
        for (int o = 0; o < O; o++) {
            v[(d + o) * HK + d + o] = -1;
            p[(d + o) * D + d + o] = rate;
        }
    }
    pass_weights(s->pass, s->weights);
}

/* One step on 1/2 sum_i |y_i - W x_i|^2 for the task in lane b. */
static void descend(double *W, const struct setup *s, double rate, int b)
{
    int O = s->model.shape.outputs;
    double gradient[MOST_OUTPUTS * d] = {0};
    for (int i = 0; i < N; i++)
        for (int o = 0; o < O; o++) {
            double rest = -token(s, i, d + o, b);
            for (int j = 0; j < d; j++)
                rest += W[o * d + j] * token(s, i, j, b);
            for (int j = 0; j < d; j++)
                gradient[o * d + j] += rest * token(s, i, j, b);
        }
    for (int j = 0; j < O * d; j++)
        W[j] -= rate * gradient[j];
}

static void check_descent(const char *words, int steps, int O, bool from_zero, enum pass_path path)
{
    struct token_shape shape = joint_shape(O);
    struct setup *s = begin(words, &shape, path);
    uint64_t seed = 9;
    double W0[MOST_OUTPUTS * d], rate = .08;
    for (int i = 0; i < O * d; i++)
        W0[i] = from_zero ? 0 : setup_real(&seed, -1, 1);
    construct(s, W0, rate);
    for (int b = 0; b < LANES; b++)
        for (int o = 0; o < O; o++) { /* the query's token is (x_q, -W0 x_q) */
            double y = 0;
            for (int j = 0; j < d; j++)
                y -= W0[o * d + j] * token(s, N, j, b);
            s->tokens[(N * (d + O) + d + o) * LANES + b] = y;
        }
    setup_forward(s);
    for (int b = 0; b < LANES; b++) {
        double W[MOST_OUTPUTS * d];
        memcpy(W, W0, sizeof W);
        for (int step = 0; step < steps; step++)
            descend(W, s, rate, b);
        for (int o = 0; o < O; o++) {
            double y = 0;
            for (int j = 0; j < d; j++)
                y += W[o * d + j] * token(s, N, j, b);
            assert_near((double)pass_outputs(s->pass)[o * LANES + b], y);
        }
    }
    setup_end(s);
}

static void statement_1_one_layer_is_one_step_from_any_weights(void **state)
{
    (void)state;
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        check_descent("depth=1", 1, 1, false, (enum pass_path)path);
        check_descent("depth=1", 1, 3, false, (enum pass_path)path);
    }
}

/* With W0 = 0 the slots carry y_i - W x_i, so layers are steps. */
static void statement_1_layers_are_steps(void **state)
{
    (void)state;
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        check_descent("depth=2", 2, 1, true, (enum pass_path)path);
        check_descent("depth=3 heads=2 weights=shared", 3, 3, true, (enum pass_path)path);
        check_descent("depth=5 clip=1000", 5, 1, true, (enum pass_path)path);
    }
}

/* Y = A B of [d,d] */
static void square_product(double *Y, const double *A, const double *B)
{
    for (int i = 0; i < d * d; i++) {
        Y[i] = 0;
        for (int k = 0; k < d; k++)
            Y[i] += A[i / d * d + k] * B[k * d + i % d];
    }
}

/* x <- (I - a G) x */
static void contract(double *x, const double *G, double a)
{
    double Gx[d] = {0};
    for (int i = 0; i < d * d; i++)
        Gx[i / d] += G[i] * x[i % d];
    for (int i = 0; i < d; i++)
        x[i] -= a * Gx[i];
}

/* G <- G (I - g G)^2 */
static void flatten(double *G, double g)
{
    double F[d * d], GF[d * d];
    for (int i = 0; i < d * d; i++)
        F[i] = (i % (d + 1) == 0) - g * G[i];
    square_product(GF, G, F);
    square_product(G, GF, F);
}

/* Statement 2, with polynomials of G in the place of its eigenvalues: V = diag(1_d, -1),
 * P_l = diag(-g_l 1_d, c_l), then y_q - yhat = w' prod_l (I - c_l G_l) x_q. */
static void statement_2_gd_plus_plus_is_a_polynomial(void **state)
{
    (void)state;
    enum { LAYERS = 3, D = d + 1 };
    static const double c[LAYERS] = {.31, .45, .6}, g[LAYERS] = {.06, .09, .2};
    struct token_shape shape = joint_shape(1);
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        struct setup *s = begin("depth=3", &shape, (enum pass_path)path);
        double w[LANES][d];
        uint64_t seed = 21;
        memset(s->weights, 0, s->model.parameters * sizeof *s->weights);
        for (int l = 0; l < LAYERS; l++)
            for (int i = 0; i < D; i++) {
                bool y = i == d;
                tensor(s, l, "query")[i * (D + 1)] = tensor(s, l, "key")[i * (D + 1)] = !y;
                tensor(s, l, "value")[i * (D + 1)] = y ? -1 : 1;
                tensor(s, l, "project")[i * (D + 1)] = y ? c[l] : -g[l];
            }
        for (int b = 0; b < LANES; b++) {
            for (int i = 0; i < d; i++)
                w[b][i] = setup_real(&seed, -1, 1);
            for (int t = 0; t <= N; t++) {
                double y = 0;
                for (int i = 0; i < d; i++)
                    y += w[b][i] * (s->tokens[(t * D + i) * LANES + b] /= 2);
                s->tokens[(t * D + d) * LANES + b] = t < N ? y : 0;
            }
        }
        pass_weights(s->pass, s->weights);
        setup_forward(s);
        for (int b = 0; b < LANES; b++) {
            double G[d * d] = {0}, x[d], rest = 0;
            for (int t = 0; t < N; t++)
                for (int i = 0; i < d * d; i++)
                    G[i] += token(s, t, i / d, b) * token(s, t, i % d, b);
            for (int i = 0; i < d; i++) {
                x[i] = token(s, N, i, b);
                rest += w[b][i] * x[i];
            }
            for (int l = 0; l < LAYERS; l++) {
                contract(x, G, c[l]);
                flatten(G, g[l]);
            }
            for (int i = 0; i < d; i++)
                rest -= w[b][i] * x[i];
            assert_near((double)pass_outputs(s->pass)[b], rest);
        }
        setup_end(s);
    }
}

static void statement_10_permuting_the_context_changes_nothing(void **state)
{
    (void)state;
    struct token_shape shape = joint_shape(1);
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        struct setup *s = begin("depth=2 layers=softmax+linear", &shape, (enum pass_path)path);
        size_t row = (size_t)(d + 1) * LANES;
        real before[LANES], swapped[(d + 1) * LANES];
        setup_forward(s);
        memcpy(before, pass_outputs(s->pass), sizeof before);
        memcpy(swapped, s->tokens, sizeof swapped);
        memmove(s->tokens, s->tokens + row, (N - 1) * sizeof swapped);
        memcpy(s->tokens + (N - 1) * row, swapped, sizeof swapped);
        setup_forward(s);
        for (int b = 0; b < LANES; b++)
            assert_near((double)pass_outputs(s->pass)[b], (double)before[b]);
        setup_end(s);
    }
}

static const struct token_shape sequence = {.tokens = 23,
                                            .context = 23,
                                            .width = 6,
                                            .first_token = 0,
                                            .output_tokens = 23,
                                            .first_channel = 0,
                                            .outputs = 2,
                                            .sign = 1};

static void statement_10_a_token_never_changes_predictions_before_it(void **state)
{
    (void)state;
    static const char *const kinds[] = {"linear*", "softmax*", "mix*", "mesa*"};
    for (size_t i = 0; i < COUNT(kinds); i++)
        for (int changed = 1; changed < 23; changed += 5) {
            char words[128];
            snprintf(words, sizeof words, "depth=2 keys_from=causal layers=%s", kinds[i]);
            struct setup *s = begin(words, &sequence, PASS_FAST);
            real before[23 * 2 * LANES];
            setup_forward(s);
            memcpy(before, pass_outputs(s->pass), sizeof before);
            for (int j = 0; j < 6 * LANES; j++)
                s->tokens[changed * 6 * LANES + j] += (real).5;
            setup_forward(s);
            size_t same = (size_t)(changed * 2 * LANES);
            assert_memory_equal(before, pass_outputs(s->pass), same * sizeof *before);
            assert_true(before[same] != pass_outputs(s->pass)[same]);
            setup_end(s);
        }
}

/* M[K,K] with dominant diagonal, and its inverse by Gauss-Jordan. */
static void draw_invertible(double *M, double *inverse, int K, uint64_t *seed)
{
    double A[64];
    for (int i = 0; i < K * K; i++) {
        M[i] = A[i] = (i % (K + 1) == 0 ? 2 : 0) + setup_real(seed, -.4, .4);
        inverse[i] = i % (K + 1) == 0;
    }
    for (int i = 0; i < K; i++)
        for (int r = 0; r < K; r++) {
            double f = r == i ? 1 - 1 / A[i * K + i] : A[r * K + i] / A[i * K + i];
            for (int j = 0; j < K; j++) {
                A[r * K + j] -= f * A[i * K + j];
                inverse[r * K + j] -= f * inverse[i * K + j];
            }
        }
}

/* W[rows, K] <- W M, or W[K, columns] <- M W */
static void times(real *W, const double *M, int rows, int K)
{
    for (int r = 0; r < rows; r++) {
        double row[8] = {0};
        for (int j = 0; j < K; j++)
            for (int i = 0; i < K; i++)
                row[j] += (double)W[r * K + i] * M[i * K + j];
        for (int j = 0; j < K; j++)
            W[r * K + j] = row[j];
    }
}

static void times_left(real *W, const double *M, int K, int columns)
{
    for (int c = 0; c < columns; c++) {
        double column[8] = {0};
        for (int i = 0; i < K; i++)
            for (int j = 0; j < K; j++)
                column[i] += M[i * K + j] * (double)W[j * columns + c];
        for (int i = 0; i < K; i++)
            W[i * columns + c] = column[i];
    }
}

/* Wq -> Wq B, Wk -> Wk B^-T, Wv -> Wv C, P -> C^-1 P (one head). */
static void statement_10_a_change_of_basis_inside_a_head_changes_nothing(void **state)
{
    (void)state;
    enum { K = 5 };
    struct token_shape shape = joint_shape(1);
    for (int path = PASS_FAST; path <= PASS_TOKENS; path++) {
        struct setup *s = begin("depth=1 key_size=5", &shape, (enum pass_path)path);
        uint64_t seed = 4;
        double B[K * K], B_inverse[K * K], transposed[K * K], C[K * K], C_inverse[K * K];
        real before[LANES];
        setup_forward(s);
        memcpy(before, pass_outputs(s->pass), sizeof before);
        draw_invertible(B, B_inverse, K, &seed);
        draw_invertible(C, C_inverse, K, &seed);
        for (int i = 0; i < K * K; i++)
            transposed[i] = B_inverse[i % K * K + i / K];
        times(tensor(s, 0, "query"), B, d + 1, K);
        times(tensor(s, 0, "key"), transposed, d + 1, K);
        times(tensor(s, 0, "value"), C, d + 1, K);
        times_left(tensor(s, 0, "project"), C_inverse, K, d + 1);
        pass_weights(s->pass, s->weights);
        setup_forward(s);
        for (int b = 0; b < LANES; b++)
            assert_near((double)pass_outputs(s->pass)[b], (double)before[b]);
        setup_end(s);
    }
}

/* ---- statement 8: tokens (0, s_t, s_t, s_{t-1}) of paper 2 */

enum { S = 4, T = 23 };

static const struct token_shape constructed = {.tokens = T,
                                               .context = T,
                                               .width = 4 * S,
                                               .first_token = 0,
                                               .output_tokens = T,
                                               .first_channel = 0,
                                               .outputs = S,
                                               .sign = 1,
                                               .zero_channels = S};

static void write_sequence(struct setup *s)
{
    for (int t = 0; t < T; t++)
        for (int i = 0; i < S * LANES; i++) {
            real *row = s->tokens + (ptrdiff_t)t * 4 * S * LANES;
            row[S * LANES + i] = row[2 * S * LANES + i];
            row[3 * S * LANES + i] =
                t == 0 ? 0 : s->tokens[((ptrdiff_t)(t - 1) * 4 + 2) * S * LANES + i];
        }
}

/* Rows of a block of W[4S, K] are an identity times `gain`: channel c of the tokens to the head. */
static void select_channel(real *W, int channel, double gain)
{
    memset(W, 0, sizeof *W * 4 * S * S);
    for (int i = 0; i < S; i++)
        W[(channel * S + i) * S + i] = gain;
}

/* P[K, 4S]: the head to channel c. */
static void write_channel(real *P, int channel)
{
    memset(P, 0, sizeof *P * 4 * S * S);
    for (int i = 0; i < S; i++)
        P[i * 4 * S + channel * S + i] = 1;
}

/* y = A x of [S,S] */
static void multiply(double *y, const double *A, const double *x)
{
    double sum[S] = {0};
    for (int i = 0; i < S; i++)
        for (int j = 0; j < S; j++)
            sum[i] += A[i * S + j] * x[j];
    memcpy(y, sum, sizeof sum);
}

/* R += s_{i-1} s_{i-1}', C += s_i s_{i-1}' at token t of lane b. */
static void gather(double *R, double *C, const struct setup *s, int t, int b)
{
    for (int i = 0; i < S; i++)
        for (int j = 0; j < S; j++) {
            R[i * S + j] += token(s, t, 3 * S + i, b) * token(s, t, 3 * S + j, b);
            C[i * S + j] += token(s, t, 2 * S + i, b) * token(s, t, 3 * S + j, b);
        }
}

static void statement_8_the_construction_preconditions_then_descends(void **state)
{
    (void)state;
    enum { LAYERS = 3 };
    static const double a[LAYERS - 1] = {.11, .07}, eta = .05;
    struct setup *s = begin("depth=3 keys_from=causal key_size=4", &constructed, PASS_FAST);
    write_sequence(s);
    for (int l = 0; l < LAYERS; l++) {
        bool last = l == LAYERS - 1;
        select_channel(tensor(s, l, "query"), 1, 1);
        select_channel(tensor(s, l, "key"), 3, 1);
        select_channel(tensor(s, l, "value"), last ? 2 : 3, last ? eta : -a[l]);
        write_channel(tensor(s, l, "project"), last ? 0 : 1);
    }
    pass_weights(s->pass, s->weights);
    setup_forward(s);
    for (int b = 0; b < LANES; b++) {
        double R[S * S] = {0}, C[S * S] = {0};
        for (int t = 0; t < T; t++) {
            double z[S], Rz[S];
            gather(R, C, s, t, b);
            for (int i = 0; i < S; i++)
                z[i] = token(s, t, 2 * S + i, b);
            for (int l = 0; l < LAYERS - 1; l++) {
                multiply(Rz, R, z);
                for (int i = 0; i < S; i++)
                    z[i] -= a[l] * Rz[i];
            }
            multiply(z, C, z);
            for (int i = 0; i < S; i++)
                assert_near((double)pass_outputs(s->pass)[(t * S + i) * LANES + b], eta * z[i]);
        }
    }
    setup_end(s);
}

static void statement_8_a_mesa_layer_is_ridge_regression(void **state)
{
    (void)state;
    double lambda = 2.5;
    struct setup *s =
        begin("depth=1 layers=mesa keys_from=causal key_size=4", &constructed, PASS_FAST);
    write_sequence(s);
    select_channel(tensor(s, 0, "query"), 2, 1);
    select_channel(tensor(s, 0, "key"), 3, 1);
    select_channel(tensor(s, 0, "value"), 2, 1);
    write_channel(tensor(s, 0, "project"), 0);
    *tensor(s, 0, "log_lambda") = (real)log(lambda);
    pass_weights(s->pass, s->weights);
    setup_forward(s);
    for (int b = 0; b < LANES; b++) {
        double R[S * S] = {0}, C[S * S] = {0};
        for (int t = 0; t < T; t++) {
            double A[S * S], z[S];
            gather(R, C, s, t, b);
            for (int i = 0; i < S * S; i++)
                A[i] = R[i] + (i % (S + 1) == 0 ? 1 / lambda : 0);
            for (int i = 0; i < S; i++)
                z[i] = token(s, t, 2 * S + i, b);
            definition_solve(A, z, S);
            multiply(z, C, z);
            for (int i = 0; i < S; i++)
                assert_near((double)pass_outputs(s->pass)[(t * S + i) * LANES + b], z[i]);
        }
    }
    setup_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statement_1_one_layer_is_one_step_from_any_weights),
        cmocka_unit_test(statement_1_layers_are_steps),
        cmocka_unit_test(statement_2_gd_plus_plus_is_a_polynomial),
        cmocka_unit_test(statement_10_permuting_the_context_changes_nothing),
        cmocka_unit_test(statement_10_a_token_never_changes_predictions_before_it),
        cmocka_unit_test(statement_10_a_change_of_basis_inside_a_head_changes_nothing),
        cmocka_unit_test(statement_8_the_construction_preconditions_then_descends),
        cmocka_unit_test(statement_8_a_mesa_layer_is_ridge_regression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
