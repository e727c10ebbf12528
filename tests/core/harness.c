/* The core without Python: decodes cases, breaks them, prints what came out.
 *
 *     harness [-t THREADS] [-o RAW] CASE...          a line a frame: file, display, CRC-32; then status
 *     harness -m COUNT [-s SEED] [-k KEEP] CASE...   decodes COUNT broken variants; counts and one digest of everything
 *     harness -m COUNT [-s SEED] -w FOLDER CASE...   writes them instead
 *
 * KEEP holds the variant that was decoded last: after a crash, the one that caused it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "case.h"
#include "mutate.h"

enum { CAPACITY = 1 << 20, STATUSES = 8, SECONDS = 20, AREA = 1 << 18 };

typedef struct File {
    const char *name;
    uint8_t *data;
    size_t size;
} File;

static int file_read(File *file, const char *name) {
    FILE *in = fopen(name, "rb");
    if (!in) {
        perror(name);
        return 0;
    }
    fseek(in, 0, SEEK_END);
    file->name = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    file->size = (size_t)ftell(in);
    file->data = malloc(file->size + 1);
    rewind(in);
    int whole = file->data && fread(file->data, 1, file->size, in) == file->size;
    fclose(in);
    return whole;
}

static int decode_file(const File *file, int threads, FILE *raw) {
    Case c;
    if (!case_read(&c, file->data, file->size)) return 0;
    /* A copy of its own, so that a sanitizer sees a read beyond the end. */
    uint8_t *exact = malloc(c.size ? c.size : 1);
    uint32_t *digests = calloc((size_t)c.parameters.frames + 1, sizeof *digests);
    if (!exact || !digests) return 0;
    memcpy(exact, c.bytes, c.size);
    c.bytes = exact;
    Decoded decoded = {.digests = digests, .raw = raw};
    case_decode(&c, threads, &decoded);
    for (int32_t i = 0; decoded.status == LINC_OK && i < c.parameters.frames; i++)
        printf("%s %d %08x\n", file->name, (int)i, (unsigned)digests[i]);
    printf("%s status %d\n", file->name, (int)decoded.status);
    free(digests);
    free(exact);
    return 1;
}

static uint8_t *keep_open(const char *name) {
    int file = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || ftruncate(file, CAPACITY + 8)) return NULL;
    void *memory = mmap(NULL, CAPACITY + 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

/* Ends the program after so many seconds of the processor. */
static void limit_time(long limit) {
    const struct itimerval timer = {.it_value = {.tv_sec = limit}};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
}

/* Seconds of the processor since the program began. */
static double seconds(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Variant `i` of a seed, into `work`; returns its size. */
static size_t variant(const File *files, int count, uint64_t seed, long i, uint8_t *work) {
    Random random = {seed * 0x100000001B3u + (uint64_t)i};
    const File *file = files + any_below(&random, (uint32_t)count);
    const File *other = files + any_below(&random, (uint32_t)count);
    return mutate_case(file->data, file->size, other->data, other->size, work, CAPACITY, &random, NULL);
}

static int write_variants(const File *files, int count, long mutations, uint64_t seed, const char *folder) {
    uint8_t *work = malloc(CAPACITY);
    int ok = work != NULL;
    for (long i = 0; i < mutations && ok; i++) {
        char name[4096];
        size_t size = variant(files, count, seed, i, work);
        snprintf(name, sizeof name, "%s/broken-%06ld.case", folder, i);
        FILE *out = fopen(name, "wb");
        ok = out && fwrite(work, 1, size, out) == size && !fclose(out);
        if (!ok) perror(name);
    }
    free(work);
    return ok;
}

static int campaign(const File *files, int count, long mutations, uint64_t seed, uint8_t *keep) {
    long by_status[STATUSES] = {0}, frames = 0, skipped = 0;
    uint32_t digest = 0;
    double slowest = 0;
    uint8_t *work = malloc(CAPACITY);
    if (!work) return 0;
    for (long i = 0; i < mutations; i++) {
        size_t size = variant(files, count, seed, i, work);
        if (keep) {
            memcpy(keep, &size, sizeof size);
            memcpy(keep + 8, work, size);
        }
        Case c;
        if (!case_read(&c, work, size) || case_area(&c) > AREA) {
            skipped++;
            continue;
        }
        uint8_t *exact = malloc(c.size ? c.size : 1);
        if (!exact) return 0;
        memcpy(exact, c.bytes, c.size);
        c.bytes = exact;
        Decoded decoded = {0};
        const double begin = seconds();
        limit_time(SECONDS); /* a hang ends the program, and KEEP has the case */
        case_decode(&c, 1, &decoded);
        limit_time(0);
        if (seconds() - begin > slowest) slowest = seconds() - begin;
        free(exact);
        by_status[decoded.status & (STATUSES - 1)]++;
        frames += decoded.frames;
        const uint32_t outcome[3] = {(uint32_t)decoded.status, (uint32_t)decoded.frames, decoded.digest};
        digest = crc32_of(digest, outcome, sizeof outcome);
    }
    free(work);
    printf("mutations %ld skipped %ld frames %ld statuses", mutations, skipped, frames);
    for (int i = 0; i < STATUSES; i++) printf(" %ld", by_status[i]);
    printf(" digest %08x\n", (unsigned)digest);
    fprintf(stderr, "slowest %.3f s, all %.1f s\n", slowest, seconds());
    return 1;
}

int main(int count, char **arguments) {
    int threads = 1, option;
    long mutations = 0;
    uint64_t seed = 1;
    FILE *raw = NULL;
    uint8_t *keep = NULL;
    const char *folder = NULL;
    while ((option = getopt(count, arguments, "t:o:m:s:k:w:")) != -1) {
        if (option == 't') threads = atoi(optarg);
        else if (option == 'o') raw = fopen(optarg, "wb");
        else if (option == 'm') mutations = atol(optarg);
        else if (option == 's') seed = strtoull(optarg, NULL, 10);
        else if (option == 'k') keep = keep_open(optarg);
        else if (option == 'w') folder = optarg;
        else return 2;
    }
    const int total = count - optind;
    File *files = calloc((size_t)total + 1, sizeof *files);
    if (!files || !total) return 2;
    int ok = 1;
    for (int i = 0; i < total && ok; i++) ok = file_read(files + i, arguments[optind + i]);
    if (ok && mutations && folder) ok = write_variants(files, total, mutations, seed, folder);
    else if (ok && mutations) ok = campaign(files, total, mutations, seed, keep);
    for (int i = 0; i < total && ok && !mutations; i++) ok = decode_file(files + i, threads, raw);
    if (raw) fclose(raw);
    for (int i = 0; i < total; i++) free(files[i].data);
    free(files);
    return !ok;
}
