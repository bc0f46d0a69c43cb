/* random.h - models drawn from the ranges of the key table, small enough for plain definitions. */
#ifndef TESTS_RANDOM_H
#define TESTS_RANDOM_H

#include "setup.h"

static inline void draw_layers(char *text, size_t size, uint64_t *seed, bool causal)
{
    static const char *const kinds[] = {"linear", "softmax", "mix", "mesa"};
    int most = causal ? 3 : 2;
    snprintf(text, size, "%s %s*", kinds[setup_int(seed, 0, most)],
             kinds[setup_int(seed, 0, most)]);
}

/* A value from the range of the key, small where it is a size. */
static inline void draw_value(char *text, size_t size, const struct key *key, uint64_t *seed)
{
    int choices = 0;
    switch (key->type) {
    case KEY_BOOL:
        snprintf(text, size, "%s", setup_int(seed, 0, 3) == 0 ? "true" : "false");
        return;
    case KEY_CHOICE:
        while (key->choices[choices])
            choices++;
        snprintf(text, size, "%s", key->choices[setup_int(seed, 0, choices - 1)]);
        return;
    case KEY_REAL: /* a factor or a bound: of order 1; off one time in two where 0 means off */
        snprintf(
            text, size, "%.3g",
            fmax(key->min, key->min == 0 && setup_int(seed, 0, 1) ? 0 : setup_real(seed, .4, 1.2)));
        return;
    default: /* sizes: 0 (off) two times in three where it is allowed */
        snprintf(text, size, "%d",
                 key->min == 0 && setup_int(seed, 0, 2) ? 0 : setup_int(seed, (int)key->min, 4));
    }
}

static inline struct model_config draw_config(uint64_t *seed)
{
    struct model_config config;
    schema_defaults(&setup_schema, &config);
    for (int k = 0; k < model_keys.count; k++) {
        const struct key *key = &model_keys.keys[k];
        char text[KEY_TEXT_SIZE];
        if (key->type == KEY_TEXT || strcmp(key->name, "model.rate") == 0 ||
            strcmp(key->name, "model.pairs") == 0)
            continue; /* no numbers are drawn: other keys keep theirs */
        draw_value(text, sizeof text, key, seed);
        if (key->choices == model_kinds)
            continue; /* the definition is that of a transformer, which has neither of the two */
        enum status st = schema_set(&setup_schema, &config, k, text, NULL);
        assert(st == OK);
    }
    config.position_base = setup_int(seed, 1, 100);
    draw_layers(config.layers.text, sizeof config.layers.text, seed,
                config.keys_from == KEYS_CAUSAL);
    return config;
}

static inline struct token_shape draw_shape(uint64_t *seed)
{
    struct token_shape shape = {.tokens = setup_int(seed, 2, 26), .width = setup_int(seed, 2, 5)};
    shape.context = setup_int(seed, 1, shape.tokens);
    shape.first_token = setup_int(seed, 0, shape.tokens - 1);
    shape.output_gap = setup_int(seed, 0, 3) ? 0 : setup_int(seed, 1, 2);
    int room = (shape.tokens - 1 - shape.first_token) / (1 + shape.output_gap);
    shape.output_tokens = 1 + setup_int(seed, 0, room);
    shape.outputs = setup_int(seed, 1, 2);
    shape.first_channel = setup_int(seed, 0, shape.width - shape.outputs);
    if (setup_int(seed, 0, 3) == 0)
        shape.first_channel = CHANNELS_LAST;
    shape.zero_channels = setup_int(seed, 0, shape.width - 1);
    shape.sign = setup_int(seed, 0, 1) ? 1 : -1;
    return shape;
}

/* Draws until the keys fit each other. */
static inline struct model draw_model(uint64_t *seed)
{
    for (;;) {
        struct model model;
        struct model_config config = draw_config(seed);
        struct token_shape shape = draw_shape(seed);
        if (model_init(&model, &config, &shape, NULL) == OK)
            return model;
    }
}

static inline void describe(char *text, size_t size, const struct model *model, int number)
{
    int length = snprintf(text, size, "configuration %d (T %d):", number, model->shape.tokens);
    for (int k = 0; k < model_keys.count && (size_t)length < size; k++) {
        char value[KEY_TEXT_SIZE];
        schema_print(&setup_schema, &model->config, k, value, sizeof value);
        length += snprintf(text + length, size - (size_t)length, " %s=%s",
                           model_keys.keys[k].name + 6, value);
    }
}

#endif
