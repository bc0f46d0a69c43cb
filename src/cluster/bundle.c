#include "bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/start.h"
#include "wire.h"

enum { TEXT_MOST = 64 * 1024 }; /* of one configuration; all keys with long values need a tenth */

static enum status make_room(struct bundle *b, size_t bytes, struct error *err)
{
    if (b->used + bytes <= b->size)
        return OK;
    size_t size = 2 * (b->used + bytes);
    unsigned char *data = realloc(b->data, size);
    if (!data)
        return error_set(err, ERR_MEMORY, "no memory for a bundle of %zu bytes", size);
    b->data = data;
    b->size = size;
    return OK;
}

enum status bundle_begin(struct bundle *b, const char *folder, struct error *err)
{
    size_t length = strlen(folder) + 1, whole = sizeof(struct message_run) + message_padded(length);
    struct message_run head = {.folder = (int32_t)length};
    b->used = 0;
    enum status st = make_room(b, whole, err);
    if (st == OK && !b->printer)
        st = plan_printer_create(&b->printer, PLAN_TEXT_CHANGED, err);
    if (st != OK)
        return st;
    memset(b->data, 0, whole);
    memcpy(b->data, &head, sizeof head);
    memcpy(b->data + sizeof head, folder, length);
    b->used = whole;
    return OK;
}

/* Seconds between two checkpoints of a run: three to five quarters of what is asked for, by its
 * identity, so that the runs of a sweep do not all write at once. */
static double interval(const struct run_config *config, uint64_t identity)
{
    return config->checkpoint.minutes * 60 * (0.75 + 0.5 * (double)(identity >> 32) / 0x1p32);
}

static bool can_run(const struct run_config *config, const struct sizes *sizes, char *why,
                    size_t why_size)
{
    double memory = (double)sizes->memory;
    if (config->limits.memory > 0 && memory > config->limits.memory) {
        snprintf(why, why_size, "needs %.4g MB of memory, limits.memory is %.4g MB", memory / 1e6,
                 config->limits.memory / 1e6);
        return false;
    }
    if (sizes->record > WIRE_MOST - 4096) {
        snprintf(why, why_size, "its record of %zu bytes is longer than %d", sizes->record,
                 WIRE_MOST - 4096);
        return false;
    }
    return true;
}

/* Writes the configuration, padded, at the end of the bundle; *text: its bytes. */
static enum status add_text(struct bundle *b, int32_t *text, const struct run_config *config,
                            int64_t run, struct error *err)
{
    char *at = (char *)(b->data + b->used);
    int length = plan_printer_text(b->printer, config, at, TEXT_MOST);
    if (length < 0 || length >= TEXT_MOST)
        return error_set(err, ERR_CONFIG, "the configuration of run %lld is longer than %d bytes",
                         (long long)run, TEXT_MOST);
    size_t padded = message_padded((size_t)length + 1);
    memset(at + length, 0, padded - (size_t)length);
    b->used += padded;
    *text = length + 1;
    return OK;
}

/* What a run gets besides its configuration. */
struct luggage {
    float *weights; /* owned; NULL with bytes: those of the run's own row */
    size_t bytes;
};

/* Of a run that is done its weights, of others those that they start from: `why` not. */
static bool pack(struct luggage *luggage, const struct bundle_order *order, uint64_t lacking,
                 const struct run_config *config, char *why, size_t why_size)
{
    struct error err;
    *luggage = (struct luggage){0};
    if (lacking) {
        luggage->bytes = store_weights_bytes(order->store, order->run);
        return true;
    }
    size_t count;
    bool good = start_weights(&luggage->weights, &count, config, &err) == OK;
    luggage->bytes = count * sizeof(float);
    if (!good)
        snprintf(why, why_size, "%s", err.text);
    return good;
}

static enum status add_weights(struct bundle *b, const struct bundle_order *order,
                               const struct luggage *luggage, struct error *err)
{
    size_t padded = message_padded(luggage->bytes);
    enum status st = make_room(b, padded, err);
    if (st != OK || padded == 0)
        return st;
    memset(b->data + b->used, 0, padded);
    if (luggage->weights)
        memcpy(b->data + b->used, luggage->weights, luggage->bytes);
    else
        st = store_weights(b->data + b->used, order->store, order->run, err);
    b->used += padded;
    return st;
}

static enum status add_item(struct bundle *b, const struct bundle_order *order,
                            const struct run_config *config, const struct luggage *luggage,
                            struct error *err)
{
    enum status st = make_room(b, sizeof(struct message_item) + TEXT_MOST, err);
    if (st != OK)
        return st;
    uint64_t identity = plan_identity(order->plan, order->run);
    struct message_item item = {
        .run = order->run,
        .identity = identity,
        .analyses = b->sizes.analyses,
        .record_bytes = (int64_t)b->sizes.record,
        .weights = (int64_t)luggage->bytes,
        .checkpoint = interval(config, identity),
        .seconds = config->limits.seconds,
        .memory = config->limits.memory,
        .attempt = order->attempt,
        .trained = luggage->bytes > 0 && !luggage->weights,
    };
    size_t at = b->used;
    b->used += sizeof item;
    st = add_text(b, &item.text, config, order->run, err);
    if (st == OK)
        st = add_weights(b, order, luggage, err);
    if (st != OK)
        return st;
    memcpy(b->data + at, &item, sizeof item);
    ((struct message_run *)b->data)->count++;
    return OK;
}

enum status bundle_add(struct bundle *b, const struct bundle_order *order, bool *fits, char *why,
                       size_t why_size, struct error *err)
{
    struct run_config config;
    struct luggage luggage = {0};
    uint64_t lacking = store_lacks(order->store, order->run);
    plan_config(order->plan, order->run, &config);
    sizes_of(&b->sizes, &config, lacking ? lacking : plan_analyses(order->plan));
    *fits = can_run(&config, &b->sizes, why, why_size) &&
            pack(&luggage, order, lacking, &config, why, why_size);
    enum status st = *fits ? add_item(b, order, &config, &luggage, err) : OK;
    free(luggage.weights);
    return st;
}

void bundle_dispose(struct bundle *b)
{
    free(b->data);
    plan_printer_destroy(b->printer);
    *b = (struct bundle){0};
}
