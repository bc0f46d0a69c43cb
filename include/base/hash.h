/* hash.h - the two hashes of the project.
 *
 * SHA-256 names things (the identity of a run): anyone can recompute it with sha256sum or Python's
 * hashlib. XXH64 guards rows of the result file: at memory speed, against flipped bits, not against
 * people.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { HASH_SHA256_BYTES = 32 };

void hash_sha256(unsigned char digest[HASH_SHA256_BYTES], const void *data, size_t size);

/* XXH64 of `size` bytes (Yann Collet, specification 0.1.1). */
uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed);

/* The same of many pieces, one after the other: begin, add as often as needed, end. The result
 * depends on the bytes only, not on where they were cut. */
struct hash_xxh64 {
    uint64_t lane[4], seed, bytes;
    unsigned char rest[32]; /* the last bytes % 32 */
};
void hash_xxh64_begin(struct hash_xxh64 *hash, uint64_t seed);
void hash_xxh64_add(struct hash_xxh64 *hash, const void *data, size_t size);
uint64_t hash_xxh64_end(const struct hash_xxh64 *hash);

#endif
