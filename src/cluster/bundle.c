#include "bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

enum status bundle_begin(struct bundle *b, const struct plan *plan, const char *folder,
                         struct error *err)
{
    size_t length = strlen(folder) + 1, whole = sizeof(struct message_run) + message_padded(length);
    struct message_run head = {.analyses = plan_analyses(plan), .folder = (int32_t)length};
    b->used = 0;
    enum status st = make_room(b, whole, err);
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

enum status bundle_add(struct bundle *b, const struct plan *plan, int64_t run, int attempt,
                       bool *fits, char *why, size_t why_size, struct error *err)
{
    struct run_config config;
    plan_config(plan, run, &config);
    sizes_of(&b->sizes, &config, plan_analyses(plan));
    *fits = can_run(&config, &b->sizes, why, why_size);
    if (!*fits)
        return OK;
    enum status st = make_room(b, sizeof(struct message_item) + TEXT_MOST, err);
    if (st != OK)
        return st;
    char *text = (char *)(b->data + b->used + sizeof(struct message_item));
    int length = plan_config_text(&config, text, TEXT_MOST);
    if (length < 0 || length >= TEXT_MOST)
        return error_set(err, ERR_CONFIG, "the configuration of run %lld is longer than %d bytes",
                         (long long)run, TEXT_MOST);
    struct message_item item = {
        .run = run,
        .identity = plan_identity(plan, run),
        .record_bytes = (int64_t)b->sizes.record,
        .checkpoint = interval(&config, plan_identity(plan, run)),
        .seconds = config.limits.seconds,
        .memory = config.limits.memory,
        .attempt = attempt,
        .text = length + 1,
    };
    memcpy(b->data + b->used, &item, sizeof item);
    size_t padded = message_padded((size_t)item.text);
    memset(text + length, 0, padded - (size_t)length);
    b->used += sizeof item + padded;
    ((struct message_run *)b->data)->count++;
    return OK;
}

void bundle_dispose(struct bundle *b)
{
    free(b->data);
    *b = (struct bundle){0};
}
