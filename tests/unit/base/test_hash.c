#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static const char *hex(char text[65], const unsigned char digest[HASH_SHA256_BYTES])
{
    for (int i = 0; i < HASH_SHA256_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return text;
}

/* FIPS 180-4 examples; hashlib.sha256(bytes).hexdigest() gives the same. */
static void sha256_has_the_published_answers(void **state)
{
    (void)state;
    static const struct {
        const char *input, *digest;
    } cases[] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
         "lmnopqrsmnopqrstnopqrstu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char digest[HASH_SHA256_BYTES];
        char text[65];
        hash_sha256(digest, cases[i].input, strlen(cases[i].input));
        assert_string_equal(hex(text, digest), cases[i].digest);
    }
}

/* Lengths around the padding: 55, 56, 63, 64, 65 bytes of 'a' (hashlib.sha256(b"a" * n)). */
static void sha256_pads_at_every_length(void **state)
{
    (void)state;
    static const struct {
        size_t length;
        const char *digest;
    } cases[] = {
        {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
        {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
        {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
        {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
        {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
    };
    char data[65];
    memset(data, 'a', sizeof data);
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned char digest[HASH_SHA256_BYTES];
        char text[65];
        hash_sha256(digest, data, cases[i].length);
        assert_string_equal(hex(text, digest), cases[i].digest);
    }
}

/* The buffer and answers of xxHash's own sanity check (tests of version 0.7). */
static void xxh64_has_the_published_answers(void **state)
{
    (void)state;
    static const uint64_t prime32 = 2654435761u;
    static const struct {
        size_t length;
        uint64_t plain, seeded; /* seeds 0 and prime32 */
    } cases[] = {
        {0, 0xEF46DB3751D8E999, 0xAC75FDA2929B17EF},   {1, 0xE934A84ADB052768, 0x5014607643A9B4C3},
        {4, 0x9136A0DCA57457EE, 0xCAAB286BD8E9FDB5},   {14, 0x8282DCC4994E35C8, 0xC3BD6BF63DEB6DF0},
        {222, 0xB641AE8CB691C174, 0x20CB8AB7AE10C14A},
    };
    unsigned char data[222];
    uint64_t generator = prime32;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (unsigned char)(generator >> 56);
        generator *= 11400714785074694797u;
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(hash_xxh64(data, cases[i].length, 0), cases[i].plain);
        assert_int_equal(hash_xxh64(data, cases[i].length, prime32), cases[i].seeded);
    }
    assert_int_equal(hash_xxh64("abc", 3, 0), 0x44BC2CF5AD770999);
}

static void xxh64_does_not_depend_on_where_bytes_are_cut(void **state)
{
    (void)state;
    unsigned char data[100];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(7 * i + 3);
    uint64_t whole = hash_xxh64(data, sizeof data, 5);
    for (size_t first = 0; first <= sizeof data; first++)
        for (size_t second = first; second <= sizeof data; second++) {
            struct hash_xxh64 hash;
            hash_xxh64_begin(&hash, 5);
            hash_xxh64_add(&hash, data, first);
            hash_xxh64_add(&hash, data + first, second - first);
            hash_xxh64_add(&hash, data + second, sizeof data - second);
            assert_int_equal(hash_xxh64_end(&hash), whole);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_has_the_published_answers),
        cmocka_unit_test(sha256_pads_at_every_length),
        cmocka_unit_test(xxh64_has_the_published_answers),
        cmocka_unit_test(xxh64_does_not_depend_on_where_bytes_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
