/* files COUNT FIRST RUN FILE.h5...: mutates result files and reads each mutation as people do, with
 * one of the commands of the program, in turn; numbers FIRST.. name the mutations, the same ones
 * each time.
 *
 * Each command must end with one of its codes, and with one line when it refuses; and what only
 * reads must leave the file as it is. The commands run in a worker, one file after the other for
 * speed. HDF5 reads beside its memory in some files, and what lies there depends on the files
 * before: a worker that ends by a signal is followed by one that begins with the same file, as the
 * program of a user does. When that ends, too, it is a finding: the file is kept as
 * mutation-NUMBER.h5, and the next worker goes on behind it. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "edit.h"
#include "folder.h"

/* The program's own, under another name. */
int mesasweep_main(int argc, char **argv);

/* CHILD: microseconds of the one that reads first; REPORT: stderr */
enum { ORIGINALS = 4, FINDINGS = 20, SECONDS = 6, CHILD = 200000, WALL = 300, REPORT = 3 };

/* As store/seal.c writes it, behind a list of regions. */
struct foot {
    uint64_t regions, end, rest, seal;
    char magic[8];
};
struct region {
    int64_t offset, bytes;
};

static struct {
    unsigned char *data;
    const struct region *regions;
    struct foot foot;
} originals[ORIGINALS];
static int original_count;
static char folder[FOLDER], file[FOLDER + 16];
static const char *run;

static const struct {
    const char *name, *more; /* more: a word behind the file */
    bool writes;             /* what it can not finish, as it finds no mpirun */
} commands[] = {{"status", NULL, false},    {"table", NULL, false}, {"verify", NULL, false},
                {"export", "--csv", false}, {"show", NULL, false},  {"resume", NULL, true}};
enum { COMMANDS = sizeof commands / sizeof *commands, CODES = 3 };

/* What the worker tells: shared memory. */
static struct news {
    long number; /* of the mutation at work */
    int command;
    long findings, codes[COMMANDS][CODES], sealed, killed;
    long again; /* workers that ended at a file that was not their first */
} * news;

/* ---- mutations */

static bool in_rows(int original, size_t at)
{
    const struct region *region = originals[original].regions;
    for (uint64_t i = 0; i < originals[original].foot.regions; i++)
        if (at >= (size_t)region[i].offset && at < (size_t)(region[i].offset + region[i].bytes))
            return true;
    return false;
}

/* Mostly outside the rows; sizes are changed rarely, as such a file is soon refused. */
static void draw_edit(uint8_t edit[EDIT], int original, uint64_t *random)
{
    for (int i = 0; i < EDIT; i++)
        edit[i] = (uint8_t)edit_random(random, 255);
    if (((edit[0] & 7) == 5 || (edit[0] & 7) == 6) && edit_random(random, 3))
        edit[0] &= 0xf8;
    size_t at = 0;
    for (int tries = 0; tries == 0 || (tries < 8 && in_rows(original, at)); tries++)
        at = edit_random(random, originals[original].foot.end - 1);
    for (int i = 0; i < 3; i++)
        edit[1 + i] = (uint8_t)(at >> 8 * i);
    if (edit_random(random, 1)) /* small numbers say more */
        memset(edit + 5, edit[5] & 0x80 ? 0xff : 0, 3);
}

static uint64_t hash_rest(const struct edited *body, int original)
{
    uint64_t hash = 0, at = 0;
    for (uint64_t i = 0; i <= originals[original].foot.regions; i++) {
        bool last = i == originals[original].foot.regions;
        const struct region *region = &originals[original].regions[i];
        uint64_t end = last ? body->size : edit_less((size_t)region->offset, body->size);
        if (at < end)
            hash = hash_xxh64(body->data + at, (size_t)(end - at), hash);
        if (!last)
            at = (uint64_t)(region->offset + region->bytes);
    }
    return hash;
}

/* The body with a seal behind it: the old one, or one that holds. */
static void put_seal(struct edited *body, int original, bool holds)
{
    struct foot foot = originals[original].foot;
    size_t list = foot.regions * sizeof(struct region), end = body->size;
    foot.end = end;
    if (holds)
        foot.rest = hash_rest(body, original);
    uint64_t hash = hash_xxh64(originals[original].regions, list, 0);
    foot.seal = hash_xxh64(&foot, offsetof(struct foot, seal), hash);
    edit_resize(body, end + list + sizeof foot, 0);
    memcpy(body->data + end, originals[original].regions, list);
    memcpy(body->data + end + list, &foot, sizeof foot);
}

static struct edited mutate(long number)
{
    uint64_t random = (uint64_t)number * 0x9E3779B97F4A7C15u;
    int a = (int)edit_random(&random, (uint64_t)original_count - 1);
    int b = (int)edit_random(&random, (uint64_t)original_count - 1);
    struct edited body = edited(originals[a].data, originals[a].foot.end, NULL, 0);
    if (edit_random(&random, 7) == 0) { /* the end of another file */
        size_t from = edit_random(&random, edit_less(body.size, originals[b].foot.end) - 1);
        edit_resize(&body, originals[b].foot.end, 0);
        memcpy(body.data + from, originals[b].data + from, body.size - from);
    }
    for (uint64_t edits = 1 + edit_random(&random, 3); edits > 0 && body.size > 0; edits--) {
        uint8_t edit[EDIT];
        draw_edit(edit, a, &random);
        edit_once(&body, edit);
    }
    uint64_t seal = edit_random(&random, 7);
    if (seal > 0)
        put_seal(&body, a, seal > 1);
    return body;
}

/* ---- the worker */

/* In place of the system's, which only the child calls that reads first: on some files HDF5 does
 * not end, and its seconds would be most of the time that all of this takes. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
    const struct itimerval soon = {.it_value = {.tv_usec = CHILD}};
    if (resource == RLIMIT_CPU)
        return setitimer(ITIMER_PROF, &soon, NULL);
    return prlimit(0, resource, limits, NULL);
}

static void save(const char *path, const struct edited *bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0 || write(fd, bytes->data, bytes->size) != (ssize_t)bytes->size) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        exit(1);
    }
    close(fd);
}

static void find(long number, int command, const char *what)
{
    char kept[64];
    struct edited bytes = mutate(number);
    snprintf(kept, sizeof kept, "mutation-%ld.h5", number);
    save(kept, &bytes);
    free(bytes.data);
    news->findings++;
    dprintf(REPORT, "%s: %s: %s\n", kept, commands[command].name, what);
}

static bool same(const struct edited *bytes)
{
    struct stat info;
    unsigned char *found = malloc(bytes->size + 1);
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    bool result = found && fd >= 0 && fstat(fd, &info) == 0 && info.st_size == (off_t)bytes->size &&
                  read(fd, found, bytes->size) == (ssize_t)bytes->size &&
                  memcmp(found, bytes->data, bytes->size) == 0;
    close(fd);
    free(found);
    return result;
}

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* What a command said on stderr since the last one. */
static void heard(char *text, size_t size)
{
    fflush(stdout);
    fflush(stderr);
    ssize_t got = pread(STDERR_FILENO, text, size - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    if (ftruncate(STDERR_FILENO, 0) || ftruncate(STDOUT_FILENO, 0))
        abort();
    lseek(STDERR_FILENO, 0, SEEK_SET);
    lseek(STDOUT_FILENO, 0, SEEK_SET);
}

/* `fresh`: it is the first file of this worker. */
static void call(long number, int command, bool fresh)
{
    char text[8192];
    const char *more = strcmp(commands[command].name, "show") == 0 ? run : commands[command].more;
    char *words[] = {(char[]){"mesasweep"}, (char *)(uintptr_t)commands[command].name, file,
                     (char *)(uintptr_t)more, NULL};
    double begin = processor_seconds();
    news->command = command;
    int code = mesasweep_main(words[3] ? 4 : 3, words);
    heard(text, sizeof text);
    const char *end = strchr(text, '\n');
    if (code < 0 || code >= CODES)
        find(number, command, "a code that it does not have");
    else
        news->codes[command][code]++;
    if (code == 2 && (!end || (end[1] && !commands[command].writes)))
        find(number, command, "refused, but not in one line");
    if (processor_seconds() - begin > SECONDS && !fresh)
        _exit(1);
    if (processor_seconds() - begin > SECONDS)
        find(number, command, "takes too long");
    news->killed += strstr(text, "reading it ends by signal") != NULL;
    news->sealed += strstr(text, "is damaged outside its rows") != NULL;
}

static void work(long first, long end)
{
    int sink = memfd_create("stdout", 0), errors = memfd_create("stderr", 0);
    dup2(sink, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    setenv("PATH", "/nowhere", 1);
    for (long number = first; number < end && news->findings < FINDINGS; number++) {
        struct edited bytes = mutate(number);
        news->number = number;
        alarm(WALL);
        save(file, &bytes);
        int command = (int)(number % COMMANDS);
        call(number, command, number == first);
        if (!commands[command].writes && !same(&bytes))
            find(number, command, "has written");
        free(bytes.data);
    }
    _exit(0);
}

/* ---- all of them: a worker ends with 0 behind the last file, with 2 at one that the program told
 * to be damaged as it died (store/guard.h), with 1 when a file took too long, but not as its first
 */

static void load(const char *path)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    unsigned char *data = NULL;
    if (fd >= 0 && fstat(fd, &info) == 0)
        data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (!data || data == MAP_FAILED || original_count == ORIGINALS) {
        fprintf(stderr, "%s: can not be taken\n", path);
        exit(1);
    }
    close(fd);
    struct foot foot;
    memcpy(&foot, data + info.st_size - (off_t)sizeof foot, sizeof foot);
    originals[original_count].data = data;
    originals[original_count].foot = foot;
    originals[original_count++].regions = (const struct region *)(data + foot.end);
}

static void print(long count)
{
    printf("%ld files: %ld refused by the seal, %ld killed the child that reads first\n", count,
           news->sealed, news->killed);
    for (int c = 0; c < COMMANDS; c++)
        printf("  %-7s exit 0: %ld, 1: %ld, 2: %ld\n", commands[c].name, news->codes[c][0],
               news->codes[c][1], news->codes[c][2]);
    printf("findings: %ld; %ld workers ended at a file that was not their first\n", news->findings,
           news->again);
}

int main(int argc, char **argv)
{
    if (argc < 5 || !folder_make(folder)) {
        fprintf(stderr, "usage: fuzz_files COUNT FIRST RUN FILE.h5...\n");
        return 2;
    }
    long count = atol(argv[1]), first = atol(argv[2]), end = first + count;
    run = argv[3];
    dup2(STDERR_FILENO, REPORT); /* workers hear what their commands say there */
    for (int i = 4; i < argc; i++)
        load(argv[i]);
    snprintf(file, sizeof file, "%s/read.h5", folder);
    news = mmap(NULL, sizeof *news, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (news == MAP_FAILED)
        return 1;
    for (long next = first; next < end && news->findings < FINDINGS;) {
        int status = 0;
        news->number = next;
        pid_t worker = fork();
        if (worker < 0)
            return 1;
        if (worker == 0)
            work(next, end);
        waitpid(worker, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
            break;
        bool told = WIFEXITED(status) && WEXITSTATUS(status) == 2, alone = news->number == next;
        char what[64];
        snprintf(what, sizeof what, "the worker ended by signal %d",
                 WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        if (told)
            news->codes[news->command][2]++;
        else if (alone)
            find(news->number, news->command, what);
        else
            dprintf(REPORT, "%ld: %s: %s, not at its first file; once more with a fresh one\n",
                    news->number, commands[news->command].name, what);
        news->again += !told && !alone;
        next = news->number + (told || alone);
    }
    print(news->number + 1 - first);
    unlink(file);
    rmdir(folder);
    return news->findings > 0;
}
