/* replay.c - run a fuzz target over files: each argument is a file or a
 * directory of files. No input at all is a failure, so that a lost corpus is
 * noticed. Each input is a heap block of its exact size, so that a sanitizer
 * sees a read past its end. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

static unsigned long
run_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(size > 0 ? size : 1);

    if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        exit(1);
    }
    fclose(f);
    fprintf(stderr, "%s\n", path); /* the last one printed is the culprit */
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static unsigned long run_path(const char *path);

static unsigned long
run_directory(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    unsigned long n = 0;
    char name[4096];

    if (dir == NULL) {
        fprintf(stderr, "replay: cannot open %s\n", path);
        exit(1);
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        n += run_path(name);
    }
    closedir(dir);
    return n;
}

static unsigned long
run_path(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
        exit(1);
    }
    if (S_ISDIR(st.st_mode))
        return run_directory(path);
    return run_file(path, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
    unsigned long n = 0;

    for (int i = 1; i < argc; i++)
        n += run_path(argv[i]);
    printf("%lu inputs\n", n);
    if (n == 0)
        fprintf(stderr, "replay: no input\n");
    return n == 0;
}
