/* Leaves between frames: merge candidates first, then vectors, then leaves in two parts. */
#include <string.h>

#include "enc_hunt.h"
#include "enc_residual.h"

/* Of a hasty search, in eighths of a step a sample: merge candidates nearer than this are not searched on from, and
 * large leaves farther than that are not tried. */
enum { NEAR = 2, FAR = 8, HASTY_MERGES = 6 };

/* Sets what both blocks of a trial share. */
static void set_coding(const EncSearch *s, EncTrial *trial, int skip, int residual, int split, int coded,
                       int plain) {
    for (int i = 0; i < 2; i++) {
        trial->block[i].skip = (uint8_t)skip;
        trial->block[i].residual = (uint8_t)residual;
        trial->block[i].split = (uint8_t)split;
        trial->block[i].coded = (uint16_t)coded;
        trial->block[i].plain = (uint16_t)plain;
        trial->block[i].step_offset = (int8_t)(residual ? s->offset : 0);
    }
}

static void set_guess(EncTrial *trial, const EncGuess *guess, int part, int i, int size_log2) {
    LincBlock b = {guess->motion, guess->merge, guess->predictor, (uint8_t)size_log2, (uint8_t)part, LINC_MODE_INTER,
                   0, 0, 0, 0, 0, 0, 0, 0};
    trial->block[i] = b;
    if (!i) trial->block[1] = b;
}

/* Costs the prediction in s->work without and with its residual; the better way becomes s->best if it is. */
static void evaluate(EncSearch *s, int x, int y, int size_log2, int residual) {
    EncTrial **best = &s->best[size_log2 - 3], **work = &s->work[size_log2 - 3], *trial = *work;
    int skip = trial->block[0].part == LINC_PART_WHOLE && trial->block[0].merge >= 0, split = 0;
    set_coding(s, trial, skip, 0, 0, 0, 0);
    double error = enc_prediction_error(s, trial, x, y, size_log2);
    trial->cost = error + s->lambda * enc_side_cost(s, trial, x, y, size_log2);
    if (residual) {
        EncSpent luma = enc_code_luma(s, trial, x, y, size_log2, &split);
        EncSpent chroma = enc_code_chroma(s, trial, x, y, size_log2);
        if (luma.coded || chroma.coded) {
            set_coding(s, trial, 0, 1, split, luma.coded | chroma.coded, luma.plain | chroma.plain);
            double cost = luma.error + chroma.error;
            cost += s->lambda * (double)(luma.cost + chroma.cost + enc_side_cost(s, trial, x, y, size_log2));
            if (cost < trial->cost)
                trial->cost = cost;
            else
                set_coding(s, trial, skip, 0, 0, 0, 0);
        }
    }
    if (trial->cost < (*best)->cost) {
        *work = *best;
        *best = trial;
    }
}

static void try_whole(EncSearch *s, const LincPart *part, const EncGuess *guess, int size_log2, int residual) {
    EncTrial *trial = s->work[size_log2 - 3];
    set_guess(trial, guess, LINC_PART_WHOLE, 0, size_log2);
    enc_predict_part(s, trial, part, &guess->motion);
    evaluate(s, part->x, part->y, size_log2, residual);
}

/* Tries the best merge candidates; returns the best estimate. */
static uint32_t try_merges(EncSearch *s, const LincPart *part, const EncGuess *guesses, int count, int size_log2) {
    uint8_t done[LINC_MAX_MERGE] = {0};
    uint32_t first = UINT32_MAX;
    for (int trial = 0; trial <= s->effort.merge_trials && trial < count; trial++) {
        int best = -1;
        for (int i = 0; i < count; i++)
            if (!done[i] && (best < 0 || guesses[i].estimate < guesses[best].estimate)) best = i;
        done[best] = 1;
        if (first == UINT32_MAX) first = guesses[best].estimate;
        /* One more is tried without its residual. */
        try_whole(s, part, &guesses[best], size_log2, trial < s->effort.merge_trials);
    }
    return first;
}

/* Whether what was found is so cheap that nothing else need be tried. */
static int good_enough(const EncSearch *s, const EncTrial *trial, int size_log2) {
    if (!trial->block[0].skip || trial->block[0].mode != LINC_MODE_INTER) return 0;
    static const double shares[5] = {0, 0.02, 0.04, 0.08, 0.5}; /* bits a sample */
    double samples = (double)(1 << (2 * size_log2));
    return trial->cost < s->lambda * LINC_COST_BIT * samples * shares[s->effort.early];
}

static void try_part(EncSearch *s, int x, int y, int size_log2, int cut, uint32_t whole, const LincVector vectors[2]) {
    EncTrial *trial = s->work[size_log2 - 3];
    int size = 1 << size_log2;
    uint64_t sum = ((uint32_t)s->price * 3) >> 4, most = whole + (uint64_t)(whole >> 6);
    EncGuess chosen[2];
    for (int i = 0; i < 2; i++) {
        LincPart part = linc_part(x, y, size, cut, i);
        EncGuess guesses[LINC_MAX_MERGE];
        EncHunt hunt;
        int count = enc_merge_guesses(s, &part, LINC_MAX_MERGE, guesses);
        const EncGuess *best = &guesses[0];
        for (int k = 1; k < count; k++) best = enc_better(best, &guesses[k]);
        enc_hunt(s, &part, guesses, count, vectors, &hunt);
        best = enc_better(enc_better(best, &hunt.one[0]), enc_better(&hunt.one[1], &hunt.both));
        chosen[i] = *best;
        sum += best->estimate;
        if (sum > most) return;
        set_guess(trial, best, cut, i, size_log2);
        /* The second part is predicted from the first. */
        linc_block_fill(s->frame, part.x, part.y, part.width, part.height, &trial->block[i]);
    }
    for (int i = 0; i < 2; i++) {
        LincPart part = linc_part(x, y, size, cut, i);
        enc_predict_part(s, trial, &part, &chosen[i].motion);
    }
    evaluate(s, x, y, size_log2, 1);
}

static void try_parts(EncSearch *s, int x, int y, int size_log2, uint32_t whole, const LincVector vectors[2]) {
    try_part(s, x, y, size_log2, LINC_PART_ROWS, whole, vectors);
    try_part(s, x, y, size_log2, LINC_PART_COLUMNS, whole, vectors);
}

/* Whether an estimate is less than so many 1/8 of a step a sample. */
static int below(const EncSearch *s, uint32_t estimate, int size_log2, int eighths) {
    return (double)estimate < (double)s->step[0] * (double)(eighths << (2 * size_log2)) / 8;
}

/* One way only, the best by its estimate; none where a large leaf is so far from the source that smaller ones will
 * do better. */
static uint32_t hasty_leaf(EncSearch *s, int x, int y, int size_log2) {
    LincPart part = linc_part(x, y, 1 << size_log2, LINC_PART_WHOLE, 0);
    EncGuess guesses[LINC_MAX_MERGE];
    EncHunt hunt;
    int count = enc_merge_guesses(s, &part, HASTY_MERGES, guesses);
    const EncGuess *best = &guesses[0];
    for (int k = 1; k < count; k++) best = enc_better(best, &guesses[k]);
    if (!below(s, best->estimate, size_log2, NEAR)) {
        enc_hunt(s, &part, guesses, count, NULL, &hunt);
        best = enc_better(best, enc_better(enc_better(&hunt.one[0], &hunt.one[1]), &hunt.both));
    }
    if (size_log2 < 5 || below(s, best->estimate, size_log2, FAR)) try_whole(s, &part, best, size_log2, 1);
    return best->estimate;
}

/* The other directions, where their estimates are not far from the best one. */
static void try_others(EncSearch *s, const LincPart *part, const EncHunt *hunt, const EncGuess *best, int size_log2) {
    const EncGuess *ways[3] = {&hunt->one[0], &hunt->one[1], &hunt->both};
    uint64_t most = best->estimate + (uint64_t)(best->estimate >> 3);
    for (int i = 0; i < 3; i++)
        if (ways[i] != best && ways[i]->estimate < most) try_whole(s, part, ways[i], size_log2, 1);
}

uint32_t enc_inter_leaf(EncSearch *s, int x, int y, int size_log2) {
    if (s->effort.early > 3) return hasty_leaf(s, x, y, size_log2);
    LincPart part = linc_part(x, y, 1 << size_log2, LINC_PART_WHOLE, 0);
    EncGuess guesses[LINC_MAX_MERGE];
    EncHunt hunt;
    int count = enc_merge_guesses(s, &part, LINC_MAX_MERGE, guesses);
    uint32_t estimate = try_merges(s, &part, guesses, count, size_log2);
    if (good_enough(s, s->best[size_log2 - 3], size_log2)) return estimate;
    enc_hunt(s, &part, guesses, count, NULL, &hunt);
    const EncGuess *best = enc_better(enc_better(&hunt.one[0], &hunt.one[1]), &hunt.both);
    try_whole(s, &part, best, size_log2, 1);
    if (s->effort.early < 1) try_others(s, &part, &hunt, best, size_log2);
    if (best->estimate < estimate) estimate = best->estimate;
    if (size_log2 >= 4 && s->effort.parts &&
        (s->effort.early > 1 ? s->best[size_log2 - 3]->block[0].residual : !s->best[size_log2 - 3]->block[0].skip)) {
        LincVector vectors[2] = {hunt.one[0].motion.vector[0], hunt.one[1].motion.vector[1]};
        try_parts(s, x, y, size_log2, estimate, vectors);
    }
    return estimate;
}
