#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "run/run.h"

static const char own_file[] = "/proc/self/exe";

enum status program_describe(struct message_ready *ready, struct error *err)
{
    struct stat info;
    int fd = open(own_file, O_RDONLY | O_CLOEXEC);
    void *bytes = MAP_FAILED;
    if (fd >= 0 && fstat(fd, &info) == 0)
        bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (bytes == MAP_FAILED)
        return error_set(err, ERR_IO, "%s: %s", own_file, strerror(error));
    *ready = (struct message_ready){
        .digest = hash_xxh64(bytes, (size_t)info.st_size, 0),
        .results_version = RESULTS_VERSION,
        .process = getpid(),
    };
    munmap(bytes, (size_t)info.st_size);
    if (gethostname(ready->host, sizeof ready->host - 1))
        snprintf(ready->host, sizeof ready->host, "unknown");
    return OK;
}

enum status program_compare(const struct message_ready *own, const struct message_ready *other,
                            int rank, struct error *err)
{
    if (own->digest == other->digest && own->results_version == other->results_version)
        return OK;
    return error_set(err, ERR_USAGE,
                     "rank %d on %s is another program (digest %016" PRIx64 ", results version %d) "
                     "than rank 0 on %s (digest %016" PRIx64
                     ", results version %d); start the same "
                     "file on all hosts",
                     rank, other->host, other->digest, other->results_version, own->host,
                     own->digest, own->results_version);
}
