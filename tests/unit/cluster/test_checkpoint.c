#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "checkpoint.h"
#include "checkpoints.h"
#include "cluster/cluster.h"

static const struct message_item item = {.identity = 0x0123456789abcdef, .checkpoint = 10};

/* A fresh folder, to be the current one. */
static int enter(void **state)
{
    static char name[32];
    strcpy(name, "/tmp/mesasweep-XXXXXX");
    *state = name;
    return mkdtemp(name) ? chdir(name) : -1;
}

static int leave(void **state)
{
    return chdir("/") || rmdir(*state); /* each test removes what it made */
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static void make(const char *path)
{
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    close(fd);
}

static void a_path_that_is_too_long_means_no_checkpoints(void **state)
{
    (void)state;
    static char folder[PATH_MAX + 1];
    static struct checkpoint c;
    memset(folder, 'x', PATH_MAX);
    assert_false(checkpoint_begin(&c, folder, &item, 0));
    folder[PATH_MAX - 1] = 0;
    assert_true(checkpoint_begin(&c, folder, &item, 0));
}

static void a_run_is_saved_each_interval_when_it_takes_more_than_two(void **state)
{
    (void)state;
    static struct checkpoint c;
    assert_true(checkpoint_begin(&c, "c", &item, 100));
    assert_false(checkpoint_due(&c, 0, false, 100));
    assert_false(checkpoint_due(&c, 0.4, false, 109.9));
    assert_true(checkpoint_due(&c, 0.4, false, 110)); /* all of it: 25 s */
    assert_false(checkpoint_due(&c, 0.4, false, 119.9));
    assert_true(checkpoint_due(&c, 0.8, false, 120));

    assert_true(checkpoint_begin(&c, "c", &item, 100));
    assert_false(checkpoint_due(&c, 0.2, false, 100)); /* restored: .4 of it took 10 s */
    assert_true(checkpoint_due(&c, 0.6, false, 110));

    assert_true(checkpoint_begin(&c, "c", &item, 100));
    assert_false(checkpoint_due(&c, 0, false, 100));
    assert_false(checkpoint_due(&c, 0.6, false, 110)); /* 16.7 s */
    assert_false(checkpoint_due(&c, 0.9, false, 115));
}

static void a_stop_saves_what_two_seconds_made(void **state)
{
    (void)state;
    static struct checkpoint c;
    assert_true(checkpoint_begin(&c, "c", &item, 100));
    assert_false(checkpoint_due(&c, 0.1, true, 101.9));
    assert_true(checkpoint_due(&c, 0.1, true, 102));
    assert_false(checkpoint_due(&c, 0.1, true, 103)); /* little was done since */
}

static void what_was_written_is_read_and_no_other_file_is_touched(void **state)
{
    (void)state;
    static struct checkpoint c;
    unsigned char bytes[8] = "";
    int reason;
    assert_true(checkpoint_begin(&c, "c", &item, 0));
    assert_int_equal(checkpoint_read(&c, bytes, &reason, sizeof bytes), 0);
    assert_int_equal(reason, 0);
    assert_int_equal(checkpoint_write(&c, (const unsigned char *)"first", 5), 0);
    make("victim");
    assert_int_equal(symlink("../victim", "c/0123456789abcdef.new"), 0); /* in its way */
    assert_int_equal(checkpoint_write(&c, (const unsigned char *)"longer than read", 16), 0);
    assert_false(there("c/0123456789abcdef.new"));
    assert_int_equal(checkpoint_read(&c, bytes, &reason, sizeof bytes), 16);
    assert_int_equal(reason, 0);
    assert_memory_equal(bytes, "longer t", 8);
    checkpoint_remove(&c, "checkpoint: of no use");
    assert_false(there("c/0123456789abcdef"));

    assert_int_equal(symlink("../victim", "c/0123456789abcdef"), 0);
    assert_int_equal(checkpoint_read(&c, bytes, &reason, sizeof bytes), 0);
    assert_int_equal(reason, ELOOP);
    struct stat about;
    assert_int_equal(stat("victim", &about), 0);
    assert_int_equal(about.st_size, 0);
    assert_int_equal(unlink("victim") | unlink("c/0123456789abcdef") | rmdir("c"), 0);
}

/* Or the hours of a run that was stopped and went on would be those of its last attempt. */
static void the_time_of_all_attempts_is_known(void **state)
{
    (void)state;
    static struct checkpoint c;
    unsigned char bytes[5];
    int reason;
    assert_true(checkpoint_begin(&c, "c", &item, 100));
    assert_true(checkpoint_due(&c, 0.1, true, 107));
    assert_int_equal(checkpoint_write(&c, (const unsigned char *)"first", 5), 0);

    assert_true(checkpoint_begin(&c, "c", &item, 500));
    assert_true(c.earlier == 0);
    assert_int_equal(checkpoint_read(&c, bytes, &reason, sizeof bytes), 5);
    assert_true(c.earlier == 7);
    assert_true(checkpoint_due(&c, 0.2, true, 503));
    assert_int_equal(checkpoint_write(&c, (const unsigned char *)"other", 5), 0);
    assert_true(checkpoint_begin(&c, "c", &item, 0));
    assert_int_equal(checkpoint_read(&c, bytes, &reason, sizeof bytes), 5);
    assert_true(c.earlier == 10);
    checkpoint_remove(&c, "checkpoint: of no use");
    assert_true(c.earlier == 0);
    assert_int_equal(rmdir("c"), 0);
}

static void write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void a_time_that_can_not_be_is_none(void **state)
{
    (void)state;
    static const double wrong[] = {-1, 1.0 / 0.0, 0.0 / 0.0};
    static struct checkpoint c;
    unsigned char bytes[21] = "first";
    int reason;
    assert_int_equal(mkdir("c", 0777), 0);
    assert_true(checkpoint_begin(&c, "c", &item, 0));
    for (size_t i = 0; i < COUNT(wrong); i++) {
        uint64_t checksum = hash_xxh64(&wrong[i], sizeof wrong[i], 0);
        memcpy(bytes + 5, &wrong[i], sizeof wrong[i]);
        memcpy(bytes + 13, &checksum, sizeof checksum);
        write_file(c.path, bytes, sizeof bytes);
        assert_int_equal(checkpoint_read(&c, bytes, &reason, 5), 5);
        assert_true(c.earlier == 0);
    }
    bytes[20] ^= 1; /* not what was written there: bytes of the run, which judges them */
    write_file(c.path, bytes, sizeof bytes);
    assert_int_equal(checkpoint_read(&c, bytes, &reason, 5), sizeof bytes);
    write_file(c.path, bytes, 5);
    assert_int_equal(checkpoint_read(&c, bytes, &reason, 5), 5);
    assert_true(c.earlier == 0);
    assert_int_equal(unlink(c.path) | rmdir("c"), 0);
}

static void a_folder_that_can_not_be_made_costs_only_the_checkpoint(void **state)
{
    (void)state;
    static struct checkpoint c;
    assert_true(checkpoint_begin(&c, "nowhere/c", &item, 0));
    assert_int_equal(checkpoint_write(&c, (const unsigned char *)"first", 5), ENOENT);
    assert_false(there("nowhere"));
}

/* Whoever was killed made progress when it saved something, also where the clock has gone back. */
static void each_checkpoint_that_is_saved_is_seen(void **state)
{
    (void)state;
    static struct checkpoint c;
    assert_int_equal(cluster_saved("c"), 0);
    assert_true(checkpoint_begin(&c, "c.checkpoints", &item, 0));
    uint64_t before = 0;
    for (int i = 0; i < 3; i++) {
        static const struct timespec old[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
        assert_int_equal(checkpoint_write(&c, (const unsigned char *)"state", 5), 0);
        uint64_t now = cluster_saved("c");
        assert_true(now != before);
        assert_int_equal(utimensat(AT_FDCWD, c.path, old, 0), 0);
        before = cluster_saved("c");
        assert_true(before != now);
        assert_int_equal(cluster_saved("c"), before);
    }
    assert_int_equal(unlink(c.path) | rmdir(c.folder), 0);
    assert_int_equal(cluster_saved("c"), 0);
}

static void what_is_of_no_use_any_more_goes_and_only_that(void **state)
{
    (void)state;
    struct checkpoints c = {0};
    struct error err;
    assert_int_equal(checkpoints_open(&c, "f.h5", &err), ERR_IO);
    assert_string_equal(err.text, "f.h5: No such file or directory");
    make("f.h5");
    assert_int_equal(mkdir("f.h5.checkpoints", 0777), 0);
    make("f.h5.checkpoints/0000000000000001");
    make("f.h5.checkpoints/0000000000000002");
    make("f.h5.checkpoints/0000000000000003.new");
    make("f.h5.checkpoints/README");
    assert_int_equal(checkpoints_open(&c, "f.h5", &err), OK);
    assert_int_equal(c.folder[0], '/');
    assert_false(there("f.h5.checkpoints/0000000000000003.new"));

    make("f.h5.checkpoints/0000000000000004");
    make("f.h5.checkpoints/0000000000000005");
    assert_int_equal(checkpoints_over(&c, 2, false, 0, &err), OK); /* found at the start */
    assert_int_equal(checkpoints_over(&c, 4, true, 50, &err), OK);
    assert_int_equal(checkpoints_over(&c, 5, false, 50, &err), OK); /* not of this job */
    checkpoints_remove(&c, 49);
    assert_false(there("f.h5.checkpoints/0000000000000002"));
    assert_true(there("f.h5.checkpoints/0000000000000004"));
    checkpoints_remove(&c, 50);
    assert_false(there("f.h5.checkpoints/0000000000000004"));
    assert_true(there("f.h5.checkpoints/0000000000000005"));
    assert_true(there("f.h5.checkpoints/0000000000000001"));
    assert_int_equal(
        unlink("f.h5.checkpoints/README") | unlink("f.h5.checkpoints/0000000000000005"), 0);
    assert_int_equal(checkpoints_over(&c, 1, true, 60, &err), OK);
    checkpoints_remove(&c, INFINITY);
    assert_false(there("f.h5.checkpoints"));
    checkpoints_dispose(&c);
    assert_int_equal(unlink("f.h5"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_that_is_too_long_means_no_checkpoints),
        cmocka_unit_test(a_run_is_saved_each_interval_when_it_takes_more_than_two),
        cmocka_unit_test(a_stop_saves_what_two_seconds_made),
        cmocka_unit_test_setup_teardown(what_was_written_is_read_and_no_other_file_is_touched,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(the_time_of_all_attempts_is_known, enter, leave),
        cmocka_unit_test_setup_teardown(a_time_that_can_not_be_is_none, enter, leave),
        cmocka_unit_test_setup_teardown(a_folder_that_can_not_be_made_costs_only_the_checkpoint,
                                        enter, leave),
        cmocka_unit_test_setup_teardown(each_checkpoint_that_is_saved_is_seen, enter, leave),
        cmocka_unit_test_setup_teardown(what_is_of_no_use_any_more_goes_and_only_that, enter,
                                        leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
