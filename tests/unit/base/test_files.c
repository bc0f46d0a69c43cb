#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

/* What somebody else may have made at a name in a folder that all may write to. */
enum trap { TRAP_LINK, TRAP_DANGLING, TRAP_FIFO, TRAPS };

/* In a new folder: "victim" with a text, "name" as the trap. */
static void set_trap(enum trap trap)
{
    char folder[] = "/tmp/files-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    FILE *victim = fopen("victim", "w");
    assert_non_null(victim);
    fputs("precious", victim);
    fclose(victim);
    if (trap == TRAP_FIFO)
        assert_int_equal(mkfifo("name", 0666), 0);
    else
        assert_int_equal(symlink(trap == TRAP_LINK ? "victim" : "elsewhere", "name"), 0);
}

static void leave(void)
{
    char folder[64], text[16] = "";
    FILE *victim = fopen("victim", "r");
    assert_non_null(victim);
    assert_non_null(fgets(text, sizeof text, victim));
    fclose(victim);
    assert_string_equal(text, "precious");
    assert_int_equal(access("elsewhere", F_OK), -1);
    unlink("name");
    unlink("victim");
    assert_non_null(getcwd(folder, sizeof folder));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_new_file_is_refused_where_a_name_is_taken(void **state)
{
    (void)state;
    for (enum trap trap = 0; trap < TRAPS; trap++) {
        set_trap(trap);
        assert_int_equal(files_new("name"), -1);
        assert_int_equal(errno, EEXIST);
        leave();
    }
}

static void what_has_the_name_is_removed_and_not_written_through(void **state)
{
    (void)state;
    for (enum trap trap = 0; trap < TRAPS; trap++) {
        struct stat info;
        set_trap(trap);
        int fd = files_anew("name");
        assert_true(fd >= 0);
        assert_int_equal(write(fd, "new", 3), 3);
        close(fd);
        assert_int_equal(lstat("name", &info), 0);
        assert_true(S_ISREG(info.st_mode));
        assert_int_equal(info.st_size, 3);
        leave();
    }
}

static void permissions_are_those_of_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 027, 077};
    for (size_t i = 0; i < COUNT(masks); i++) {
        struct stat info;
        set_trap(TRAP_LINK);
        mode_t before = umask(masks[i]);
        int fd = files_anew("name");
        umask(before);
        assert_int_equal(fstat(fd, &info), 0);
        assert_int_equal(info.st_mode & 0777, 0666 & ~masks[i]);
        close(fd);
        leave();
    }
}

static void a_folder_is_made_or_found_but_no_link_is_followed(void **state)
{
    (void)state;
    for (enum trap trap = 0; trap < TRAPS; trap++) {
        set_trap(trap);
        assert_int_equal(files_folder("name"), -1);
        assert_int_equal(errno, ENOTDIR);
        leave();
    }
    set_trap(TRAP_LINK);
    unlink("name");
    assert_int_equal(files_folder("own"), 0);
    assert_int_equal(files_folder("own"), 0);
    assert_int_equal(symlink("own", "name"), 0);
    assert_int_equal(files_folder("name"), -1);
    assert_int_equal(errno, ENOTDIR);
    assert_int_equal(files_folder("none/own"), -1);
    assert_int_equal(errno, ENOENT);
    rmdir("own");
    leave();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_is_refused_where_a_name_is_taken),
        cmocka_unit_test(what_has_the_name_is_removed_and_not_written_through),
        cmocka_unit_test(permissions_are_those_of_the_umask),
        cmocka_unit_test(a_folder_is_made_or_found_but_no_link_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
