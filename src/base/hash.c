#include "base/hash.h"

#include <string.h>

/* ---- SHA-256, FIPS 180-4 */

static const uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate_right(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static void sha256_schedule(uint32_t w[64], const unsigned char block[64])
{
    for (int i = 0; i < 16; i++, block += 4)
        w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 |
               block[3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3) +
               (rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10);
    }
}

/* Round i works on a..h, which lie in s from place -i on, modulo 8: nothing moves. */
static void sha256_block(uint32_t state[8], const unsigned char block[64])
{
    uint32_t w[64], s[8];
    sha256_schedule(w, block);
    memcpy(s, state, sizeof s);
    for (unsigned i = 0; i < 64; i++) {
        uint32_t a = s[(0 - i) & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
        uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
        uint32_t t1 = s[(7 - i) & 7] + sha256_constants[i] + w[i] + ((e & f) ^ (~e & g)) +
                      (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25));
        uint32_t t2 = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));
        s[(3 - i) & 7] += t1;
        s[(7 - i) & 7] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

void hash_sha256(unsigned char digest[HASH_SHA256_BYTES], const void *data, size_t size)
{
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    const unsigned char *at = data;
    size_t left = size;
    for (; left >= 64; left -= 64, at += 64)
        sha256_block(state, at);

    /* The rest, a one bit, zeros, and the length in bits. */
    unsigned char end[128] = {0};
    size_t blocks = left < 56 ? 1 : 2;
    if (left > 0)
        memcpy(end, at, left);
    end[left] = 0x80;
    for (size_t i = 0; i < 8; i++)
        end[64 * blocks - 1 - i] = (unsigned char)((uint64_t)size * 8 >> 8 * i);
    for (size_t i = 0; i < blocks; i++)
        sha256_block(state, end + 64 * i);
    for (size_t i = 0; i < HASH_SHA256_BYTES; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* ---- XXH64 */

static const uint64_t prime[5] = {0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
                                  0x85ebca77c2b2ae63, 0x27d4eb2f165667c5};

static uint64_t rotate_left(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* Little-endian, on any machine. */
static uint64_t read_bytes(const unsigned char *at, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--)
        value = value << 8 | at[i];
    return value;
}

static uint64_t xxh64_round(uint64_t lane, uint64_t input)
{
    return rotate_left(lane + input * prime[1], 31) * prime[0];
}

static void xxh64_stripe(uint64_t lane[4], const unsigned char *at)
{
    for (int i = 0; i < 4; i++)
        lane[i] = xxh64_round(lane[i], read_bytes(at + 8 * i, 8));
}

void hash_xxh64_begin(struct hash_xxh64 *hash, uint64_t seed)
{
    *hash = (struct hash_xxh64){
        .lane = {seed + prime[0] + prime[1], seed + prime[1], seed, seed - prime[0]},
        .seed = seed,
    };
}

void hash_xxh64_add(struct hash_xxh64 *hash, const void *data, size_t size)
{
    const unsigned char *at = data;
    size_t kept = hash->bytes % 32;
    hash->bytes += size;
    if (kept > 0) {
        size_t more = size < 32 - kept ? size : 32 - kept;
        memcpy(hash->rest + kept, at, more);
        at += more;
        size -= more;
        if (kept + more < 32)
            return;
        xxh64_stripe(hash->lane, hash->rest);
    }
    for (; size >= 32; size -= 32, at += 32)
        xxh64_stripe(hash->lane, at);
    if (size > 0)
        memcpy(hash->rest, at, size);
}

/* The bytes that fill no stripe of 32. */
static uint64_t xxh64_rest(uint64_t h, const unsigned char *at, size_t left)
{
    for (; left >= 8; left -= 8, at += 8)
        h = rotate_left(h ^ xxh64_round(0, read_bytes(at, 8)), 27) * prime[0] + prime[3];
    if (left >= 4) {
        h = rotate_left(h ^ read_bytes(at, 4) * prime[0], 23) * prime[1] + prime[2];
        left -= 4;
        at += 4;
    }
    for (; left > 0; left--, at++)
        h = rotate_left(h ^ *at * prime[4], 11) * prime[0];
    return h;
}

uint64_t hash_xxh64_end(const struct hash_xxh64 *hash)
{
    const uint64_t *lane = hash->lane;
    uint64_t h = hash->seed + prime[4];
    if (hash->bytes >= 32) {
        h = rotate_left(lane[0], 1) + rotate_left(lane[1], 7) + rotate_left(lane[2], 12) +
            rotate_left(lane[3], 18);
        for (int i = 0; i < 4; i++)
            h = (h ^ xxh64_round(0, lane[i])) * prime[0] + prime[3];
    }
    h = xxh64_rest(h + hash->bytes, hash->rest, hash->bytes % 32);
    h = (h ^ h >> 33) * prime[1];
    h = (h ^ h >> 29) * prime[2];
    return h ^ h >> 32;
}

uint64_t hash_xxh64(const void *data, size_t size, uint64_t seed)
{
    struct hash_xxh64 hash;
    hash_xxh64_begin(&hash, seed);
    hash_xxh64_add(&hash, data, size);
    return hash_xxh64_end(&hash);
}
