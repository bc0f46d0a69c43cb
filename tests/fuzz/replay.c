/* replay EXECUTIONS FOLDER...: gives a target every file of the folders, then so many mixtures of
 * their pieces with bytes changed: the same ones each time. For builds without libFuzzer. */
#include <dirent.h>

#include "edit.h"
#include "fuzz.h"

enum { FILES = 256, BYTES = 1 << 16 };

static struct {
    uint8_t *data;
    size_t size;
} files[FILES];
static int count;

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(BYTES);
    if (!file || !data || count == FILES) {
        fprintf(stderr, "%s: can not be taken\n", path);
        exit(1);
    }
    files[count].size = fread(data, 1, BYTES, file);
    files[count++].data = data;
    fclose(file);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void load_folder(const char *folder)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, is_file, alphasort);
    if (found <= 0) {
        fprintf(stderr, "%s: no corpus\n", folder);
        exit(1);
    }
    for (int i = 0; i < found; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        load(path);
        free(entries[i]);
    }
    free(entries);
}

/* The beginning of one file and the end of another, some bytes changed. */
static size_t mix(uint8_t *mixed, uint64_t *random)
{
    int a = (int)edit_random(random, (uint64_t)count - 1),
        b = (int)edit_random(random, (uint64_t)count - 1);
    size_t head = edit_random(random, files[a].size), tail = edit_random(random, files[b].size);
    if (edit_random(random, 1))
        b = a, tail = files[a].size - head;
    memcpy(mixed, files[a].data, head);
    memcpy(mixed + head, files[b].data + files[b].size - tail, tail);
    for (uint64_t edits = edit_random(random, 4); edits > 0 && head + tail > 0; edits--)
        mixed[edit_random(random, head + tail - 1)] =
            edit_random(random, 3)
                ? (uint8_t) "[]{}:-?,&*!|>'\"%\n\t #0129.e=()"[edit_random(random, 29)]
                : (uint8_t)edit_random(random, 255);
    return head + tail;
}

int main(int argc, char **argv)
{
    uint64_t random = 1;
    static uint8_t mixed[2 * BYTES];
    if (LLVMFuzzerInitialize)
        LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 2; i < argc; i++)
        load_folder(argv[i]);
    for (int i = 0; i < count; i++)
        LLVMFuzzerTestOneInput(files[i].data, files[i].size);
    for (long i = argc > 1 ? atol(argv[1]) : 0; i > 0; i--) {
        uint8_t *exact = malloc(1 + sizeof mixed);
        size_t size = mix(mixed, &random);
        if (!exact)
            return 1;
        memcpy(exact, mixed, size); /* in memory of its own, whose end the sanitizer sees */
        exact = realloc(exact, size + 1);
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    for (int i = 0; i < count; i++)
        free(files[i].data);
    return 0;
}
