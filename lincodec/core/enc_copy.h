/* Candidates for leaves that are copies from the same picture. */
#ifndef LINC_ENC_COPY_H
#define LINC_ENC_COPY_H

#include "enc_search.h"

enum { ENC_MOST_COPIES = 2 };

/* The best vectors for a leaf by SAD and the price of their bits, in whole samples; returns how many. */
int enc_copy_guesses(const EncSearch *s, int x, int y, int size_log2, LincVector guesses[ENC_MOST_COPIES]);

#endif
