/* The state of a trainer as bytes: a head, then the block as it is in memory. */
#include <string.h>

#include "base/hash.h"
#include "trainer.h"

static const char MAGIC[8] = "mesatrn";
enum { VERSION = 1 }; /* of the layout of struct state and of the block */

struct head {
    char magic[8];
    uint32_t version, real_size;
    uint64_t tag, parameters, evaluations, block_size;
    uint64_t checksum; /* XXH64 of the head up to here, then of the block */
};

static struct head head_of(const struct trainer *t, uint64_t tag)
{
    struct head head = {.version = VERSION,
                        .real_size = sizeof(real),
                        .tag = tag,
                        .parameters = t->setup.model->parameters,
                        .evaluations = (uint64_t)t->setup.config->evaluations,
                        .block_size = t->block_size};
    memcpy(head.magic, MAGIC, sizeof MAGIC);
    return head;
}

static uint64_t checksum(const struct head *head, const unsigned char *block, size_t size)
{
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, 0);
    hash_xxh64_add(&hash, head, offsetof(struct head, checksum));
    hash_xxh64_add(&hash, block, size);
    return hash_xxh64_end(&hash);
}

size_t train_save_size(const struct trainer *t)
{
    return sizeof(struct head) + t->block_size;
}

void train_save(unsigned char *bytes, const struct trainer *t, uint64_t tag)
{
    struct head head = head_of(t, tag);
    head.checksum = checksum(&head, t->block, t->block_size);
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, t->block, t->block_size);
}

/* Whether a training of this setup can be there, which a checksum made by others does not say. */
static bool can_be(const struct trainer *t, const unsigned char *block)
{
    const struct train_config *c = t->setup.config;
    struct state s;
    memcpy(&s, block, sizeof s);
    return s.step >= 0 && s.step <= c->steps && s.evaluated >= 0 && s.evaluated <= c->evaluations &&
           (s.evaluated == c->evaluations || s.step <= train_evaluation_step(c, (int)s.evaluated));
}

enum status train_restore(struct trainer *t, const unsigned char *bytes, size_t size, uint64_t tag,
                          struct error *err)
{
    struct head head, expected = head_of(t, tag);
    if (size < sizeof head)
        return error_set(err, ERR_FILE, "checkpoint: cut short, %zu bytes", size);
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, MAGIC, sizeof MAGIC) != 0)
        return error_set(err, ERR_FILE, "checkpoint: not one of mesasweep");
    if (head.version != VERSION)
        return error_set(err, ERR_FILE, "checkpoint: version %u, this program reads %u",
                         head.version, (unsigned)VERSION);
    if (memcmp(&head, &expected, offsetof(struct head, checksum)) != 0)
        return error_set(err, ERR_FILE, "checkpoint: of another run");
    if (size != train_save_size(t))
        return error_set(err, ERR_FILE, "checkpoint: %zu bytes, expected %zu", size,
                         train_save_size(t));
    if (head.checksum != checksum(&head, bytes + sizeof head, t->block_size))
        return error_set(err, ERR_FILE, "checkpoint: damaged, its checksum does not match");
    if (!can_be(t, bytes + sizeof head))
        return error_set(err, ERR_FILE, "checkpoint: damaged, no training is at such a point");
    memcpy(t->block, bytes + sizeof head, t->block_size);
    pass_weights(t->pass, t->weights);
    return OK;
}
