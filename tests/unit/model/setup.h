/* setup.h - small models with random weights and tokens for the tests of passes. */
#ifndef TESTS_SETUP_H
#define TESTS_SETUP_H

#include <assert.h>
#include <stdio.h>

#include "definition.h"

/* splitmix64: numbers for tests, nothing more. */
static inline uint64_t setup_word(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline int setup_int(uint64_t *state, int low, int high)
{
    return low + (int)(setup_word(state) % (uint64_t)(high - low + 1));
}

static inline double setup_real(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(setup_word(state) >> 11) * 0x1p-53;
}

static const struct schema setup_schema = {
    .tables = {{&model_keys, 0}}, .count = 1, .size = sizeof(struct model_config)};

/* Defaults, then "key=value" words (model. is put before each key; '+' stands for a space). */
static inline struct model_config setup_config(const char *words)
{
    struct model_config config;
    schema_defaults(&setup_schema, &config);
    char copy[1024], *rest = copy;
    snprintf(copy, sizeof copy, "%s", words);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(word, '=');
        if (!value)
            continue;
        *value++ = 0;
        for (char *c = value; *c; c++)
            if (*c == '+')
                *c = ' ';
        char key[KEY_NAME_SIZE];
        snprintf(key, sizeof key, "model.%s", word);
        int k = schema_find(&setup_schema, key);
        struct error err = {""};
        assert(k >= 0);
        enum status st = schema_set(&setup_schema, &config, k, value, &err);
        if (st != OK)
            fprintf(stderr, "%s\n", err.text);
        assert(st == OK);
    }
    return config;
}

/* A model with weights and one group of tokens, and a pass over them. */
struct setup {
    struct model model;
    real *weights;  /* [parameters] */
    real *tokens;   /* [given.tokens][W][LANES] */
    real *doutputs; /* [output_tokens][O][LANES] */
    double *gradient;
    struct arena arena;
    struct pass *pass;
    const char *kinds[MODEL_LAYERS_MAX]; /* words of model.layers, one a layer */
    char words[KEY_TEXT_SIZE];
};

static inline size_t setup_token_count(const struct setup *s)
{
    return (size_t)(s->model.given.tokens * s->model.given.width) * LANES;
}

static inline size_t setup_output_count(const struct setup *s)
{
    return (size_t)(s->model.shape.output_tokens * s->model.shape.outputs) * LANES;
}

static inline struct pass *setup_pass(struct arena *arena, const struct model *model,
                                      enum pass_path path)
{
    struct arena measure = arena_measure();
    pass_create(&measure, model, kernels_at(0), path);
    enum status st = arena_create(arena, measure.used, NULL);
    assert(st == OK);
    return pass_create(arena, model, kernels_at(0), path);
}

/* The words of the list, the last one repeated. */
static inline void setup_kinds(struct setup *s)
{
    char *rest = s->words, *word = NULL;
    snprintf(s->words, sizeof s->words, "%s", s->model.config.layers.text);
    for (int l = 0; l < s->model.L; l++) {
        char *next = rest ? strsep(&rest, " ") : NULL;
        word = next ? next : word;
        word[strcspn(word, "*")] = 0;
        s->kinds[l] = word;
    }
}

/* Weights uniform with deviation of order `scale` / sqrt(rows), tokens uniform in (-1, 1). */
static inline struct setup *setup_begin(const struct model *model, enum pass_path path,
                                        uint64_t seed, double scale)
{
    struct setup *s = calloc(1, sizeof *s);
    s->model = *model;
    setup_kinds(s);
    s->weights = calloc(model->parameters, sizeof *s->weights);
    s->gradient = calloc(model->parameters, sizeof *s->gradient);
    s->tokens = calloc(setup_token_count(s), sizeof *s->tokens);
    s->doutputs = calloc(setup_output_count(s), sizeof *s->doutputs);
    for (int i = 0; i < model->tensor_count; i++) {
        const struct tensor *t = &model->tensors[i];
        double bound = t->rank == 2 ? 1.7 * scale / sqrt(t->shape[0]) : .3;
        for (size_t j = 0; j < t->count; j++)
            s->weights[t->offset + j] = (real)setup_real(&seed, -bound, bound);
    }
    int zero = model->given.zero_channels;
    for (size_t i = 0; i < setup_token_count(s); i++)
        if ((int)(i / LANES) % model->shape.width >= zero)
            s->tokens[i] = (real)setup_real(&seed, -1, 1);
    for (size_t i = 0; i < setup_output_count(s); i++)
        s->doutputs[i] = (real)setup_real(&seed, -1, 1);
    s->pass = setup_pass(&s->arena, &s->model, path);
    pass_weights(s->pass, s->weights);
    return s;
}

static inline void setup_end(struct setup *s)
{
    arena_destroy(&s->arena);
    free(s->weights);
    free(s->gradient);
    free(s->tokens);
    free(s->doutputs);
    free(s);
}

static inline void setup_forward(struct setup *s)
{
    memcpy(pass_tokens(s->pass), s->tokens, setup_token_count(s) * sizeof *s->tokens);
    pass_forward(s->pass);
}

static inline void setup_backward(struct setup *s)
{
    memset(s->gradient, 0, s->model.parameters * sizeof *s->gradient);
    pass_backward(s->pass, s->doutputs);
    pass_gradient(s->pass, s->gradient);
}

/* sum of doutputs outputs: what setup_backward is the gradient of. */
static inline double setup_objective(struct setup *s)
{
    pass_weights(s->pass, s->weights);
    setup_forward(s);
    double sum = 0;
    const real *outputs = pass_outputs(s->pass);
    for (size_t i = 0; i < setup_output_count(s); i++)
        sum += (double)outputs[i] * (double)s->doutputs[i];
    return sum;
}

/* The outputs [output_tokens][O] of lane b by definition. */
static inline void setup_definition(double *outputs, double *streams, const struct setup *s, int b)
{
    double tokens[DEFINITION_ROOM];
    for (size_t i = 0; i < setup_token_count(s) / LANES; i++)
        tokens[i] = (double)s->tokens[i * LANES + (size_t)b];
    definition_forward(outputs, streams, &s->model, s->weights, tokens, s->kinds);
}

#endif
