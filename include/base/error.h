/* error.h - how a function says that it failed.
 *
 * Four kinds of trouble, four treatments: our own bug is an assert; a user's mistake is ERR_USAGE
 * or ERR_CONFIG with "place: problem, remedy"; the outside world (disk, HDF5, MPI, memory) is an
 * ERR_* with the path and the library's own reason; numbers that are not finite are no error but an
 * outcome of the run. Only `main` prints an error and exits.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum status {
    OK = 0,
    ERR_USAGE,  /* the command line is wrong                            -> exit 2 */
    ERR_CONFIG, /* the sweep file is wrong; text has file:line:column   -> exit 2 */
    ERR_FILE,   /* a result file is damaged, foreign or of another sweep -> exit 2 */
    ERR_IO,     /* file system or HDF5                                  -> exit 1 */
    ERR_MPI,    /* communication, or a rank that went away              -> exit 1 */
    ERR_MEMORY, /* allocation refused                                   -> exit 1 */
};

struct error {
    char text[1024];
};

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, arguments_at)                                                       \
    __attribute__((format(printf, format_at, arguments_at)))

/* Writes the message and returns `status`, so that a failure is one statement:
 *     return error_set(err, ERR_CONFIG, "heads: %d does not divide %d", h, d);
 * `err` may be NULL: then only the status is wanted. */
enum status error_set(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Puts "context: " before the message on its way up; returns `status`. */
enum status error_in(struct error *err, enum status status, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* The exit code of the program that ends with `status`: 0, 1 or 2. */
int error_exit_code(enum status status);

#ifdef MESASWEEP_ANALYSER /* of tools/lint, which looks at one file at a time */
#define error_set(err, given, ...)                                                                 \
    __extension__({                                                                                \
        (void)(error_set)(err, given, __VA_ARGS__);                                                \
        (enum status)(given);                                                                      \
    })
#define error_in(err, given, ...)                                                                  \
    __extension__({                                                                                \
        (void)(error_in)(err, given, __VA_ARGS__);                                                 \
        (enum status)(given);                                                                      \
    })
#endif

#endif
