#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "files.h"
#include "fixture.h"

/* Writes of HDF5 and of the store, so that a test can fill the "disk": the program's own definition
 * wins over the C library's. */
static int64_t disk_left = INT64_MAX;
static dev_t disk;

static bool is_on_disk(int fd)
{
    struct stat info;
    return fstat(fd, &info) == 0 && info.st_dev == disk;
}

static ssize_t write_at(int fd, const void *data, size_t bytes, off_t at)
{
    if (is_on_disk(fd) && (int64_t)bytes > disk_left) {
        errno = ENOSPC;
        return -1;
    }
    disk_left -= is_on_disk(fd) ? (int64_t)bytes : 0;
    return syscall(SYS_pwrite64, fd, data, bytes, at);
}

ssize_t pwrite64(int fd, const void *data, size_t bytes, off_t at)
{
    return write_at(fd, data, bytes, at);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at)
{
    return write_at(fd, data, bytes, at);
}

static enum status create(const char *path, int64_t runs, struct error *err)
{
    struct layout layout;
    fixture_fill(&layout, runs);
    enum status status = create_file(path, &layout, &fixture_provenance, err);
    layout_dispose(&layout);
    return status;
}

static void an_existing_file_is_left_alone(void **state)
{
    const struct folder *folder = *state;
    char message[256], text[8] = "";
    struct error err = {""};
    FILE *file = fopen(folder->file, "w");
    fputs("mine", file);
    fclose(file);
    assert_int_equal(create(folder->file, 3, &err), ERR_IO);
    snprintf(message, sizeof message, "%s: exists already", folder->file);
    assert_string_equal(err.text, message);
    file = fopen(folder->file, "r");
    assert_int_equal(fread(text, 1, 7, file), 4);
    fclose(file);
    assert_int_equal(folder_files(folder, 0), 1);
}

static void a_folder_that_is_not_there_is_named(void **state)
{
    const struct folder *folder = *state;
    char path[256], message[512];
    struct error err = {""};
    snprintf(path, sizeof path, "%s/no/sweep.h5", folder->path);
    assert_int_equal(create(path, 3, &err), ERR_IO);
    snprintf(message, sizeof message, "%s: can not create: No such file or directory", path);
    assert_string_equal(err.text, message);
}

static void too_little_space_is_refused_before_anything_is_written(void **state)
{
    const struct folder *folder = *state;
    char message[512];
    struct error err = {""};
    struct layout layout;
    fixture_fill(&layout, 3000);
    double needs = (double)layout_measure(&layout, NULL, NULL) / 1e6;
    layout_dispose(&layout);
    struct rlimit before, limit;
    getrlimit(RLIMIT_FSIZE, &before);
    limit = (struct rlimit){1000000, before.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
    enum status status = create(folder->file, 3000, &err);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(status, ERR_IO);
    snprintf(message, sizeof message,
             "%s: needs %.1f MB, there is room for 1.0 MB; free some space, name another file with "
             "-o, or make the sweep smaller",
             folder->file, needs);
    assert_string_equal(err.text, message);
    assert_int_equal(folder_files(folder, 0), 0);
}

/* In a child, with everything that runs at its end: left alone, HDF5 crashes there. */
static void a_disk_that_fills_up_meanwhile_leaves_nothing_behind(void **state)
{
    const struct folder *folder = *state;
    enum { WRONG = 7 };
    struct stat info;
    assert_int_equal(stat(folder->path, &info), 0);
    for (int64_t room = 0; room < 2000000; room += 150000) {
        pid_t pid = fork();
        if (pid == 0) {
            signal(SIGSEGV, SIG_DFL); /* not cmocka's, which would go on */
            struct error err = {""};
            disk_left = room;
            disk = info.st_dev;
            enum status status = create(folder->file, 3000, &err);
            bool right = status == ERR_IO && !strchr(err.text, '\n') &&
                         strstr(err.text, "No space left on device");
            if (!right)
                print_error("%ld: %d %s\n", (long)room, status, err.text);
            exit(right ? 0 : WRONG);
        }
        int code;
        waitpid(pid, &code, 0);
        assert_true(WIFEXITED(code) && WEXITSTATUS(code) != WRONG); /* HDF5 may leak */
        assert_int_equal(folder_files(folder, 0), 0);
    }
}

static void leave(const struct folder *folder, const char *host, pid_t pid)
{
    char path[320];
    snprintf(path, sizeof path, "%s.new-%s-%ld", folder->file, host, (long)pid);
    close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void what_a_killed_creator_left_is_removed(void **state)
{
    const struct folder *folder = *state;
    char host[128] = "";
    gethostname(host, sizeof host - 1);
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0); /* a number that no process has now */
    leave(folder, host, pid);
    leave(folder, host, getppid()); /* lives */
    leave(folder, "node017", pid);  /* may live */
    assert_int_equal(create(folder->file, 3, NULL), OK);
    assert_int_equal(folder_files(folder, 0), 3);
    leave(folder, host, pid); /* a change of the file, which is there already */
    struct store *store = fixture_open(folder->file, 3);
    store_close(store);
    assert_int_equal(folder_files(folder, 0), 3);
}

/* Older readers and other tools depend on it; so does reading while the file is written. */
static void the_file_has_superblock_0_and_offsets_of_8(void **state)
{
    const struct folder *folder = *state;
    assert_int_equal(create(folder->file, 7, NULL), OK);
    unsigned char head[16];
    int fd = open(folder->file, O_RDONLY);
    assert_int_equal(pread(fd, head, sizeof head, 0), sizeof head);
    close(fd);
    assert_int_equal(head[8], 0);
    struct store *store = fixture_open(folder->file, 7);
    const struct map *map = &store->map;
    for (int c = 0; c < map->results.count; c++)
        assert_int_equal(map->results.columns[c].offset % 8, 0);
    for (int k = 0; k < map->class_count; k++)
        for (int t = 0; t < map->classes[k].tensors.count; t++)
            assert_int_equal(map->classes[k].tensors.columns[t].offset % 8, 0);
    assert_int_equal(map->summary.offset % 8, 0);
    store_close(store);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_existing_file_is_left_alone),
        TEST(a_folder_that_is_not_there_is_named),
        TEST(too_little_space_is_refused_before_anything_is_written),
        TEST(a_disk_that_fills_up_meanwhile_leaves_nothing_behind),
        TEST(what_a_killed_creator_left_is_removed),
        TEST(the_file_has_superblock_0_and_offsets_of_8),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
