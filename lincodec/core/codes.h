/* Samples of binary32, centred and in 8-bit code values, to codes (spec 8.6). */
#ifndef LINC_CODES_H
#define LINC_CODES_H

/* A line as the caller wants it: codes of 8 to 16 bits, or with depth 0 as it is; 0 if a sample is not a finite
 * number. */
int linc_codes_put(const float *line, int width, int depth, void *out);

#endif
