#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/files.h"

static int interruptions, refusal; /* of the next calls; errno of all after them, 0: none */

/* Moves at most 3 bytes at a time. */
static ssize_t move(long call, int fd, void *data, size_t bytes, off_t at)
{
    if (interruptions > 0 || refusal != 0) {
        errno = interruptions > 0 ? EINTR : refusal;
        interruptions -= interruptions > 0;
        return -1;
    }
    return syscall(call, fd, data, bytes < 3 ? bytes : 3, at);
}

ssize_t pread(int fd, void *data, size_t bytes, off_t at)
{
    return move(SYS_pread64, fd, data, bytes, at);
}

ssize_t pwrite(int fd, const void *data, size_t bytes, off_t at)
{
    return move(SYS_pwrite64, fd, (void *)(uintptr_t)data, bytes, at);
}

static int open_file(void)
{
    char name[] = "/tmp/mesasweep-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    return fd;
}

static void what_is_interrupted_or_moved_in_part_goes_on(void **state)
{
    (void)state;
    char found[32] = "";
    int fd = open_file();
    interruptions = 2;
    assert_int_equal(files_write_at(fd, "0123456789", 10, 5), 0);
    interruptions = 2;
    assert_int_equal(files_read_at(fd, found, 10, 5), 10);
    assert_string_equal(found, "0123456789");
    assert_int_equal(files_read_at(fd, found, sizeof found, 11), 4); /* to the end */
    assert_memory_equal(found, "6789", 4);
    assert_int_equal(files_read_at(fd, found, sizeof found, 15), 0);
    assert_int_equal(files_sync(fd), 0);
    close(fd);
}

static void a_failure_is_told_with_its_reason(void **state)
{
    (void)state;
    char found[8];
    int fd = open_file();
    refusal = EIO;
    assert_int_equal(files_read_at(fd, found, sizeof found, 0), -1);
    assert_int_equal(errno, EIO);
    refusal = ENOSPC;
    assert_int_equal(files_write_at(fd, "ab", 2, 0), -1);
    assert_int_equal(errno, ENOSPC);
    refusal = 0;
    close(fd);
    assert_int_equal(files_sync(fd), -1);
    assert_int_equal(errno, EBADF);
}

static void a_user_is_to_blame_for_names_and_permissions_only(void **state)
{
    (void)state;
    static const struct {
        int reason;
        enum status status;
    } cases[] = {{ENOENT, ERR_FILE}, {EACCES, ERR_FILE}, {EISDIR, ERR_FILE}, {ENOTDIR, ERR_FILE},
                 {EIO, ERR_IO},      {EMFILE, ERR_IO},   {ENOMEM, ERR_IO},   {ESTALE, ERR_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(files_blame(ERR_FILE, cases[i].reason), cases[i].status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_interrupted_or_moved_in_part_goes_on),
        cmocka_unit_test(a_failure_is_told_with_its_reason),
        cmocka_unit_test(a_user_is_to_blame_for_names_and_permissions_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
