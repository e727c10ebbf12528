#include "case.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* One record under way. */
typedef struct Step {
    LincFrameInfo info;
    int32_t users;    /* later records that need this one, and its own reconstruction */
    uint8_t started;  /* 1: parsing, 2: reconstruction */
    uint8_t done;     /* the same, once finished */
} Step;

typedef struct Run {
    const Case *c;
    Decoded *decoded;
    LincSegment *segment;
    Step *steps;
    int32_t count, left;
    int stopped;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} Run;

uint32_t crc32_of(uint32_t crc, const void *data, size_t size) {
    static const uint32_t nibble[16] = {
        0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
        0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc = nibble[(crc ^ bytes[i]) & 15] ^ (crc >> 4);
        crc = nibble[(crc ^ (uint32_t)(bytes[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}

int case_read(Case *c, const uint8_t *data, size_t size) {
    if (size < CASE_HEADER) return 0;
    c->parameters = (LincParameters){
        .width = data[0] | data[1] << 8,
        .height = data[2] | data[3] << 8,
        .chroma = data[4],
        .depth = data[5],
        .frames = data[6] | data[7] << 8,
    };
    c->bytes = data + CASE_HEADER;
    c->size = size - CASE_HEADER;
    return 1;
}

int64_t case_area(const Case *c) {
    const LincParameters *p = &c->parameters;
    return (int64_t)p->width * p->height * (p->chroma < CASE_MIX ? 1 : p->depth * p->depth);
}

void case_write(const LincParameters *p, uint8_t header[CASE_HEADER]) {
    const uint8_t bytes[CASE_HEADER] = {
        (uint8_t)p->width,  (uint8_t)(p->width >> 8), (uint8_t)p->height, (uint8_t)(p->height >> 8),
        (uint8_t)p->chroma, (uint8_t)p->depth,        (uint8_t)p->frames, (uint8_t)(p->frames >> 8)};
    memcpy(header, bytes, CASE_HEADER);
}

static void fail(Run *run, LincStatus status) {
    if (run->decoded->status == LINC_OK) run->decoded->status = status;
    run->stopped = 1;
}

/* Reads the samples of one record; its digest, or a failure. */
static LincStatus output(Run *run, int32_t record, uint32_t *digest) {
    const LincParameters *p = &run->c->parameters;
    const size_t bytes = p->depth > 8 ? 2 : 1;
    const int halved_x = p->chroma == LINC_420 || p->chroma == LINC_422, halved_y = p->chroma == LINC_420;
    *digest = 0;
    for (int plane = 0; plane < (p->chroma == LINC_GREY ? 1 : 3); plane++) {
        const size_t width = (size_t)(plane && halved_x ? (p->width + 1) / 2 : p->width);
        const size_t height = (size_t)(plane && halved_y ? (p->height + 1) / 2 : p->height);
        /* Exactly as large as the plane, so that a sanitizer sees a sample too many. */
        uint8_t *samples = malloc(width * height * bytes);
        if (!samples) return LINC_MEMORY;
        LincStatus status =
            linc_segment_output(run->segment, record, plane, samples, width * bytes, width * height * bytes);
        if (status == LINC_OK) {
            *digest = crc32_of(*digest, samples, width * height * bytes);
            if (run->decoded->raw) fwrite(samples, bytes, width * height, run->decoded->raw);
        }
        free(samples);
        if (status != LINC_OK) return status;
    }
    return LINC_OK;
}

static int is_done(const Run *run, int32_t record, uint8_t what) {
    return record < 0 || run->steps[record].done >= what;
}

/* The next thing to do, 1 (parse) or 2 (reconstruct) of *record; 0 if everything waits. Under the lock. */
static uint8_t pick(Run *run, int32_t *record) {
    for (int32_t i = 0; i < run->count; i++) {
        Step *s = run->steps + i;
        const int32_t *reference = s->info.reference;
        *record = i;
        if (s->started == 0 && is_done(run, s->info.context_source, 1) &&
            (!s->info.needs_motion || (is_done(run, reference[0], 1) && is_done(run, reference[1], 1))))
            return s->started = 1;
        if (s->started == 1 && s->done == 1 && is_done(run, reference[0], 2) && is_done(run, reference[1], 2))
            return s->started = 2;
    }
    return 0;
}

/* One user less; the last one takes everything along. Under the lock. */
static void let_go(Run *run, int32_t record) {
    if (record >= 0 && --run->steps[record].users == 0)
        linc_segment_release(run->segment, record,
                             LINC_RELEASE_STATES | LINC_RELEASE_MOTION | LINC_RELEASE_PICTURE | LINC_RELEASE_BLOCKS);
}

/* Books what was done. Under the lock. */
static void finish(Run *run, int32_t record, uint8_t what, LincStatus status, uint32_t digest) {
    Step *s = run->steps + record;
    if (status != LINC_OK) {
        fail(run, status);
        return;
    }
    s->done = what;
    if (what == 1) return;
    run->decoded->frames++;
    if (run->decoded->digests) run->decoded->digests[s->info.display] = digest;
    run->left--;
    let_go(run, s->info.reference[0]);
    let_go(run, s->info.reference[1]);
    let_go(run, s->info.context_source);
    let_go(run, record);
}

static void *work(void *argument) {
    Run *run = argument;
    pthread_mutex_lock(&run->lock);
    while (run->left && !run->stopped) {
        int32_t record;
        uint8_t what = pick(run, &record);
        if (!what) {
            pthread_cond_wait(&run->changed, &run->lock);
            continue;
        }
        pthread_mutex_unlock(&run->lock);
        uint32_t digest = 0;
        LincStatus status;
        if (what == 1) {
            status = linc_segment_parse(run->segment, record);
        } else {
            status = linc_segment_reconstruct(run->segment, record);
            if (status == LINC_OK) status = output(run, record, &digest);
        }
        pthread_mutex_lock(&run->lock);
        finish(run, record, what, status, digest);
        pthread_cond_broadcast(&run->changed);
    }
    pthread_mutex_unlock(&run->lock);
    return NULL;
}

/* Reads what every record needs; who needs it is counted. */
static LincStatus plan(Run *run) {
    for (int32_t i = 0; i < run->count; i++) {
        Step *s = run->steps + i;
        LincStatus status = linc_segment_frame(run->segment, i, &s->info);
        if (status != LINC_OK) return status;
        /* Promises of the interface that this driver leans on. */
        const LincFrameInfo *f = &s->info;
        if (f->display < 0 || f->display >= run->count || f->reference[0] >= i || f->reference[1] >= i ||
            f->context_source >= i || linc_segment_record(run->segment, f->display) != i)
            abort();
        s->users++;
        if (f->reference[0] >= 0) run->steps[f->reference[0]].users++;
        if (f->reference[1] >= 0) run->steps[f->reference[1]].users++;
        if (f->context_source >= 0) run->steps[f->context_source].users++;
    }
    return LINC_OK;
}

static void run_threads(Run *run, int threads) {
    pthread_t others[16];
    int started = 0;
    pthread_mutex_init(&run->lock, NULL);
    pthread_cond_init(&run->changed, NULL);
    while (started < threads - 1 && started < 16 && !pthread_create(others + started, NULL, work, run)) started++;
    work(run);
    while (started) pthread_join(others[--started], NULL);
    pthread_cond_destroy(&run->changed);
    pthread_mutex_destroy(&run->lock);
}

void case_decode(const Case *c, int threads, Decoded *decoded) {
    Run run = {.c = c, .decoded = decoded, .count = c->parameters.frames, .left = c->parameters.frames};
    decoded->frames = 0;
    decoded->digest = 0;
    if (c->parameters.chroma >= CASE_MIX) {
        case_mix_decode(c, decoded);
        return;
    }
    decoded->status = linc_segment_open(c->bytes, c->size, &c->parameters, &run.segment);
    if (decoded->status != LINC_OK) return;
    run.steps = calloc((size_t)run.count, sizeof *run.steps);
    uint32_t *own = decoded->digests ? NULL : calloc((size_t)run.count, sizeof *own);
    if (own) decoded->digests = own;
    if (!run.steps || !decoded->digests) {
        decoded->status = LINC_MEMORY;
    } else {
        decoded->status = plan(&run);
        if (decoded->status == LINC_OK) run_threads(&run, threads);
        decoded->digest = crc32_of(0, decoded->digests, (size_t)run.count * sizeof *decoded->digests);
    }
    if (own) decoded->digests = NULL;
    free(own);
    free(run.steps);
    linc_segment_close(run.segment);
}
